"""Saving an import: everything it changes in one transaction, or nothing."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from onboarder.intake.importing import ImportPlan, KnownRegister
from onboarder.model.ids import MerchantId, ProgrammeCode, StoreId
from onboarder.problems import BusyProblem
from onboarder.records import register, stores, writes
from onboarder.records.database import Database, Transaction


async def known_register(database: Database, programme: ProgrammeCode) -> KnownRegister:
    """What the records hold of a programme, for planning an import."""
    async with database.read() as tx:
        return KnownRegister(
            merchants=await register.merchants(tx, programme),
            products=await register.products(tx, programme),
            decisions=await register.decisions(tx),
        )


async def save_import(
    database: Database,
    plan: ImportPlan,
    *,
    programme: ProgrammeCode,
    by: str,
    clock: Callable[[], datetime],
) -> list[StoreId]:
    """Save the plan and wake the stores of everybody whose rows changed; returns those stores. Safe to repeat.

    `BusyProblem` if another import entered the same people meanwhile; nothing is saved then.
    """
    if plan.changes_nothing:
        return []
    try:
        async with database.write() as tx:
            now = clock()
            await _save(tx, plan, now)
            woken = await stores.wake_merchants(tx, sorted(_touched(plan)), now=now)
            await writes.note(
                tx,
                at=now,
                actor=by,
                action="register.imported",
                subject=programme,
                detail=_figures(plan),
            )
    except IntegrityError:
        raise BusyProblem(
            "another import changed the register meanwhile; nothing of this one was saved",
            hint="run the same import again",
            id_message="impor lain sedang mengubah daftar; impor ini tidak disimpan",
            id_hint="jalankan impor yang sama sekali lagi",
        ) from None
    return woken


async def _save(tx: Transaction, plan: ImportPlan, now: datetime) -> None:
    merchants = [*plan.new_merchants, *(one.after for one in plan.changed_merchants)]
    known_merchants = [one.after.id for one in plan.changed_merchants]
    await register.save_merchants(tx, merchants, known_merchants, now)
    products = [*plan.new_products, *(one.after for one in plan.changed_products)]
    known_products = [one.after.id for one in plan.changed_products]
    await register.save_products(tx, products, known_products, now)
    await register.save_decisions(tx, dict(plan.decisions), now)


def _touched(plan: ImportPlan) -> set[MerchantId]:
    """Owners of everything new or changed; somebody new has no store yet."""
    products = [*plan.new_products, *(one.after for one in plan.changed_products)]
    return {one.after.id for one in plan.changed_merchants} | {one.merchant_id for one in products}


def _figures(plan: ImportPlan) -> dict[str, object]:
    return {
        "new_merchants": len(plan.new_merchants),
        "changed_merchants": len(plan.changed_merchants),
        "new_products": len(plan.new_products),
        "changed_products": len(plan.changed_products),
        "decisions": len(plan.decisions),
        "held_back": len(plan.verdicts),
    }
