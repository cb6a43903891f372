"""Reading everything that passes need: of many stores in as many statements as of one."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import RowMapping, Select, select

from onboarder.model.ids import PhotoHash, Reference, StoreId
from onboarder.model.recorded import StoreWork
from onboarder.model.work import IntentState
from onboarder.records import credentials
from onboarder.records.codec import (
    read_doubt,
    read_listing,
    read_merchant,
    read_product,
    read_store,
)
from onboarder.records.database import IDS, Transaction
from onboarder.records.tables import (
    credential,
    intent,
    listing,
    merchant,
    product,
    remote_photo,
    store,
)

AT_ONCE = 10
"""Stores read in the same statements: the rows of ten hold the event loop up for some ten milliseconds already."""

Rows = Mapping[str, Sequence[RowMapping]]
"""By the id of whom they belong to."""


async def load(tx: Transaction, wanted: StoreId) -> StoreWork:
    """Everything one pass needs; KeyError if there is no such store, ValueError if this release cannot read it."""
    [found] = await load_all(tx, [wanted])
    if isinstance(found, Exception):
        raise found
    return found


async def load_all(tx: Transaction, wanted: Sequence[StoreId]) -> list[StoreWork | Exception]:
    """`load` of each, in order, with the error instead of a store that is not there or cannot be read."""
    works: list[StoreWork | Exception] = []
    for start in range(0, len(wanted), AT_ONCE):
        works += await _load_some(tx, wanted[start : start + AT_ONCE])
    return works


async def _load_some(tx: Transaction, wanted: Sequence[StoreId]) -> list[StoreWork | Exception]:
    found = await _rows(tx, _STORES, wanted, "id")
    owners = {str(row["merchant_id"]) for rows in found.values() for row in rows}
    parts = {name: await _rows(tx, query, wanted) for name, query in _OF_STORES.items()}
    merchants = await _rows(tx, _MERCHANTS, owners, "id")
    products = await _rows(tx, _PRODUCTS, owners, "merchant_id")
    works: list[StoreWork | Exception] = []
    for one in wanted:
        works.append(_work(one, found, merchants, products, parts))
        await asyncio.sleep(0)  # however many there are, the event loop is not held up
    return works


def _work(
    wanted: StoreId, found: Rows, merchants: Rows, products: Rows, parts: Mapping[str, Rows]
) -> StoreWork | Exception:
    try:
        [row] = found.get(wanted) or [_missing(wanted)]
        record = read_store(row)
        [owner] = merchants[record.merchant_id]
        of_store = {name: rows.get(wanted, ()) for name, rows in parts.items()}
        return StoreWork(
            store=record,
            merchant=read_merchant(owner),
            products=tuple(map(read_product, products.get(record.merchant_id, ()))),
            listings={
                Reference(one["reference"]): read_listing(one) for one in of_store["listings"]
            },
            doubts=tuple(map(read_doubt, of_store["doubts"])),
            photos={PhotoHash(one["hash"]): str(one["key"]) for one in of_store["photos"]},
            credentials=next(map(credentials.read, of_store["credentials"]), None),
        )
    except (ValueError, TypeError, LookupError) as error:
        return error


def _missing(wanted: StoreId) -> RowMapping:
    raise KeyError(wanted)


async def _rows(
    tx: Transaction,
    query: Select[*tuple[object, ...]],
    ids: Collection[str],
    owner: str = "store_id",
) -> Rows:
    """The query's rows for the ids, by the column that says whose they are."""
    found: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for row in (await tx.execute(query, {"ids": list(ids)})).mappings():
        found[str(row[owner])].append(row)
    return found


_STORES = select(store).where(store.c.id.in_(IDS))
_MERCHANTS = select(merchant).where(merchant.c.id.in_(IDS))
_PRODUCTS = select(product).where(product.c.merchant_id.in_(IDS)).order_by(product.c.id)
_OF_STORES: Mapping[str, Select[*tuple[object, ...]]] = {
    "listings": select(listing).where(listing.c.store_id.in_(IDS)),
    "doubts": select(
        intent.c.store_id,
        intent.c.id.label("intent_id"),
        intent.c.reference,
        intent.c.kind,
        intent.c.doubt_until.label("until"),
    ).where(
        intent.c.store_id.in_(IDS), intent.c.state.in_([IntentState.PENDING, IntentState.UNKNOWN])
    ),
    "photos": select(remote_photo).where(remote_photo.c.store_id.in_(IDS)),
    "credentials": select(credential).where(credential.c.store_id.in_(IDS)),
}
