"""The clerk writes and reads for all passes of a process: what several want at the same moment goes into one transaction.

Each pass still has its own fence, and goes on only once what it wrote is committed. That one of them has lost its lease
or writes what the database refuses hurts no other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from onboarder.model.ids import PhotoHash, StoreId
from onboarder.model.recorded import Lease, ListingRecord, StoreWork
from onboarder.model.work import IntentState
from onboarder.records import leases, loading, open_drifts, tasks, writes
from onboarder.records.codec import Row
from onboarder.records.database import Database, Transaction
from onboarder.records.leases import LeaseLost, Release
from onboarder.records.runs import DriftRecord
from onboarder.records.together import Together

AT_A_TIME = 8
"""What single passes write besides, before the event loop looks after others: brief statements run on its own thread."""
Answered = Callable[[Sequence[tasks.OpenTask]], Sequence[int]]
"""Of a store's open tasks, those whose reason is gone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one pass writes in one transaction, after its lease was proved."""

    lease: Lease
    values: Row = field(default_factory=dict[str, object])
    """Written to the store, together with the lease's new end."""
    progress: bool = False
    """The outcome of a remote write is recorded, so this store does not kill its workers."""
    intents: Sequence[writes.Intended] = ()
    done: Sequence[str] = ()
    """Intents whose write has happened."""
    listings: Sequence[ListingRecord] = ()
    photos: Sequence[tuple[PhotoHash, str]] = ()
    """Uploaded ones, with the marketplace's key."""
    rest: Callable[[Transaction], Awaitable[object]] | None = None
    """Whatever else; called again in a new transaction if the first could not be committed."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How one pass ends: the lease is let go of, and tasks whose reason is gone are closed."""

    release: Release
    answered: Answered
    rest: Callable[[Transaction], Awaitable[object]] | None = None
    """As in `Entry`."""


class Clerk:
    """One per process and database."""

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime], span: timedelta
    ) -> None:
        self._database = database
        self._clock = clock
        self._span = span
        self._leases = Together(self._take)
        self._loads = Together(self._load)
        self._approvals = Together(self._approved)
        self._writes = Together(self._write)
        self._endings = Together(self._end)

    async def lease(self, wanted: StoreId, *, owner: str) -> Lease | None:
        """The lease, or None if the store is not due or somebody alive holds it."""
        return await self._leases.do((wanted, owner))

    async def load(self, wanted: StoreId) -> StoreWork:
        """Everything one pass needs; KeyError if there is no such store, ValueError if this release cannot read it."""
        return await self._loads.do(wanted)

    async def approved(self, where: StoreId) -> Sequence[DriftRecord]:
        """The store's drifts whose policy is to be carried out now."""
        return await self._approvals.do(where)

    async def write(self, entry: Entry) -> datetime:
        """Returns, once committed, until when the lease is ours; `LeaseLost` if it is gone, and nothing was written."""
        return await self._writes.do(entry)

    async def end(self, ending: Ending) -> bool:
        """True if the store was triggered meanwhile; `LeaseLost` if it is not ours, and nothing was written."""
        return await self._endings.do(ending)

    async def _take(self, asked: Sequence[tuple[StoreId, str]]) -> Sequence[Lease | None]:
        taken: dict[tuple[StoreId, str], Lease] = {}
        async with self._database.write(brief=True) as tx:
            now = self._clock()
            for owner in dict.fromkeys(owner for _, owner in asked):
                ids = [one for one, who in asked if who == owner]
                found = await leases.take_all(tx, ids, owner=owner, now=now, span=self._span)
                taken |= {(one, owner): lease for one, lease in found.items()}
        return [taken.pop(one, None) for one in asked]

    async def _load(self, asked: Sequence[StoreId]) -> Sequence[StoreWork | Exception]:
        async with self._database.read(brief=True) as tx:
            return await loading.load_all(tx, asked)

    async def _approved(self, asked: Sequence[StoreId]) -> Sequence[Sequence[DriftRecord]]:
        async with self._database.read(brief=True) as tx:
            found = await open_drifts.approved(tx, asked)
        return [found.get(one, ()) for one in asked]

    async def _write(self, entries: Sequence[Entry]) -> Sequence[datetime | Exception]:
        async with self._database.write(brief=True) as tx:
            now = self._clock()
            until = now + self._span
            proofs = await leases.prove(tx, [one.lease for one in entries])
            values = [(one.lease, {**_LIVED[one.progress], **one.values}) for one in entries]
            held = await leases.prolong(tx, values, proofs, until=until, now=now)
            ours = [one for one in entries if one.lease in held]
            await _enter(tx, ours, now)
            await _finish(tx, ours)
        return [until if one.lease in held else LeaseLost(one.lease.store_id) for one in entries]

    async def _end(self, endings: Sequence[Ending]) -> Sequence[bool | Exception]:
        async with self._database.write(brief=True) as tx:
            now = self._clock()
            proofs = await leases.prove(tx, [one.release.lease for one in endings])
            ours = [one for one in endings if one.release.lease in proofs]
            await _finish(tx, ours)
            await _close(tx, ours, now)
            moved = await leases.release_all(tx, [one.release for one in ours], proofs, now=now)
        return [
            one in moved if one in proofs else LeaseLost(one.store_id)
            for one in (ending.release.lease for ending in endings)
        ]


async def _enter(tx: Transaction, entries: Sequence[Entry], now: datetime) -> None:
    """What all entries have in common, in a statement for each kind."""
    await writes.intend(tx, [intended for one in entries for intended in one.intents], now=now)
    done = [intent for one in entries for intent in one.done]
    await writes.conclude(tx, done, IntentState.DONE, now=now)
    leased = [(one.lease.store_id, one) for one in entries]
    saved = [(where, listing) for where, one in leased for listing in one.listings]
    await writes.save_all(tx, saved, now=now)
    photos = [(where, *photo) for where, one in leased for photo in one.photos]
    await writes.save_photos(tx, photos)


async def _finish(tx: Transaction, some: Sequence[Entry | Ending]) -> None:
    for number, rest in enumerate((one.rest for one in some if one.rest is not None), 1):
        await rest(tx)
        if number % AT_A_TIME == 0:
            await asyncio.sleep(0)


async def _close(tx: Transaction, endings: Sequence[Ending], now: datetime) -> None:
    """What all endings close, in one statement."""
    there = await tasks.open_of_all(tx, [one.release.lease.store_id for one in endings])
    gone = [
        task for one in endings for task in one.answered(there.get(one.release.lease.store_id, ()))
    ]
    await tasks.close(tx, gone, now=now)


_LIVED: dict[bool, Row] = {False: {}, True: {"starts": 0}}
