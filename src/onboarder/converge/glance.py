"""The night's glance: most stores are as recorded, and to see that takes no lease, no pass and no write of their own.

A process takes a share of the run's stores, reads all that is on record about them together, looks at each, and writes one
watermark for all that are as they should be. Whatever else it finds, an error included, it leaves to an ordinary pass,
which looks again under the store's lease and decides. So a glance can be wrong about nothing: it only spares work.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from onboarder.connector.budget import in_lane
from onboarder.connector.contract import Access
from onboarder.connector.errors import MarketplaceError, RateLimited
from onboarder.connector.manifest import Capability
from onboarder.converge.drift import store_drifts
from onboarder.converge.observe import all_listings, differences, in_review, store_as_shown
from onboarder.converge.plan import Plan, plan
from onboarder.converge.session import Session
from onboarder.converge.surroundings import Surroundings
from onboarder.model.ids import MarketplaceName, StoreId
from onboarder.model.recorded import Lease, StoreWork
from onboarder.model.shop import ObservedStore
from onboarder.model.work import Lane, RunState
from onboarder.records import loading, reviews, runs
from onboarder.records.codec import Row
from onboarder.records.database import RecordsBusy, Transaction
from onboarder.records.runs import RunRecord
from onboarder.rules.consent import REMIND_BEFORE

log = structlog.get_logger()

T = TypeVar("T")

SHARE = 100
"""Stores per share: read in nine statements, written in one."""
AHEAD = 2
"""Shares under way at once, so that the last stores of one do not leave the budget unused."""
PATIENT = timedelta(seconds=30)
"""How long a full budget or a pause is waited for."""
BUSY_PAUSE = 1.0
"""Seconds after which a busy database is tried again."""
LONGEST = timedelta(minutes=2)
"""A store that takes longer is left to a pass, which makes way for others."""


class Glances:
    """One process's part in a run's glances: at each marketplace at most `jobs` stores at once, or as many as are bearable.

    More would only wait there for the budget, and take longer each. `may_go_on` is asked before each store: once it says
    no, what is left of the shares is handed over to passes.
    """

    def __init__(
        self,
        around: Surroundings,
        *,
        jobs: int,
        bearable: Mapping[MarketplaceName, int] | None = None,
        may_go_on: Callable[[], bool] = lambda: True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._around = around
        self._sleep = sleep
        self._jobs, self._bearable = jobs, bearable or {}
        self._rooms: dict[MarketplaceName, asyncio.Semaphore] = {}
        self._turn = asyncio.Lock()
        self._may_go_on = may_go_on
        self.same = 0
        """Stores so far that were as recorded."""

    async def of_the_run_under_way(self) -> bool:
        """Glance at what the unfinished run has left to hand out; False if there is nothing. Safe to repeat."""
        async with self._around.database.read() as tx:
            record = await runs.unfinished(tx)
        if record is None or record.state is not RunState.OBSERVING or record.handed_to is None:
            return False
        await self.through(record)
        return True

    async def through(self, record: RunRecord) -> None:
        """Take share after share until none is left."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AHEAD):
                group.create_task(self._shares(record))

    async def _shares(self, record: RunRecord) -> None:
        while self._may_go_on() and await self._share(record):
            pass

    async def _share(self, record: RunRecord) -> bool:
        """Take the next share and glance at it; False if there was none."""
        began = self._around.clock()
        share = await self._written(
            lambda tx: reviews.take_share(tx, record.id, now=began, size=SHARE)
        )
        same = await self._same(share)
        await self._written(lambda tx: self._note(tx, record, share, same, began))
        self.same += len(same)
        return bool(share)

    async def _note(
        self,
        tx: Transaction,
        record: RunRecord,
        share: Sequence[StoreId],
        same: Mapping[StoreId, int],
        began: datetime,
    ) -> None:
        """Unless the run was judged meanwhile, without these."""
        if await reviews.still_looking(tx, record.id) is None:
            return
        written = await reviews.note_glanced(tx, list(same.items()), at=began)
        other = [one for one in share if one not in same or not written]
        if other:
            now, since = self._around.clock(), record.started_at
            await reviews.hand_over(tx, record.id, other, since=since, now=now)

    async def _written(self, action: Callable[[Transaction], Awaitable[T]]) -> T:
        """Done in a transaction. A busy database is waited for: nobody else has what this share has seen."""
        while True:
            try:
                async with self._around.database.write() as tx:
                    return await action(tx)
            except RecordsBusy:
                if not self._may_go_on():
                    raise
                log.warning("glance.waits_for_the_database")
                await self._sleep(BUSY_PAUSE)

    async def _same(self, share: Sequence[StoreId]) -> dict[StoreId, int]:
        """The stores that are as recorded, with their generations."""
        try:
            async with self._around.database.read() as tx:
                works = await loading.load_all(tx, share)
                unsettled = await reviews.unsettled(tx, share)
        except Exception:  # whatever it is: a pass over each store tells, and decides
            log.exception("glance.unread")
            return {}
        asked = [
            one
            for one in works
            if isinstance(one, StoreWork)  # a pass tells which store cannot be read
            and one.store.id not in unsettled
            and one.store.marketplace in self._around.marketplaces
        ]
        answers = await asyncio.gather(*(self._is_same(one) for one in asked))
        pairs = zip(asked, answers, strict=True)
        return {one.store.id: one.store.generation for one, same in pairs if same}

    async def _is_same(self, work: StoreWork) -> bool:
        where = work.store.id
        async with self._room(work.store.marketplace):
            if not self._may_go_on():
                return False
            with in_lane(Lane.NIGHT, where), structlog.contextvars.bound_contextvars(store=where):
                return await self._looked(work)

    def _room(self, name: MarketplaceName) -> asyncio.Semaphore:
        if name not in self._rooms:
            places = min(self._jobs, self._bearable.get(name, self._jobs))
            self._rooms[name] = asyncio.Semaphore(places)
        return self._rooms[name]

    async def _looked(self, work: StoreWork) -> bool:
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                return await is_same(LooseSession(self._around, work, self._sleep), self._turn)
        except (MarketplaceError, RecordsBusy, TimeoutError) as error:
            log.info("glance.left_to_a_pass", why=type(error).__name__)
        except Exception:  # as above
            log.exception("glance.failed")
        return False


