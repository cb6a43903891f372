"""Merchants as people in the field know them: by the phone's id, by market, by name, and by what they share."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, func, or_, select, update

from onboarder.model.goods import Product
from onboarder.model.ids import (
    MarketCode,
    MerchantId,
    ProductId,
    ProgrammeCode,
    StoreId,
    normal,
)
from onboarder.model.people import Merchant
from onboarder.records import register
from onboarder.records.codec import merchant_row, product_row, read_merchant, read_product
from onboarder.records.database import Transaction, insert_new
from onboarder.records.tables import merchant, product, store

IMPORT = "import"
"""Who registered the merchants that came by a register."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A merchant, and how they came into the records."""

    merchant: Merchant
    registered_by: str
    registered_at: datetime
    changed_at: datetime
    device: str | None = field(repr=False)
    """Digest of a mark of the merchant's own phone."""
    practice: bool = False
    """Invented by somebody who practises: no figure counts such a merchant, and no real shop is opened."""

    @property
    def in_the_field(self) -> bool:
        return self.registered_by != IMPORT

    @property
    def field_id(self) -> str | None:
        """The id that a phone made; None if the merchant came by an import."""
        return self.merchant.register_key if self.in_the_field else None


@dataclass(frozen=True, slots=True)
class Wish:
    """Which merchants a list is of. `markets` None: all of the programme."""

    programme: ProgrammeCode
    markets: Collection[MarketCode] | None
    text: str = ""
    """Part of the name, the shop's name or the place."""


async def entry(tx: Transaction, key: str, *, to_edit: bool = False) -> Entry | None:
    """By our id or the phone's. `to_edit`: nobody else changes it before this transaction ends."""
    by_phone = (merchant.c.register_key == key) & (merchant.c.registered_by != IMPORT)
    query = select(merchant).where(or_(merchant.c.id == key, by_phone))
    found = (await tx.execute(query.with_for_update() if to_edit else query)).mappings().first()
    return None if found is None else _entry(found)


async def entries(tx: Transaction, wish: Wish, *, after: str, most: int) -> list[Entry]:
    """In the order of their ids."""
    query = select(merchant).where(merchant.c.id > after, *_wanted(wish))
    rows = (await tx.execute(query.order_by(merchant.c.id).limit(most))).mappings()
    return [_entry(row) for row in rows]


async def from_the_field(tx: Transaction, ids: Sequence[MerchantId]) -> set[MerchantId]:
    """Which of the merchants were registered in the field."""
    found: set[MerchantId] = set()
    for start in range(0, len(ids), register.CHUNK):
        chosen = merchant.c.id.in_(ids[start : start + register.CHUNK])
        query = select(merchant.c.id).where(chosen, merchant.c.registered_by != IMPORT)
        found |= {MerchantId(one) for one in (await tx.execute(query)).scalars()}
    return found


async def enter(tx: Transaction, fresh: Entry) -> None:
    """A new merchant, unless the phone's id is on record already. Safe to repeat."""
    row = merchant_row(fresh.merchant) | {
        "registered_by": fresh.registered_by,
        "registered_at": fresh.registered_at,
        "changed_at": fresh.changed_at,
        "device": fresh.device,
        "practice": fresh.practice,
    }
    await insert_new(tx, merchant, [row])


async def rewrite(tx: Transaction, changed: Entry) -> None:
    """Save what was edited."""
    one = changed.merchant
    await register.save_merchants(tx, [one], [one.id], changed.changed_at)
    mine = merchant.c.id == one.id
    await tx.execute(update(merchant).where(mine).values(device=changed.device))


async def mark_device(tx: Transaction, where: StoreId, device: str) -> None:
    """On which phone the store's owner went to the marketplace: the digest of its mark, in place of an earlier one."""
    owner = select(store.c.merchant_id).where(store.c.id == where).scalar_subquery()
    await tx.execute(update(merchant).where(merchant.c.id == owner).values(device=device))


async def sharers(tx: Transaction, of: Entry) -> dict[str, int]:
    """How many others of the programme, real or invented as this one, have the same `phone`, `email` or `device`.

    Only what is shared.
    """
    mine = {"phone": of.merchant.phone, "email": of.merchant.email, "device": of.device}
    others = (
        merchant.c.programme == of.merchant.programme,
        merchant.c.practice == of.practice,
        merchant.c.id != of.merchant.id,
    )
    found: dict[str, int] = {}
    for name, value in mine.items():
        if value:
            query = select(func.count()).where(*others, merchant.c[name] == value)
            found[name] = int(await tx.scalar(query) or 0)
    return {name: number for name, number in found.items() if number}


async def namesakes(tx: Transaction, one: Merchant) -> list[Merchant]:
    """Who might be the same person, on record already: real ones of that name in the market or with the same phone."""
    near: ColumnElement[bool] = merchant.c.market == one.market
    if one.phone:
        near |= merchant.c.phone == one.phone
    real = merchant.c.practice.is_(False)
    names = select(merchant.c.id, merchant.c.name)
    rows = await tx.execute(names.where(merchant.c.programme == one.programme, real, near))
    wanted = normal(one.name)
    alike = [key for key, name in rows if normal(name) == wanted]
    found = await tx.execute(select(merchant).where(merchant.c.id.in_(alike)))
    return [read_merchant(row) for row in found.mappings()]


async def good(
    tx: Transaction, owner: MerchantId, wanted: ProductId, *, to_edit: bool = False
) -> Product | None:
    """One of the merchant's products."""
    mine = select(product).where(product.c.id == wanted, product.c.merchant_id == owner)
    row = (await tx.execute(mine.with_for_update() if to_edit else mine)).mappings().first()
    return None if row is None else read_product(row)


async def add_good(tx: Transaction, fresh: Product, *, now: datetime) -> None:
    """A new product, unless its id is on record already. Safe to repeat."""
    await insert_new(tx, product, [product_row(fresh) | {"changed_at": now}])


def _wanted(wish: Wish) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [merchant.c.programme == wish.programme]
    if wish.markets is not None:
        chosen.append(merchant.c.market.in_(sorted(wish.markets)))
    if wish.text:
        looked = (merchant.c.name, merchant.c.shop_name, merchant.c.stall)
        text = wish.text.lower()
        chosen.append(or_(*(func.lower(one).contains(text, autoescape=True) for one in looked)))
    return chosen


def _entry(row: RowMapping) -> Entry:
    return Entry(
        read_merchant(row),
        str(row["registered_by"]),
        row["registered_at"] or row["changed_at"],
        row["changed_at"],
        row["device"],
        bool(row["practice"]),
    )
