"""The people of a programme: who makes whom, where they work, which phones they have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from onboarder.access import enrolling
from onboarder.access.enrolling import Invitation
from onboarder.access.entrance import Entrance
from onboarder.access.refused import Refused, Why
from onboarder.access.sessions import close_session
from onboarder.model.ids import MarketCode
from onboarder.people.roles import Person, Role
from onboarder.records import accounts, sessions, writes
from onboarder.records.accounts import AccountRecord
from onboarder.records.database import Transaction
from onboarder.records.field import IMPORT
from onboarder.records.sessions import SessionRecord

ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"
"""As registers name canvassers: `C07`."""
LONGEST_NAME = 200
LOOKS_AFTER: dict[Role, frozenset[Role]] = {
    Role.CANVASSER: frozenset(),
    Role.VIEWER: frozenset(),
    Role.COORDINATOR: frozenset({Role.CANVASSER, Role.VIEWER}),
    Role.OPERATOR: frozenset({Role.CANVASSER, Role.VIEWER, Role.COORDINATOR}),
}
"""Whose accounts and devices each role sees and changes. Operators are made at the server's own terminal."""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """As they are to be known. `markets` count for canvassers only."""

    id: str
    role: Role
    name: str = field(repr=False)
    markets: frozenset[MarketCode]


@dataclass(frozen=True, slots=True)
class Changes:
    """What of a person is to be different; None leaves it."""

    name: str | None = field(default=None, repr=False)
    markets: frozenset[MarketCode] | None = None
    disabled: bool | None = None


async def add_person(entrance: Entrance, fresh: NewPerson, *, by: str) -> AccountRecord:
    """Put a person on record. Safe to repeat.

    `Refused`: `person_unfit`, `person_exists`, `market_unknown`, `market_missing`.
    """
    fits = re.fullmatch(ID, fresh.id) and fresh.id.casefold() != IMPORT
    if not fits or not 0 < len(fresh.name) <= LONGEST_NAME:
        raise Refused(Why.PERSON_UNFIT)
    _check_markets(entrance, fresh.role, fresh.markets)
    account = AccountRecord(
        id=fresh.id,
        programme=entrance.programme.code,
        role=fresh.role,
        name=fresh.name,
        created_at=entrance.clock(),
        created_by=by,
        markets=fresh.markets,
    )
    async with entrance.database.write() as tx:
        if await accounts.add(tx, account):
            await _note(tx, entrance, "account.added", account.id, by)
            return account
        there = await accounts.find(tx, fresh.id)
    if there is None or _known(there) != (fresh, by):
        raise Refused(Why.PERSON_EXISTS)
    return there


async def everybody(
    entrance: Entrance, who: Person, *, after: str = "", most: int = 10_000
) -> Sequence[AccountRecord]:
    """The people that `who` looks after, by id."""
    async with entrance.database.read() as tx:
        return await accounts.everybody(
            tx, entrance.programme.code, roles=LOOKS_AFTER[who.role], after=after, most=most
        )


async def person(entrance: Entrance, who: Person, sought: str) -> AccountRecord:
    """One of the people that `who` looks after; `Refused` (`not_found`) for any other."""
    async with entrance.database.read() as tx:
        return await looked_after(tx, who, sought)


async def looked_after(
    tx: Transaction, who: Person, sought: str, *, to_change: bool = False
) -> AccountRecord:
    """As `person`, in an open transaction. `to_change`: nobody else changes it before the end."""
    found = await accounts.find(tx, sought, to_change=to_change)
    if found is None or found.programme != who.programme or found.role not in LOOKS_AFTER[who.role]:
        raise Refused(Why.NOT_FOUND)
    return found


async def change_person(
    tx: Transaction, entrance: Entrance, account: AccountRecord, changes: Changes, *, by: str
) -> AccountRecord:
    """Change a person; whoever is disabled is signed out everywhere. `Refused`: `market_unknown`, `market_missing`."""
    now = entrance.clock()
    if changes.markets is not None:
        _check_markets(entrance, account.role, changes.markets)
        await accounts.set_markets(tx, account.id, changes.markets)
    values = dict[str, object]()
    if changes.name is not None:
        values["name"] = changes.name
    if changes.disabled is not None:
        values["disabled_at"] = (account.disabled_at or now) if changes.disabled else None
    if values:
        await accounts.change(tx, account.id, values)
    if changes.disabled:
        await sessions.end_all(tx, account.id, by=by, now=now)
    await _note(tx, entrance, "account.changed", account.id, by, disabled=changes.disabled)
    return await accounts.get(tx, account.id)


async def invite(entrance: Entrance, who: Person, sought: str) -> Invitation:
    """A QR code for a canvasser's phone. `Refused`: `not_found`, `no_phone`, `person_disabled`."""
    account = await person(entrance, who, sought)
    if account.role is not Role.CANVASSER:
        raise Refused(Why.NO_PHONE)
    if account.disabled_at is not None:
        raise Refused(Why.PERSON_DISABLED)
    return await enrolling.invite(entrance, account.id, by=who.id)


async def devices(entrance: Entrance, who: Person, sought: str) -> Sequence[SessionRecord]:
    """The signed-in phones and browsers of somebody that `who` looks after, or of themselves."""
    async with entrance.database.read() as tx:
        owner = who.id if sought == who.id else (await looked_after(tx, who, sought)).id
        return await sessions.devices(tx, owner, now=entrance.clock())


async def lose(entrance: Entrance, who: Person, device: str) -> None:
    """The phone is lost: it is out with its next request. Safe to repeat. `Refused` (`not_found`) for others' devices."""
    async with entrance.database.write() as tx:
        owner = await sessions.owner_of(tx, device)
        if owner is None:
            raise Refused(Why.NOT_FOUND)
        if owner != who.id:
            await looked_after(tx, who, owner)
        await close_session(tx, entrance, device, by=who.id, action="phone.lost")


def _check_markets(entrance: Entrance, role: Role, markets: frozenset[MarketCode]) -> None:
    if not markets <= {market.code for market in entrance.programme.markets}:
        raise Refused(Why.MARKET_UNKNOWN)
    if role is Role.CANVASSER and not markets:
        raise Refused(Why.MARKET_MISSING)


def _known(account: AccountRecord) -> tuple[NewPerson, str]:
    fresh = NewPerson(account.id, account.role, account.name, account.markets)
    return fresh, account.created_by


async def _note(
    tx: Transaction, entrance: Entrance, action: str, who: str, by: str, **detail: object
) -> None:
    at = entrance.clock()
    await writes.note(tx, at=at, actor=by, action=action, subject=f"account:{who}", detail=detail)
