"""What is on record about many stores at once, those not ordered yet included, for plans that change nothing."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from onboarder.model.goods import Product
from onboarder.model.ids import MarketplaceName, MerchantId, PhotoHash, Reference, StoreId, store_id
from onboarder.model.people import Merchant
from onboarder.model.recorded import Doubt, ListingRecord, StoreRecord, StoreWork
from onboarder.model.shop import StoreState
from onboarder.model.work import IntentState, Lane
from onboarder.records.codec import (
    read_doubt,
    read_listing,
    read_merchant,
    read_product,
    read_store,
)
from onboarder.records.database import Transaction
from onboarder.records.register import CHUNK
from onboarder.records.tables import intent, listing, merchant, product, remote_photo, store


async def works(
    tx: Transaction, merchants: Sequence[Merchant], marketplace: MarketplaceName
) -> list[StoreWork]:
    """One per merchant, in their order; without credentials, as nothing is to be called."""
    found: list[StoreWork] = []
    for start in range(0, len(merchants), CHUNK):
        found += await _chunk(tx, merchants[start : start + CHUNK], marketplace)
    return found


async def owners(tx: Transaction, marketplace: MarketplaceName) -> list[Merchant]:
    """Whose stores we have there, in the order in which they were ordered."""
    query = (
        select(merchant)
        .join(store, store.c.merchant_id == merchant.c.id)
        .where(store.c.marketplace == marketplace)
        .order_by(store.c.created_at, store.c.id)
    )
    return [read_merchant(row) for row in (await tx.execute(query)).mappings()]


async def _chunk(
    tx: Transaction, merchants: Sequence[Merchant], marketplace: MarketplaceName
) -> list[StoreWork]:
    ids = [store_id(one.id, marketplace) for one in merchants]
    known = {
        StoreId(row["id"]): read_store(row)
        for row in (await tx.execute(select(store).where(store.c.id.in_(ids)))).mappings()
    }
    goods = await _products(tx, [one.id for one in merchants])
    listings = await _listings(tx, list(known))
    doubts = await _doubts(tx, list(known))
    photos = await _photos(tx, list(known))
    return [
        StoreWork(
            store=known.get(where) or _not_ordered(owner.id, marketplace),
            merchant=owner,
            products=tuple(goods[owner.id]),
            listings=listings[where],
            doubts=tuple(doubts[where]),
            photos=photos[where],
            credentials=None,
        )
        for owner, where in zip(merchants, ids, strict=True)
    ]


def _not_ordered(owner: MerchantId, marketplace: MarketplaceName) -> StoreRecord:
    return StoreRecord(
        id=store_id(owner, marketplace),
        merchant_id=owner,
        marketplace=marketplace,
        reference=Reference(owner),
        state=StoreState.DRAFT,
        remote_id=None,
        complete=False,
        reason=None,
        observed_at=None,
        failure=None,
        attempts=0,
        starts=0,
        lane=Lane.STALL,
        due_at=None,
        generation=0,
        review_run=None,
        requested_by="",
    )


async def _products(
    tx: Transaction, owners: Sequence[MerchantId]
) -> defaultdict[MerchantId, list[Product]]:
    query = select(product).where(product.c.merchant_id.in_(owners)).order_by(product.c.id)
    found: defaultdict[MerchantId, list[Product]] = defaultdict(list)
    for row in (await tx.execute(query)).mappings():
        found[MerchantId(row["merchant_id"])].append(read_product(row))
    return found


async def _listings(
    tx: Transaction, ids: Sequence[StoreId]
) -> defaultdict[StoreId, dict[Reference, ListingRecord]]:
    found: defaultdict[StoreId, dict[Reference, ListingRecord]] = defaultdict(dict)
    for row in (await tx.execute(select(listing).where(listing.c.store_id.in_(ids)))).mappings():
        found[StoreId(row["store_id"])][Reference(row["reference"])] = read_listing(row)
    return found


async def _doubts(tx: Transaction, ids: Sequence[StoreId]) -> defaultdict[StoreId, list[Doubt]]:
    query = select(
        intent.c.store_id,
        intent.c.id.label("intent_id"),
        intent.c.reference,
        intent.c.kind,
        intent.c.doubt_until.label("until"),
    ).where(
        intent.c.store_id.in_(ids), intent.c.state.in_([IntentState.PENDING, IntentState.UNKNOWN])
    )
    found: defaultdict[StoreId, list[Doubt]] = defaultdict(list)
    for row in (await tx.execute(query)).mappings():
        found[StoreId(row["store_id"])].append(read_doubt(row))
    return found


async def _photos(
    tx: Transaction, ids: Sequence[StoreId]
) -> defaultdict[StoreId, dict[PhotoHash, str]]:
    query = select(remote_photo).where(remote_photo.c.store_id.in_(ids))
    found: defaultdict[StoreId, dict[PhotoHash, str]] = defaultdict(dict)
    for row in (await tx.execute(query)).mappings():
        found[StoreId(row["store_id"])][PhotoHash(row["hash"])] = str(row["key"])
    return found
