"""Enrolments and sessions: looked for by digests of their tokens, which the database does not know."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, update

from onboarder.records.account_tables import account, enrolment, session
from onboarder.records.codec import reader
from onboarder.records.database import Transaction


@dataclass(frozen=True, slots=True)
class EnrolmentRecord:
    """A QR code that lets one phone in."""

    digest: str = field(repr=False)
    account_id: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A phone or browser that is signed in. `device` is the name that people may see."""

    digest: str = field(repr=False)
    device: str
    account_id: str
    title: str
    created_at: datetime
    seen_at: datetime
    idle_until: datetime
    expires_at: datetime
    pin: str | None = field(default=None, repr=False)
    """A hash; None where a password and a code opened the session."""
    pin_tries: int = 0
    pin_due_at: datetime | None = None
    """From then on the PIN is asked for."""
    ended_at: datetime | None = None
    ended_by: str | None = None


async def add_enrolment(tx: Transaction, fresh: EnrolmentRecord) -> None:
    """Whoever had an unused one has only this one now."""
    earlier = (enrolment.c.account_id == fresh.account_id, enrolment.c.used_at.is_(None))
    await tx.execute(delete(enrolment).where(*earlier))
    await tx.execute(insert(enrolment).values(_row(fresh)))


async def enrolment_owner(tx: Transaction, digest: str, *, now: datetime) -> str | None:
    """Whose phone the token lets in; None if it does not (any more)."""
    query = (
        select(enrolment.c.account_id)
        .join(account)
        .where(*_usable(digest, now), account.c.disabled_at.is_(None))
    )
    owner: str | None = await tx.scalar(query)
    return owner


async def use_enrolment(tx: Transaction, digest: str, *, now: datetime) -> bool:
    """Use the token up; False if it does not work (any more). Of any number at once exactly one gets True."""
    done = await tx.execute(update(enrolment).where(*_usable(digest, now)).values(used_at=now))
    return bool(done.rowcount)


async def add(tx: Transaction, fresh: SessionRecord) -> None:
    await tx.execute(insert(session).values(_row(fresh)))


async def living(tx: Transaction, digest: str, *, now: datetime) -> SessionRecord | None:
    """The session, unless it ended, fell asleep or its person is disabled."""
    query = (
        select(session)
        .join(account)
        .where(session.c.digest == digest, *_alive(now), account.c.disabled_at.is_(None))
    )
    row = (await tx.execute(query)).mappings().first()
    return None if row is None else _read(row)


async def seen(tx: Transaction, digest: str, *, now: datetime, idle_until: datetime) -> None:
    """It is used; it falls asleep later."""
    values = {"seen_at": now, "idle_until": idle_until}
    await tx.execute(update(session).where(session.c.digest == digest).values(values))


async def devices(tx: Transaction, who: str, *, now: datetime) -> list[SessionRecord]:
    """The person's living sessions, newest first."""
    query = (
        select(session)
        .where(session.c.account_id == who, *_alive(now))
        .order_by(session.c.created_at.desc(), session.c.device)
    )
    return [_read(row) for row in (await tx.execute(query)).mappings()]


async def owner_of(tx: Transaction, device: str) -> str | None:
    """Whose device it is; None if there is none such."""
    found: str | None = await tx.scalar(
        select(session.c.account_id).where(session.c.device == device)
    )
    return found


async def end(tx: Transaction, device: str, *, by: str, now: datetime) -> bool:
    """The device is signed out at once; False if it was before. Safe to repeat."""
    open_one = (session.c.device == device, session.c.ended_at.is_(None))
    done = await tx.execute(update(session).where(*open_one).values(ended_at=now, ended_by=by))
    return bool(done.rowcount)


async def end_all(tx: Transaction, who: str, *, by: str, now: datetime) -> None:
    """All of the person's devices are signed out, and no QR code lets in another. Safe to repeat."""
    open_ones = (session.c.account_id == who, session.c.ended_at.is_(None))
    await tx.execute(update(session).where(*open_ones).values(ended_at=now, ended_by=by))
    unused = (enrolment.c.account_id == who, enrolment.c.used_at.is_(None))
    await tx.execute(delete(enrolment).where(*unused))


async def take_try(tx: Transaction, digest: str, *, most: int) -> int | None:
    """One more try of the PIN: its number; None if there is none left. Of any number at once exactly `most` get one."""
    left = (session.c.digest == digest, session.c.pin_tries < most, session.c.ended_at.is_(None))
    query = (
        update(session)
        .where(*left)
        .values(pin_tries=session.c.pin_tries + 1)
        .returning(session.c.pin_tries)
    )
    number: int | None = (await tx.execute(query)).scalar()
    return number


async def pin_given(tx: Transaction, digest: str, *, due_at: datetime) -> bool:
    """The right PIN came: all tries are there again. False if the session ended meanwhile."""
    still = (session.c.digest == digest, session.c.ended_at.is_(None))
    done = await tx.execute(update(session).where(*still).values(pin_tries=0, pin_due_at=due_at))
    return bool(done.rowcount)


async def prune(tx: Transaction, before: datetime) -> None:
    """Forget sessions and enrolments that were over before that time. Safe to repeat."""
    await tx.execute(delete(session).where(session.c.expires_at < before))
    await tx.execute(delete(enrolment).where(enrolment.c.expires_at < before))


def _usable(digest: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        enrolment.c.digest == digest,
        enrolment.c.used_at.is_(None),
        enrolment.c.expires_at > now,
    )


def _alive(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        session.c.ended_at.is_(None),
        session.c.idle_until > now,
        session.c.expires_at > now,
    )


def _row(one: EnrolmentRecord | SessionRecord) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}


_read = reader(SessionRecord)
