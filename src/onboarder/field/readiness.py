"""What is still missing before a shop can be opened, per marketplace. Phones work the same out without signal."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from onboarder.connector.manifest import HumanStep
from onboarder.converge.surroundings import Marketplace
from onboarder.converge.wanted import wanted
from onboarder.field.kit import Kit, theirs
from onboarder.field.rules import Need
from onboarder.model.consents import Agreement, GivenConsent, Purpose, agreement
from onboarder.model.goods import Product
from onboarder.model.ids import MarketplaceName, Reference
from onboarder.people.roles import Person
from onboarder.records import consents, register
from onboarder.records.database import Transaction
from onboarder.records.field import Entry


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is missing. `subject`: the product that lacks it, None for the merchant."""

    code: str
    need: Need
    subject: Product | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """One marketplace's verdict. `steps`: what people do there once the shop has been ordered."""

    marketplace: MarketplaceName
    title: str
    lacks: tuple[Lack, ...]
    steps: tuple[HumanStep, ...]

    @property
    def minutes(self) -> int:
        """Until the shop can be ordered."""
        return sum(one.need.minutes for one in self.lacks)

    @property
    def ready(self) -> bool:
        """Goods that lack something do not keep the others from going up."""
        return not any(one.subject is None for one in self.lacks)


@dataclass(frozen=True, slots=True)
class Known:
    """All that the verdict follows from."""

    entry: Entry
    products: Sequence[Product]
    said: Collection[GivenConsent]


async def readiness(kit: Kit, who: Person, key: str) -> list[Readiness]:
    """For every configured marketplace."""
    async with kit.database.read() as tx:
        known = await all_known(tx, await theirs(tx, who, key))
    return [verdict(kit, known, one) for one in kit.around.marketplaces.values()]


async def all_known(tx: Transaction, entry: Entry) -> Known:
    owner = entry.merchant.id
    products = tuple((await register.products_of(tx, owner)).values())
    return Known(entry, products, await consents.of(tx, owner))


def verdict(kit: Kit, known: Known, marketplace: Marketplace) -> Readiness:
    """Pure."""
    needs, manifest = kit.rules.need, marketplace.connector.manifest
    missing = [Lack(code, needs[code]) for code in _of_merchant(known, marketplace.name)]
    faulty = [
        Lack(code, needs[code], product) for code, product in _of_goods(kit, known, marketplace)
    ]
    if len(faulty) == len(_on_sale(known)):
        missing.append(Lack("goods", needs["goods"]))
    return Readiness(marketplace.name, manifest.title, (*missing, *faulty), manifest.human_steps)


def _of_merchant(known: Known, marketplace: MarketplaceName) -> Iterator[str]:
    if not known.entry.merchant.trained:
        yield "training"
    asked = ((Purpose.DATA, None), (Purpose.MARKETPLACE, marketplace))
    for purpose, where in asked:
        found = agreement(known.said, purpose, where)
        unasked = found is Agreement.NEVER_ASKED and known.entry.in_the_field
        if unasked or found is Agreement.REFUSED:
            yield f"consent_{purpose}"


def _of_goods(kit: Kit, known: Known, marketplace: Marketplace) -> Iterator[tuple[str, Product]]:
    """What the marketplace is known to refuse, by the very rules of the loop."""
    merchant = known.entry.merchant
    faults = wanted(
        merchant,
        tuple(known.products),
        programme=kit.around.programme,
        manifest=marketplace.connector.manifest,
        categories=marketplace.categories,
        store_reference=Reference(merchant.id),
    ).faults
    for product in _on_sale(known):
        advice = faults.get(Reference(product.id))
        if advice is not None:
            yield advice.code.removeprefix("product."), product


def _on_sale(known: Known) -> list[Product]:
    return [one for one in known.products if one.active]
