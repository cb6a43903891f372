"""The use case behind every "open this shop": gate, record, wake. Returns at once; workers do the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from onboarder.connector.errors import Advice
from onboarder.converge.doorbell import Doorbell
from onboarder.model.ids import MarketplaceName, MerchantId, StoreId
from onboarder.model.people import Merchant
from onboarder.model.work import DriftPolicy, Lane
from onboarder.problems import UsageProblem
from onboarder.records import runs, stores, tasks, writes
from onboarder.records.database import Database
from onboarder.rules.gate import refusal


@dataclass(frozen=True, slots=True)
class OrderReceipt:
    """What was accepted is durable and will be finished or explained; what was refused says why."""

    accepted: tuple[StoreId, ...]
    refused: tuple[tuple[MerchantId, Advice], ...]


async def open_stores(
    database: Database,
    doorbell: Doorbell,
    merchants: Sequence[Merchant],
    marketplaces: Sequence[MarketplaceName],
    *,
    by: str,
    clock: Callable[[], datetime],
) -> OrderReceipt:
    """Order the stores of the trained merchants; the others are refused. Safe to repeat."""
    refused = tuple((one.id, why) for one in merchants if (why := refusal(one)) is not None)
    trained = [one.id for one in merchants if refusal(one) is None]
    pairs = [(owner, name) for name in marketplaces for owner in trained]
    async with database.write() as tx:
        now = clock()
        accepted = await stores.trigger(tx, pairs, lane=Lane.STALL, by=by, now=now)
        for one in accepted:
            await writes.note(tx, at=now, actor=by, action="store.ordered", subject=one)
    await doorbell.ring([(one, Lane.STALL) for one in accepted])
    return OrderReceipt(tuple(accepted), refused)


async def answer_task(
    database: Database,
    doorbell: Doorbell,
    number: int,
    text: str,
    *,
    by: str,
    clock: Callable[[], datetime],
) -> None:
    """Close a task with an answer (`done`, or `keep`/`restore` for a drift) and wake its store."""
    async with database.write() as tx:
        now = clock()
        task = await tasks.task_by_id(tx, number)
        if task is None:
            raise UsageProblem(
                f"task {number} is not open",
                hint="list open tasks with: onboarder tasks",
                id_message=f"tugas {number} tidak terbuka",
                id_hint="lihat tugas yang terbuka dengan: onboarder tasks",
            )
        choices = task.choices or ("done",)
        if text not in choices:
            raise UsageProblem(
                f"task {number} takes the answers: {', '.join(choices)}",
                id_message=f"jawaban untuk tugas {number}: {', '.join(choices)}",
            )
        await tasks.answer(tx, number, text, now=now)
        if text in ANSWERS:
            await runs.decide(tx, int(task.subject.removeprefix("drift:")), ANSWERS[text])
        await stores.wake(tx, [task.store_id], lane=Lane.STALL, now=now)
        await writes.note(tx, at=now, actor=by, action=f"task.{text}", subject=task.subject)
    await doorbell.ring([(task.store_id, Lane.STALL)])


ANSWERS = {"keep": DriftPolicy.ADOPT, "restore": DriftPolicy.REPAIR}
"""What a person may answer to a drift, and the policy that carries the answer out."""
