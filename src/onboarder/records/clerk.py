"""The clerk writes and reads for all passes of a process: what several want at the same moment goes into one transaction.

Each pass still has its own fence, and goes on only once what it wrote is committed. That one of them has lost its lease
or writes what the database refuses hurts no other.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from onboarder.model.ids import PhotoHash, StoreId
from onboarder.model.recorded import Lease, ListingRecord, StoreWork
from onboarder.model.work import IntentState
from onboarder.records import days, loading, stores, writes
from onboarder.records.codec import Row
from onboarder.records.database import Database, Transaction
from onboarder.records.stores import LeaseLost
from onboarder.records.together import Together


@dataclass(frozen=True, slots=True)
class Entry:
    """What one pass writes in one transaction, after its lease was proved and prolonged."""

    lease: Lease | None
    """None: `rest` looks after the fence itself."""
    values: Row = field(default_factory=dict[str, object])
    """Written to the store."""
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
        self._writes = Together(self._write)

    async def lease(self, wanted: StoreId, *, owner: str) -> Lease | None:
        """The lease, or None if the store is not due or somebody alive holds it."""
        return await self._leases.do((wanted, owner))

    async def load(self, wanted: StoreId) -> StoreWork:
        """Everything one pass needs; KeyError if there is no such store, ValueError if this release cannot read it."""
        return await self._loads.do(wanted)

    async def write(self, entry: Entry) -> datetime:
        """Returns, once committed, until when the lease is ours; `LeaseLost` if it is gone, and nothing was written."""
        return await self._writes.do(entry)

    async def _take(self, asked: Sequence[tuple[StoreId, str]]) -> Sequence[Lease | None]:
        taken: dict[tuple[StoreId, str], Lease] = {}
        async with self._database.write() as tx:
            now = self._clock()
            for owner in dict.fromkeys(owner for _, owner in asked):
                ids = [one for one, who in asked if who == owner]
                found = await stores.take_leases(tx, ids, owner=owner, now=now, span=self._span)
                taken |= {(one, owner): lease for one, lease in found.items()}
        return [taken.pop(one, None) for one in asked]

    async def _load(self, asked: Sequence[StoreId]) -> Sequence[StoreWork | Exception]:
        async with self._database.read() as tx:
            return await loading.load_all(tx, asked)

    async def _write(self, entries: Sequence[Entry]) -> Sequence[datetime | Exception]:
        async with self._database.write() as tx:
            now = self._clock()
            until = now + self._span
            held = await self._hold(tx, entries, until)
            ours = [one for one in entries if one.lease is None or one.lease in held]
            await _enter(tx, ours, now)
            for one in ours:
                if one.rest is not None:
                    await one.rest(tx)
        return [
            until if one.lease is None or one.lease in held else LeaseLost(one.lease.store_id)
            for one in entries
        ]

    async def _hold(self, tx: Transaction, entries: Sequence[Entry], until: datetime) -> set[Lease]:
        """Who writes the same to its store shares a statement; of most passes that is nothing but the lease."""
        held = set[Lease]()
        for lived in (False, True):
            plain = [
                one.lease
                for one in entries
                if one.lease is not None and not one.values and one.progress is lived
            ]
            if plain:
                held |= await stores.hold_all(tx, plain, until=until, values=_LIVED[lived])
        for one in entries:
            if one.lease is not None and one.values:
                values = days.of_a_store({**_LIVED[one.progress], **one.values}, self._clock())
                held |= await stores.hold_all(tx, [one.lease], until=until, values=values)
        return held


async def _enter(tx: Transaction, entries: Sequence[Entry], now: datetime) -> None:
    """What all entries have in common, in a statement for each kind."""
    await writes.intend(tx, [intended for one in entries for intended in one.intents], now=now)
    done = [intent for one in entries for intent in one.done]
    await writes.conclude(tx, done, IntentState.DONE, now=now)
    leased = [(one.lease.store_id, one) for one in entries if one.lease is not None]
    saved = [(where, listing) for where, one in leased for listing in one.listings]
    await writes.save_all(tx, saved, now=now)
    photos = [(where, *photo) for where, one in leased for photo in one.photos]
    await writes.save_photos(tx, photos)


_LIVED: dict[bool, Row] = {False: {}, True: {"starts": 0}}
