"""Towns of any size for the night: one real shop, multiplied by the database itself, and a marketplace that shows them all.

Every shop has its own merchant, products, listings and sealed credentials; only names and ids differ.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from pydantic import SecretStr
from sqlalchemy import JSON, Column, String, Table, Text, cast, func, insert, literal, select
from sqlalchemy.sql.expression import ColumnElement, FromClause
from tests.support.mischief import with_connector
from tests.support.town import KEY, REHEARSAL, Town, a_merchant

from onboarder.connector.contract import Access, Page
from onboarder.model.ids import MerchantId, Reference, RemoteId, StoreId, store_id
from onboarder.model.shop import ObservedListing, ObservedOffer, ObservedStore
from onboarder.people.key_ring import KeyRing
from onboarder.people.vault import MerchantKey, Vault
from onboarder.records import credentials, tables
from onboarder.records.database import Transaction
from onboarder_rehearsal import RehearsalConnector

PRODUCTS = 10
CHUNK = 1000
"""Shops made per transaction."""
COPIED: tuple[tuple[Table, Column[str]], ...] = (
    (tables.merchant, tables.merchant.c.id),
    (tables.product, tables.product.c.merchant_id),
    (tables.store, tables.store.c.merchant_id),
    (tables.listing, tables.listing.c.store_id),
    (tables.remote_photo, tables.remote_photo.c.store_id),
)
"""Tables, and which of their columns says whose a row is."""


class OneKey:
    """All merchants share a key: the vault's work is the real one, what the key store holds is not."""

    def __init__(self, key: MerchantKey) -> None:
        self._key = key

    async def find(self, owner: MerchantId) -> MerchantKey | None:
        del owner
        return self._key

    async def keep(self, fresh: MerchantKey) -> MerchantKey:
        del fresh
        return self._key

    async def forget(self, owner: MerchantId) -> bool:
        raise NotImplementedError(owner)


class ShowsThemAll(RehearsalConnector):
    """Shows of every shop what the records of the first one say, under its own names; counts how often it is asked."""

    calls: int
    leave: Callable[[], Awaitable[None]]
    """Awaited before every answer: what the budget and the way there take."""
    first: str
    shop: ObservedStore
    listings: tuple[ObservedListing, ...]
    drifting: int
    """Every so many-th shop shows another price for its first listing; 0: none does."""

    async def observe_store(self, access: Access) -> ObservedStore | None:
        await self.leave()
        self.calls += 1
        return replace(self.shop, remote_id=access.remote_id, reference=access.reference)

    async def observe_listings(self, access: Access, cursor: str | None) -> Page:
        del cursor
        await self.leave()
        self.calls += 1
        shown = [_own(one, self.first, access.reference) for one in self.listings]
        number = access.reference[-8:]
        if self.drifting and number.isdigit() and int(number) % self.drifting == 0:
            shown[0] = _dearer(shown[0])
        return Page(tuple(shown), None)


async def at_once() -> None:
    """No way and no budget."""


async def multiply(
    town: Town, shops: int, *, drifting: int, leave: Callable[[], Awaitable[None]] = at_once
) -> ShowsThemAll:
    """Make so many shops of one that is opened here; the town is spoken to by the connector returned."""
    [original] = await town.open_shops(1, PRODUCTS)
    first = a_merchant(0).id
    ring = KeyRing({"k1": KEY}, active="k1", root="k1")
    vault = Vault(lambda: ring, OneKey(town.keys.kept[first]))
    for start in range(0, shops, CHUNK):
        numbers = range(start, min(shops, start + CHUNK))
        async with town.database.write() as tx:
            for table, whose in COPIED:
                await _copy(tx, table, whose, first, numbers)
            await _seal(tx, vault, numbers)
    town.around = replace(town.around, vault=vault)
    connector = await _shown_by(town, original, first, drifting)
    connector.leave = leave
    return connector


async def _shown_by(town: Town, original: StoreId, first: str, drifting: int) -> ShowsThemAll:
    work = await town.work_of(original)
    connector = with_connector(town, ShowsThemAll)
    connector.calls, connector.first, connector.drifting = 0, first, drifting
    connector.shop = ObservedStore(
        RemoteId("S1"), work.store.state, complete=work.store.complete, url=work.store.url
    )
    shown = (one.observed for one in work.listings.values())
    connector.listings = tuple(one for one in shown if one is not None)
    return connector


async def _copy(
    tx: Transaction, table: Table, whose: Column[str], first: MerchantId, numbers: range
) -> None:
    base = select(literal(numbers.start).label("n")).cte("numbers", recursive=True)
    series = base.union_all(select(base.c.n + 1).where(base.c.n < numbers.stop - 1))
    own = literal("knm-") + cast(series.c.n + 10_000_000, String)
    postgres = tx.dialect.name == "postgresql"
    values = [_renamed(one, first, own, series, postgres=postgres) for one in table.columns]
    source = (
        select(*values)
        .select_from(table.join(series, literal(True)))
        .where(whose.in_((first, store_id(first, REHEARSAL))))
    )
    await tx.execute(insert(table).from_select([one.name for one in table.columns], source))


def _renamed(
    column: Column[object],
    first: str,
    own: ColumnElement[str],
    series: FromClause,
    *,
    postgres: bool,
) -> ColumnElement[object] | ColumnElement[str]:
    if column is tables.store.c.remote_id:
        return literal("S") + cast(series.c.n + 10_000_000, String)
    if isinstance(column.type, JSON):
        text = func.replace(cast(column, Text), first, own)
        return cast(text, JSON) if postgres else func.replace(column, first, own, type_=Text)
    if isinstance(column.type, String | Text):
        return func.replace(column, first, own)
    return column


async def _seal(tx: Transaction, vault: Vault, numbers: range) -> None:
    rows: list[dict[str, object]] = []
    for number in numbers:
        owner = MerchantId(f"knm-{number + 10_000_000}")
        where = store_id(owner, REHEARSAL)
        sealed = await vault.seal(credentials.place(owner, where), SecretStr("token-" + owner))
        rows.append({"store_id": where, "sealed": sealed, "generation": 1, "tries": 0})
    await tx.execute(insert(tables.credential), rows)


def _own(shown: ObservedListing, first: str, reference: Reference) -> ObservedListing:
    def renamed(name: Reference) -> Reference:
        return Reference(name.replace(first, reference, 1))

    offers = tuple(replace(one, reference=renamed(one.reference)) for one in shown.offers or ())
    mine = renamed(shown.reference) if shown.reference is not None else None
    return replace(shown, reference=mine, offers=offers)


def _dearer(shown: ObservedListing) -> ObservedListing:
    def dearer(one: ObservedOffer) -> ObservedOffer:
        return replace(one, price=(one.price or 0) + 500)

    return replace(shown, offers=tuple(dearer(one) for one in shown.offers or ()))
