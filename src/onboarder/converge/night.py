"""The night: look at every store, judge the whole, then let the loop repair what may be repaired.

A run is only rows in the database: stores handed out to be glanced at, those marked for a pass, drifts held until all are
seen, decisions the loop carries out. Any process may push it on (`advance`), so it survives the death of whoever began it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from onboarder.converge.decisions import OUTCOME
from onboarder.model.ids import MarketCode, MarketplaceName, RunId
from onboarder.model.work import DriftClass, Lane, RunState
from onboarder.problems import BusyProblem
from onboarder.records import credentials, judging, locks, reviews, runs, stores
from onboarder.records.database import Database, Transaction
from onboarder.records.locks import LockHolder
from onboarder.records.runs import RunRecord
from onboarder.rules.drift import DriftRules

log = structlog.get_logger()

LOCK = "reconciliation"
LOCK_SPAN = timedelta(seconds=60)
"""A run nobody pushed on for this long may be taken over."""
WINDOW = timedelta(hours=5)
"""A run older than this ends with what it has: the day's work must not wait for a marketplace that is down."""
PATIENCE = timedelta(hours=1)
"""A repair that is tried again later than this does not hold up the end."""
GLANCED_WITHIN = timedelta(minutes=10)
"""A share of stores not glanced at for this long was lost with its process."""
AHEAD = timedelta(minutes=1)
"""A run that began so much later than now was begun by a clock that was ahead."""
STOPPED = "stopped"
OF_THE_STORE = frozenset(
    {DriftClass.STORE_SUSPENDED, DriftClass.STORE_VANISHED, DriftClass.AUTHORISATION_LOST}
)
"""Nothing in the records follows from deciding about them, and their tasks are open already."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run looks at; None means all."""

    market: MarketCode | None = None
    marketplace: MarketplaceName | None = None

    def as_json(self) -> dict[str, str]:
        named = {"market": self.market, "marketplace": self.marketplace}
        return {name: value for name, value in named.items() if value is not None}


