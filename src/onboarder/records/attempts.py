"""Tries at signing in, counted before they are looked at, so that of any number at once none is free."""

from datetime import datetime, timedelta

from sqlalchemy import case, delete, literal, select, update

from onboarder.records.account_tables import attempt
from onboarder.records.database import Transaction, insert_new
from onboarder.records.utc_time import UtcTime


async def take(tx: Transaction, subject: str, *, now: datetime, forget: timedelta) -> int | None:
    """One more try for the subject: how many there were; None while it must wait.

    They are counted anew when the first of them lies further back than `forget`.
    """
    fresh = {"subject": subject, "failures": 0, "since": now, "until": now}
    await insert_new(tx, attempt, [fresh])
    old = attempt.c.since < now - forget
    query = (
        update(attempt)
        .where(attempt.c.subject == subject, attempt.c.until <= now)
        .values(
            failures=case((old, 1), else_=attempt.c.failures + 1),
            since=case((old, literal(now, UtcTime())), else_=attempt.c.since),
        )
        .returning(attempt.c.failures)
    )
    taken: int | None = (await tx.execute(query)).scalar()
    return taken


async def hold(tx: Transaction, subject: str, *, until: datetime) -> None:
    """No try before then."""
    await tx.execute(update(attempt).where(attempt.c.subject == subject).values(until=until))


async def held_until(tx: Transaction, subject: str) -> datetime | None:
    """Until when the subject must wait; None if nothing is known of it."""
    found: datetime | None = await tx.scalar(
        select(attempt.c.until).where(attempt.c.subject == subject)
    )
    return found


async def forgive(tx: Transaction, subject: str) -> None:
    """It succeeded: its tries no longer count."""
    await tx.execute(delete(attempt).where(attempt.c.subject == subject))


async def give_back(tx: Transaction, subject: str, *, now: datetime) -> None:
    """The last try was a right one and does not count."""
    some = (attempt.c.subject == subject, attempt.c.failures > 0)
    values = {"failures": attempt.c.failures - 1, "until": now}
    await tx.execute(update(attempt).where(*some).values(values))


async def prune(tx: Transaction, before: datetime) -> None:
    """Forget subjects whose tries began and whose wait ended before that time. Safe to repeat."""
    over = (attempt.c.since < before, attempt.c.until < before)
    await tx.execute(delete(attempt).where(*over))
