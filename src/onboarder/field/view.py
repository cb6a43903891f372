"""One merchant with all that belongs to them, as their page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from onboarder.field.consent_texts import Lang
from onboarder.field.goods import id_of
from onboarder.field.kit import Kit, theirs
from onboarder.field.refused import Missing
from onboarder.field.work import ShownStore, shown
from onboarder.model.consents import GivenConsent
from onboarder.model.goods import Product
from onboarder.model.ids import MarketplaceName, MerchantId, ProductId
from onboarder.people.roles import Person
from onboarder.records import consents, field, register, under_way
from onboarder.records.database import Transaction
from onboarder.records.field import Entry


@dataclass(frozen=True, slots=True)
class Shelf:
    """A product on a marketplace."""

    product: ProductId
    marketplace: MarketplaceName
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class View:
    """`shared`: how many others have the same phone, e-mail address or device."""

    entry: Entry
    products: Sequence[Product]
    shelf: Sequence[Shelf]
    said: Sequence[GivenConsent]
    identities: Sequence[str]
    stores: Sequence[ShownStore]
    shared: dict[str, int]


async def view(kit: Kit, who: Person, key: str, lang: Lang = "id") -> View:
    """All of one merchant, by our id or the phone's."""
    async with kit.database.read() as tx:
        entry = await theirs(tx, who, key)
        owner = entry.merchant.id
        return View(
            entry=entry,
            products=tuple((await register.products_of(tx, owner)).values()),
            shelf=await shelf(tx, owner),
            said=await consents.of(tx, owner),
            identities=sorted(await consents.identities(tx, owner)),
            stores=shown(kit, await under_way.of_merchant(tx, owner), lang),
            shared=await field.sharers(tx, entry),
        )


async def good_view(kit: Kit, who: Person, key: str, good: str) -> tuple[Product, list[Shelf]]:
    """One product of a merchant, by our id or the phone's."""
    async with kit.database.read() as tx:
        owner = (await theirs(tx, who, key)).merchant.id
        found = await field.good(tx, owner, id_of(owner, good))
        if found is None:
            raise Missing
        return found, await shelf(tx, owner)


async def shelf(tx: Transaction, owner: MerchantId) -> list[Shelf]:
    """Where the merchant's goods are."""
    return [
        Shelf(
            ProductId(row["reference"]),
            MarketplaceName(row["marketplace"]),
            str(row["state"]),
            row["reason"],
        )
        for row in await under_way.goods_states(tx, owner)
    ]
