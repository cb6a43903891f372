"""The nights' results for the desk: what was found, repaired and left, per class and market, down to one shop."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from onboarder.model.ids import MarketCode, ProgrammeCode, RunId, StoreId
from onboarder.model.recorded import StoreWork
from onboarder.records import runs, stores, tasks
from onboarder.records.database import Transaction
from onboarder.records.findings import Finding, findings
from onboarder.records.history import Event, history
from onboarder.records.runs import REPAIRED, RunRecord
from onboarder.records.tasks import TaskRecord


@dataclass(frozen=True, slots=True)
class NightLine:
    """One class of drifts in one market. `left` are those neither repaired nor taken over."""

    kind: str
    market: MarketCode
    found: int
    repaired: int
    adopted: int

    @property
    def left(self) -> int:
        return self.found - self.repaired - self.adopted


@dataclass(frozen=True, slots=True)
class Night:
    """One reconciliation with everything it found in this programme."""

    run: RunRecord
    lines: tuple[NightLine, ...]
    found: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Shop:
    """One store with its open tasks and all that happened to it."""

    work: StoreWork
    tasks: tuple[TaskRecord, ...]
    events: tuple[Event, ...]


async def night(tx: Transaction, programme: ProgrammeCode, wanted: RunId) -> Night | None:
    """The run as it stands; None if there is none such."""
    record = await runs.run_by_id(tx, wanted)
    if record is None:
        return None
    found = await findings(tx, wanted, programme=programme)
    return Night(record, summed(found), tuple(found))


async def shop(tx: Transaction, programme: ProgrammeCode, wanted: StoreId) -> Shop | None:
    """The store; None if the programme has none such."""
    try:
        work = await stores.load(tx, wanted)
    except KeyError:
        return None
    if work.merchant.programme != programme:
        return None
    asked = [one for one in await tasks.open_tasks(tx) if one.store_id == wanted]
    return Shop(work, tuple(asked), tuple(await history(tx, wanted)))


def summed(found: Sequence[Finding]) -> tuple[NightLine, ...]:
    """Per class and market, most first. Pure."""
    counted = Counter((one.drift.kind, one.market, one.drift.outcome) for one in found)
    pairs = dict.fromkeys((kind, market) for kind, market, _ in counted)
    lines = [
        NightLine(
            kind,
            MarketCode(market),
            sum(n for (k, m, _), n in counted.items() if (k, m) == (kind, market)),
            counted[kind, market, REPAIRED],
            counted[kind, market, ADOPTED],
        )
        for kind, market in pairs
    ]
    return tuple(sorted(lines, key=lambda one: (-one.found, one.kind, one.market)))


ADOPTED = "adopted"
"""Outcome of a drift whose value on the marketplace was taken for the agreed one."""