class LooseSession(Session):
    """A session without a lease: it looks and renews a login, and writes nothing about the store."""

    def __init__(
        self, around: Surroundings, work: StoreWork, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        until = around.clock() + around.lease_span
        super().__init__(around, Lease(work.store.id, "", -1, until), work)
        self._sleep = sleep

    async def reach(self, action: Callable[[Access], Awaitable[T]]) -> T:
        """Looks are safe to repeat, so that a full budget is waited for: a pass would be parked, and begin anew."""
        while True:
            try:
                return await super().reach(action)
            except RateLimited as error:
                if error.retry_after > PATIENT:
                    raise
                await self._sleep(error.retry_after.total_seconds())

    async def _stay(self) -> None:
        """There is no lease to prolong."""
        self._live_on(self.now + self.around.lease_span)

    @asynccontextmanager
    async def commit(
        self, values: Row | None = None, *, progress: bool = False
    ) -> AsyncGenerator[Transaction]:
        """A transaction about credentials."""
        if values or progress:
            raise RuntimeError(f"{self.store.id} was to be written to without a lease")
        async with self.around.database.write() as tx:
            yield tx
        await self._stay()


async def is_same(session: Session, turn: asyncio.Lock) -> bool:
    """Whether a pass would find nothing to do and nothing to record; raises what the connector raises.

    What takes long here takes turns: one per round of the event loop, so that many at once do not hold it up.
    """
    async with turn:
        await asyncio.sleep(0)
        if not _is_quiet(session):
            return False
    seen = await store_as_shown(session)
    if not _is_as_recorded(session, seen):
        return False
    if not session.manifest.can(Capability.OBSERVE_LISTINGS):
        return True
    shown = await all_listings(session)
    async with turn:
        await asyncio.sleep(0)
        changed, drifts = differences(session, shown)
    return not changed and not drifts


def _is_quiet(session: Session) -> bool:
    """Whether nothing is under way, in doubt, waited for or to be told."""
    store, wanted = session.store, session.wanted
    under_way = store.due_at or store.review_run or store.failure or store.withdrawn_at
    if under_way or store.remote_id is None or session.work.doubts or in_review(session):
        return False
    if wanted.refusal is not None or wanted.faults:
        return False
    return plan(wanted, session.work, session.manifest, session.now) == Plan(())


def _is_as_recorded(session: Session, seen: ObservedStore | None) -> bool:
    store = session.store
    if seen is None or store_drifts(store.id, store.state, seen):
        return False
    until = seen.authorised_until or store.authorised_until
    shown = (seen.state, seen.reason, seen.complete, seen.url or store.url, until)
    recorded = (store.state, store.reason, store.complete, store.url, store.authorised_until)
    return shown == recorded and (until is None or until - session.now >= REMIND_BEFORE)
