"""People who sign in, and the markets they work in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from onboarder.model.ids import MarketCode, ProgrammeCode
from onboarder.people.roles import Role
from onboarder.records.account_tables import account, account_market
from onboarder.records.codec import reader
from onboarder.records.database import Transaction, insert_new


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """Somebody who may sign in. Personal and secret fields stay out of `repr`."""

    id: str
    programme: ProgrammeCode
    role: Role
    name: str = field(repr=False)
    created_at: datetime
    created_by: str
    disabled_at: datetime | None = None
    password: str | None = field(default=None, repr=False)
    """A hash; None for who signs in with an enrolled phone."""
    totp: str | None = field(default=None, repr=False)
    """The sealed secret of the one-time codes."""
    totp_used: int = 0
    """Counter of the newest code that was used."""
    markets: frozenset[MarketCode] = frozenset()


def handle_of(name: str) -> str:
    """An account's id as compared: case does not matter, for phones begin words with a capital."""
    return name.strip().casefold()


async def add(tx: Transaction, fresh: AccountRecord) -> bool:
    """False, and nothing is changed, if there is an account of that id already."""
    row = {name: getattr(fresh, name) for name in fresh.__slots__ if name != "markets"}
    await insert_new(tx, account, [{**row, "handle": handle_of(fresh.id)}])
    there = await find(tx, fresh.id)
    if there is None or replace(there, markets=fresh.markets) != fresh:
        return False
    await set_markets(tx, fresh.id, fresh.markets)
    return True


async def set_markets(tx: Transaction, who: str, markets: Iterable[MarketCode]) -> None:
    await tx.execute(delete(account_market).where(account_market.c.account_id == who))
    rows = [{"account_id": who, "market": one} for one in sorted(markets)]
    if rows:
        await tx.execute(insert(account_market), rows)


async def find(tx: Transaction, name: str, *, to_change: bool = False) -> AccountRecord | None:
    """The account of that id, in whatever case it is written. `to_change`: nobody else changes it before the end."""
    query = select(account).where(account.c.handle == handle_of(name))
    query = query.with_for_update() if to_change else query
    row = (await tx.execute(query)).mappings().first()
    if row is None:
        return None
    own = await _markets(tx, [row["id"]])
    return replace(_read(row), markets=own.get(row["id"], frozenset()))


async def get(tx: Transaction, who: str) -> AccountRecord:
    """The account, which is there."""
    found = await find(tx, who)
    assert found is not None
    return found


async def everybody(
    tx: Transaction,
    programme: ProgrammeCode,
    *,
    roles: Iterable[Role] = tuple(Role),
    after: str = "",
    most: int = 10_000,
) -> list[AccountRecord]:
    """Accounts of those roles in the programme by id, those after that one."""
    query = (
        select(account)
        .where(
            account.c.programme == programme,
            account.c.role.in_([*roles]),
            account.c.id > after,
        )
        .order_by(account.c.id)
        .limit(most)
    )
    rows = (await tx.execute(query)).mappings().all()
    own = await _markets(tx, [row["id"] for row in rows])
    return [replace(_read(row), markets=own.get(row["id"], frozenset())) for row in rows]


async def change(tx: Transaction, who: str, values: Mapping[str, object]) -> None:
    """Set columns of one account."""
    await tx.execute(update(account).where(account.c.id == who).values(dict(values)))


async def use_code(tx: Transaction, who: str, counter: int) -> bool:
    """Use a one-time code up; False if it or a later one was used before. Of any number at once one gets True."""
    unused = (account.c.id == who, account.c.totp_used < counter)
    done = await tx.execute(update(account).where(*unused).values(totp_used=counter))
    return bool(done.rowcount)


async def _markets(tx: Transaction, who: list[str]) -> dict[str, frozenset[MarketCode]]:
    query = select(account_market).where(account_market.c.account_id.in_(who))
    found = dict[str, set[MarketCode]]()
    for row in (await tx.execute(query)).mappings():
        found.setdefault(row["account_id"], set()).add(MarketCode(row["market"]))
    return {one: frozenset(markets) for one, markets in found.items()}


_read = reader(AccountRecord)
