"""What a pass knows of its store, and every write of it to the database: behind its lease."""

import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from onboarder.connector.contract import Connector
from onboarder.connector.errors import Advice
from onboarder.converge.bound import Bound
from onboarder.converge.surroundings import Surroundings
from onboarder.converge.wanted import Wanted, wanted
from onboarder.model.ids import PhotoHash, ProductId, Reference, listing_id
from onboarder.model.recorded import Lease, ListingRecord, StoreRecord, StoreWork
from onboarder.model.shop import ListingState, ObservedStore, StoreState
from onboarder.model.work import IntentKind
from onboarder.records import leases, tasks, writes
from onboarder.records.clerk import Entry
from onboarder.records.codec import Row
from onboarder.records.database import Transaction
from onboarder.rules.standing import rejection_advice, standing_advice

Rest = Callable[[Transaction], Awaitable[object]]
"""What else goes into a transaction; it may be called again in another one."""


class PassRecords:
    """Holds the lease. Every write goes through `write` or `commit`, which fence and prolong it."""

    def __init__(self, around: Surroundings, lease: Lease, work: StoreWork) -> None:
        self.around = around
        self.lease = lease
        self.work = work
        self.marketplace = around.marketplaces[work.store.marketplace]
        self.manifest = self.marketplace.connector.manifest
        self.bound: Bound | None = None
        """The time limit of the pass under way."""
        self.doubtful = False
        """Whether an answer got lost in this pass: `work` does not know yet what is in doubt."""
        self.progressed = False
        """Whether this pass recorded the outcome of a remote write."""
        self._numbers = itertools.count()
        self._wanted: tuple[StoreWork, Wanted] | None = None
        """And what it was derived from."""

    @property
    def store(self) -> StoreRecord:
        return self.work.store

    @property
    def connector(self) -> Connector:
        """That of the store's app; `ActionNeeded` if the app is not configured any more."""
        return self.marketplace.serving(self.store.app)

    @property
    def now(self) -> datetime:
        return self.around.clock()

    @property
    def wanted(self) -> Wanted:
        """What the store is to be, going by what is known now."""
        if self._wanted is None or self._wanted[0] is not self.work:
            self._wanted = self.work, self._derived()
        return self._wanted[1]

    def _derived(self) -> Wanted:
        return wanted(
            self.work.merchant,
            self.work.products,
            programme=self.around.programme,
            manifest=self.manifest,
            categories=self.marketplace.categories,
            store_reference=self.store.reference,
            withdrawn=self.store.withdrawn_at is not None,
        )

    @asynccontextmanager
    async def commit(
        self, values: Row | None = None, *, progress: bool = False
    ) -> AsyncGenerator[Transaction]:
        """A transaction that begins by proving and prolonging the lease; `LeaseLost` if it is gone.

        `values` are written to the store. `progress`: the outcome of a remote write is recorded, so this store does not
        kill its workers.
        """
        until = self.now + self.around.lease_span
        lived = {"starts": 0} if progress else {}
        written = {**lived, **(values or {})}
        async with self.around.database.write() as tx:
            await leases.hold(tx, self.lease, until=until, now=self.now, values=written)
            yield tx
        self._live_on(until, progress=progress)

    async def write(
        self,
        *,
        values: Row | None = None,
        progress: bool = False,
        intents: Sequence[writes.Intended] = (),
        done: Sequence[str] = (),
        listings: Sequence[ListingRecord] = (),
        photos: Sequence[tuple[PhotoHash, str]] = (),
        rest: Rest | None = None,
    ) -> None:
        """`commit` for what most passes write, in one transaction with theirs: see `Entry`."""
        rejected = [one for one in listings if one.state is ListingState.REJECTED]

        async def with_rejections(tx: Transaction) -> None:
            await self._tell(tx, rejected)
            if rest is not None:
                await rest(tx)

        entry = Entry(
            self.lease,
            values or {},
            progress,
            intents,
            done,
            listings,
            photos,
            rest=with_rejections if rejected else rest,
        )
        self._live_on(await self.around.clerk.write(entry), progress=progress)
        self._know(listings)

    async def reload(self) -> None:
        """Read again what is known, after this pass wrote."""
        self.work = await self.around.clerk.load(self.store.id)
        self.doubtful = False

    async def intend(self, *wishes: tuple[IntentKind, Reference]) -> list[str]:
        """Put remote writes on record, durably, before they are sent; returns the intents' ids.

        They may be sent until the lease ends, however long they wait for their turn, and nobody believes in their absence
        before the call's deadline and the marketplace's settle time after that are over.
        """
        named = [
            writes.Intended(
                writes.intent_id(self.lease, next(self._numbers)),
                self.lease,
                *wish,
                self.longest_doubt,
            )
            for wish in wishes
        ]
        await self.write(intents=named)
        return [one.id for one in named]

    @property
    def doubt(self) -> timedelta:
        """How long a write that was sent may be under way or unseen there."""
        return self.manifest.deadline(self.around.call_deadline) + self.manifest.settle

    @property
    def longest_doubt(self) -> timedelta:
        """The same for a write that may still be sent: until the lease ends."""
        return self.around.lease_span + self.doubt

    async def ask(
        self,
        tx: Transaction,
        advice: Advice,
        *,
        subject: str | None = None,
        choices: Sequence[str] = (),
    ) -> None:
        """Open a task about the store, or about one of its listings."""
        await tasks.ask(
            tx,
            where=self.store.id,
            owner=self.store.merchant_id,
            subject=subject or self.store.id,
            advice=advice,
            now=self.now,
            choices=choices,
        )

    def record(self, reference: Reference) -> ListingRecord | None:
        return self.work.listings.get(reference)

    async def stand(self, tx: Transaction, state: StoreState, reason: str | None) -> None:
        """Keep the task about the store's standing in step with what the marketplace says."""
        advice = standing_advice(state, reason)
        still = None if advice is None else advice.code
        await tasks.settle(tx, self.store.id, now=self.now, family="store.", still=still)
        if advice is not None:
            await self.ask(tx, advice)

    async def save(self, tx: Transaction, *records: ListingRecord) -> None:
        """Write listing records, tell about rejections, and keep the pass's own view in step."""
        await writes.save_listings(tx, self.store.id, records, now=self.now)
        self._know(records)
        await self._tell(tx, [one for one in records if one.state is ListingState.REJECTED])

    def title(self, reference: Reference) -> str:
        """The product's name, for people."""
        names = (one.name for one in self.work.products if Reference(one.id) == reference)
        return next(names, reference)

    def _know(self, records: Sequence[ListingRecord]) -> None:
        self.work.listings.update({one.reference: one for one in records})

    async def _tell(self, tx: Transaction, rejected: Sequence[ListingRecord]) -> None:
        for one in rejected:
            advice = rejection_advice(self.title(one.reference), one.reason)
            await self.ask(tx, advice, subject=one.id)

    def _live_on(self, until: datetime, *, progress: bool = False) -> None:
        self.lease = replace(self.lease, until=until)
        self.progressed = self.progressed or progress
        if self.bound is not None:
            self.bound.sign_of_life()


def as_opened(found: ObservedStore) -> dict[str, object]:
    """What the record of a store takes over from a store just opened or found again."""
    return {
        "remote_id": found.remote_id,
        "state": found.state,
        "complete": found.complete,
        "reason": found.reason,
        "url": found.url,
        "authorised_until": found.authorised_until,
    }


def fresh_record(session: PassRecords, reference: Reference) -> ListingRecord:
    """The record of a listing that is only planned so far."""
    return ListingRecord(listing_id(ProductId(reference), session.store.marketplace), reference)
