"""Merchants and products: what the register said last."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Select, Table, delete, insert, select, update

from onboarder.model.goods import Product
from onboarder.model.ids import MarketCode, MerchantId, ProductId, ProgrammeCode
from onboarder.model.people import Merchant
from onboarder.records.codec import merchant_row, product_row, read_merchant, read_product
from onboarder.records.database import Transaction
from onboarder.records.tables import canvasser, decision, merchant, product

CHUNK = 500
"""Rows per statement: below SQLite's limit of bound values."""


async def merchants(
    tx: Transaction, programme: ProgrammeCode, market: MarketCode | None = None
) -> dict[MerchantId, Merchant]:
    """The programme's merchants, or one market's, by id."""
    query = select(merchant).where(merchant.c.programme == programme).order_by(merchant.c.id)
    if market is not None:
        query = query.where(merchant.c.market == market)
    rows = (await tx.execute(query)).mappings()
    return {found.id: found for found in map(read_merchant, rows)}


async def merchant_by_id(tx: Transaction, wanted: MerchantId) -> Merchant | None:
    row = (await tx.execute(select(merchant).where(merchant.c.id == wanted))).mappings().first()
    return None if row is None else read_merchant(row)


async def products(tx: Transaction, programme: ProgrammeCode) -> dict[ProductId, Product]:
    """All products of the programme's merchants by id."""
    query = select(product).join(merchant).where(merchant.c.programme == programme)
    return await _products(tx, query.order_by(product.c.id))


async def products_of(tx: Transaction, owner: MerchantId) -> dict[ProductId, Product]:
    """One merchant's products by id."""
    query = select(product).where(product.c.merchant_id == owner).order_by(product.c.id)
    return await _products(tx, query)


async def decisions(tx: Transaction) -> dict[str, str]:
    """Answers people gave to the import's questions, by subject."""
    rows = await tx.execute(select(decision.c.subject, decision.c.answer))
    return {str(subject): str(answer) for subject, answer in rows}


async def save_merchants(
    tx: Transaction, saved: Sequence[Merchant], known: Iterable[MerchantId], now: datetime
) -> None:
    """Insert the new ones and overwrite the known ones; their canvassers are entered too."""
    rows = [merchant_row(one) | {"changed_at": now} for one in saved]
    await _save(tx, merchant, rows, set(known), first={"registered_at": now})
    people = {(str(one.trained_by), str(one.programme)) for one in saved if one.trained_by}
    await _add_canvassers(tx, people)


async def save_products(
    tx: Transaction, saved: Sequence[Product], known: Iterable[ProductId], now: datetime
) -> None:
    """Insert the new ones and overwrite the known ones."""
    rows = [product_row(one) | {"changed_at": now} for one in saved]
    await _save(tx, product, rows, set(known))


async def save_decisions(tx: Transaction, answers: dict[str, str], now: datetime) -> None:
    """Remember people's answers, replacing earlier ones to the same question."""
    for subject, answer in answers.items():
        await tx.execute(delete(decision).where(decision.c.subject == subject))
        await tx.execute(insert(decision).values(subject=subject, answer=answer, at=now))


async def _products(tx: Transaction, query: Select[tuple[object, ...]]) -> dict[ProductId, Product]:
    rows = (await tx.execute(query)).mappings()
    return {found.id: found for found in map(read_product, rows)}


async def _save(
    tx: Transaction,
    table: Table,
    rows: Sequence[dict[str, object]],
    known: set[str],
    first: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """`first` goes into new rows and is never changed afterwards."""
    new = [row | dict(first) for row in rows if row["id"] not in known]
    for start in range(0, len(new), CHUNK):
        await tx.execute(insert(table), new[start : start + CHUNK])
    for row in rows:
        if row["id"] in known:
            await tx.execute(update(table).where(table.c.id == row["id"]).values(row))


async def _add_canvassers(tx: Transaction, people: set[tuple[str, str]]) -> None:
    known = set((await tx.execute(select(canvasser.c.id))).scalars())
    new = [
        {"id": who, "programme": programme} for who, programme in sorted(people) if who not in known
    ]
    if new:
        await tx.execute(insert(canvasser), new)