class Night:
    """Pushes one reconciliation run on. `owner` names this process in the lock.

    `believes_losses`: a person has looked and says that what seems gone is gone, however much it is.
    """

    def __init__(
        self,
        database: Database,
        rules: DriftRules,
        *,
        owner: str,
        clock: Callable[[], datetime],
        believes_losses: bool = False,
    ) -> None:
        self._database = database
        self._rules = rules
        self._owner = owner
        self._clock = clock
        self._believes_losses = believes_losses

    async def begin(
        self, *, by: str, scope: Scope, known: Collection[MarketplaceName] | None = None
    ) -> RunId:
        """Start a run, or go on with one whose process died; `BusyProblem` while another process holds it.

        `known` are the marketplaces that are configured; stores on any other are left out.
        """
        left = await self.resume()
        if left is not None:
            return left
        async with self._database.write() as tx:
            return await self.begin_within(tx, by=by, scope=scope, known=known)

    async def begin_within(
        self,
        tx: Transaction,
        *,
        by: str,
        scope: Scope,
        known: Collection[MarketplaceName] | None = None,
    ) -> RunId:
        """`begin` as a part of the caller's transaction."""
        now = self._clock()
        holder = await self._take_lock(tx, now)
        if holder is not None:
            raise _held(holder)
        left = await runs.unfinished(tx)
        if left is not None:
            log.info("night.resumed", run=left.id)
            return left.id
        run = RunId(f"{now:%Y%m%dT%H%M%S%f}")
        count = await runs.begin(
            tx,
            run,
            by=by,
            scope=scope.as_json(),
            now=now,
            market=scope.market,
            marketplace=scope.marketplace,
            known=known,
        )
        await stores.wake_those(tx, credentials.runs_out(now), lane=Lane.NIGHT, now=now)
        log.info("night.begun", run=run, stores=count)
        return run

    async def resume(self) -> RunId | None:
        """Go on with the unfinished run if there is one; `BusyProblem` while another process holds it."""
        async with self._database.read() as tx:
            if await runs.unfinished(tx) is None:
                return None
        async with self._database.write() as tx:
            holder = await self._take_lock(tx, self._clock())
            left = await runs.unfinished(tx)
            if left is None:
                await locks.drop_lock(tx, LOCK, self._owner)
        if holder is not None:  # only now, as the lock may have been cut
            raise _held(holder)
        if left is None:
            return None
        log.info("night.resumed", run=left.id)
        return left.id

    async def let_go(self) -> None:
        """Leave the run to another process at once. Safe to repeat, and when we hold none."""
        async with self._database.write() as tx:
            await locks.drop_lock(tx, LOCK, self._owner)

    async def advance(self, run: RunId) -> RunRecord:
        """One push: judge when all is seen, end when all is repaired. Safe to repeat; returns the run as it stands.

        `BusyProblem` if another process took the run over meanwhile.
        """
        async with self._database.write() as tx:
            now = self._clock()
            if not await locks.keep_lock(tx, LOCK, self._owner, now + LOCK_SPAN):
                raise BusyProblem(
                    "another process took this reconciliation over",
                    hint="look at its result with: onboarder reconcile --run ID",
                    id_message="rekonsiliasi ini sudah dilanjutkan proses lain",
                    id_hint="lihat hasilnya dengan: onboarder reconcile --run ID",
                )
            record = await _begun_by(now, tx, _there(await runs.run_locked(tx, run), run))
            late = now - record.started_at > WINDOW
            if record.state is RunState.OBSERVING and (
                late or await self._all_seen(tx, record, now)
            ):
                await self._judge(tx, run, record.scope, now)
            elif record.state is RunState.REPAIRING and (
                late or not await runs.busy(tx, run, before=now + PATIENCE)
            ):
                await self._end(tx, record, now)
            return _there(await runs.run_by_id(tx, run), run)

    async def _take_lock(self, tx: Transaction, now: datetime) -> LockHolder | None:
        """None if the lock is ours now."""
        return await locks.take_lock(tx, LOCK, self._owner, now=now, until=now + LOCK_SPAN)

    async def _all_seen(self, tx: Transaction, record: RunRecord, now: datetime) -> bool:
        """Whether every store was glanced at or passed over; what dead processes left is handed over to passes."""
        if await runs.unobserved(tx, record.id):
            return False
        if now - (record.handed_at or record.started_at) < GLANCED_WITHIN:
            return record.handed_to is None and not await reviews.any_left(tx, record)
        return await reviews.hand_over_rest(tx, record, now=now) == 0

    async def _judge(
        self, tx: Transaction, run: RunId, scope: Mapping[str, str], now: datetime
    ) -> None:
        await judging.forget_unobserved(tx, run, now=now)
        held = await judging.listings_held(tx, scope.get("market"))
        gone = {} if self._believes_losses else await judging.vanished(tx, run)
        believes = self._rules.plausibility.believes
        unbelievable = sorted(
            name for name, number in gone.items() if not believes(number, held.get(name, 0))
        )
        await judging.stop(tx, run, unbelievable, STOPPED)
        # A pass may never get as far as to decisions about the store itself.
        await judging.approve(tx, run, OF_THE_STORE, OUTCOME, now=now)
        await runs.set_state(tx, run, RunState.REPAIRING)
        for name in unbelievable:
            log.error("night.implausible", run=run, marketplace=name)

    async def _end(self, tx: Transaction, record: RunRecord, now: datetime) -> None:
        run = record.id
        totals, unseen = await judging.totals(tx, run), await reviews.not_looked_at(tx, record)
        stopped = any(STOPPED in outcomes for outcomes in totals.values())
        state = RunState.STOPPED if stopped else RunState.DONE
        await runs.end(tx, run, state, dict(totals), now, unseen=unseen)
        await locks.drop_lock(tx, LOCK, self._owner)
        drifts = sum(sum(outcomes.values()) for outcomes in totals.values())
        log.info("night.ended", run=run, state=state, drifts=drifts, unseen=unseen)


async def _begun_by(now: datetime, tx: Transaction, record: RunRecord) -> RunRecord:
    """The run, begun anew if it would come to its end only after the time that a clock far ahead gave it."""
    if record.started_at - now <= AHEAD:
        return record
    log.warning("night.begun_ahead", run=record.id, started_at=record.started_at.isoformat())
    return await reviews.start_over(tx, record, now=now)


def _held(holder: LockHolder) -> BusyProblem:
    since = f"{holder.since:%Y-%m-%d %H:%M:%S} UTC"
    return BusyProblem(
        f"a reconciliation is going on: {holder.owner} since {since}",
        hint="wait for it; a run whose process died can be continued after a minute",
        id_message=f"rekonsiliasi sedang berjalan: {holder.owner} sejak {since}",
        id_hint="tunggu sampai selesai; yang prosesnya mati bisa dilanjutkan setelah satu menit",
    )


def _there(record: RunRecord | None, run: RunId) -> RunRecord:
    if record is None:
        raise KeyError(run)
    return record
