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
from onboarder.records import consents, field, parking, runs, stores, tasks, writes
from onboarder.records.database import Database, Transaction
from onboarder.rules.agreements import lacking
from onboarder.rules.gate import refusal

AT_A_STALL = 20
"""Merchants one person can be standing before; a larger order waits in the night's lane."""


def lane_for(stores: int) -> Lane:
    """The lane of an order: a whole market does not push in before the person at the next stall."""
    return Lane.STALL if stores <= AT_A_STALL else Lane.NIGHT


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
    """Order the stores of the trained merchants who agree to them; the others are refused. Safe to repeat."""
    refused = [(one.id, why) for one in merchants if (why := refusal(one)) is not None]
    trained = [one.id for one in merchants if refusal(one) is None]
    lane = lane_for(len(trained))
    async with database.write(brief=lane is Lane.STALL) as tx:
        now = clock()
        pairs = list[tuple[MerchantId, MarketplaceName]]()
        for pair, why in await permitted(tx, trained, marketplaces):
            if why is None:
                pairs.append(pair)
            else:
                refused.append((pair[0], why))
        accepted = await stores.trigger(tx, pairs, lane=lane, by=by, now=now)
        for one in accepted:
            await writes.note(tx, at=now, actor=by, action="store.ordered", subject=one)
    await doorbell.ring([(one, lane) for one in accepted])
    return OrderReceipt(tuple(accepted), tuple(refused))


async def permitted(
    tx: Transaction, merchants: Sequence[MerchantId], marketplaces: Sequence[MarketplaceName]
) -> list[tuple[tuple[MerchantId, MarketplaceName], Advice | None]]:
    """Every wanted store, and why the merchant's word forbids it."""
    said = await consents.of_all(tx, merchants)
    in_the_field = await field.from_the_field(tx, merchants)
    return [
        ((owner, name), lacking(said[owner], name, in_the_field=owner in in_the_field))
        for name in marketplaces
        for owner in merchants
    ]


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
        await parking.try_again(tx, task.subject, task.code)
        if text in ANSWERS:
            await runs.decide(tx, int(task.subject.removeprefix("drift:")), ANSWERS[text])
        await stores.wake(tx, [task.store_id], lane=Lane.STALL, now=now)
        await writes.note(tx, at=now, actor=by, action=f"task.{text}", subject=task.subject)
    await doorbell.ring([(task.store_id, Lane.STALL)])


async def redrive(
    database: Database,
    doorbell: Doorbell,
    wanted: Sequence[StoreId] | None,
    *,
    by: str,
    clock: Callable[[], datetime],
) -> list[StoreId]:
    """Let parked work go on at the step that failed, of the stores named or (None) of all. Safe to repeat.

    `UsageProblem` if a store is not on record.
    """
    async with database.write() as tx:
        now = clock()
        chosen = await parking.parked(tx) if wanted is None else list(dict.fromkeys(wanted))
        unknown = set(chosen) - await stores.existing(tx, chosen)
        if unknown:
            raise UsageProblem(
                f"no store {min(unknown)!r} is on record",
                hint="see the parked ones with: onboarder tasks --who operator",
                id_message=f"tidak ada toko {min(unknown)!r}",
                id_hint="lihat yang dihentikan dengan: onboarder tasks --who operator",
            )
        await parking.let_go_on(tx, chosen, now=now)
        for one in chosen:
            await writes.note(tx, at=now, actor=by, action="store.redriven", subject=one)
    await doorbell.ring([(one, Lane.STALL) for one in chosen])
    return chosen


ANSWERS = {"keep": DriftPolicy.ADOPT, "restore": DriftPolicy.REPAIR}
"""What a person may answer to a drift, and the policy that carries the answer out."""
