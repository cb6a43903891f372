"""`/merchants/{merchant}/goods`: what a merchant sells."""

from fastapi import APIRouter

from onboarder.api.premises import Premises
from onboarder.api.v1 import field_shown
from onboarder.api.v1.etag import Versioned, Versions
from onboarder.api.v1.field_answers import GoodShown
from onboarder.api.v1.field_bodies import (
    GoodChanged,
    GoodKey,
    GoodSent,
    MerchantKey,
    VariantSent,
    Worker,
)
from onboarder.api.v1.once import PerhapsRepeatable, Repeatable
from onboarder.field import goods
from onboarder.field.goods import Choice, Offered
from onboarder.field.kit import Kit
from onboarder.field.view import good_view
from onboarder.model.goods import Product
from onboarder.people.roles import Person

GOODS = "/merchants/{merchant}/goods"


def router(premises: Premises) -> APIRouter:
    """`/merchants/{merchant}/goods`."""
    made = APIRouter(tags=["goods"])
    _offers(made, premises.kit)
    _edits(made, premises.kit)
    return made


def _offers(made: APIRouter, kit: Kit) -> None:
    @made.post(GOODS, status_code=201)
    async def add(
        merchant: MerchantKey, who: Worker, sent: GoodSent, once: Repeatable, versions: Versioned
    ) -> GoodShown:
        async def work() -> str:
            return (await goods.add(kit, who, merchant, sent.id, _offered(sent))).id

        return await _shown(kit, who, merchant, await once.do(work), versions)

    @made.get(f"{GOODS}/{{good}}")
    async def one(
        merchant: MerchantKey, good: GoodKey, who: Worker, versions: Versioned
    ) -> GoodShown:
        return await _shown(kit, who, merchant, good, versions)


def _edits(made: APIRouter, kit: Kit) -> None:
    @made.patch(f"{GOODS}/{{good}}")
    async def edit(
        merchant: MerchantKey,
        good: GoodKey,
        who: Worker,
        *,
        sent: GoodChanged,
        once: PerhapsRepeatable,
        versions: Versioned,
    ) -> GoodShown:
        def change(before: Product) -> Offered:
            versions.must_match(field_shown.good_version(before))
            return _changed(before, sent)

        async def work() -> str:
            await goods.edit(kit, who, merchant, good, change)
            return good

        return await _shown(kit, who, merchant, await once.do(work), versions)

    @made.delete(f"{GOODS}/{{good}}")
    async def take_off(
        merchant: MerchantKey, good: GoodKey, who: Worker, versions: Versioned
    ) -> GoodShown:
        """Safe to repeat; an edit puts it on sale again."""
        await goods.take_off(kit, who, merchant, good)
        return await _shown(kit, who, merchant, good, versions)


async def _shown(kit: Kit, who: Person, merchant: str, good: str, versions: Versions) -> GoodShown:
    product, shelf = await good_view(kit, who, merchant, good)
    versions.mark(field_shown.good_version(product))
    return field_shown.good(product, shelf)


def _offered(sent: GoodSent) -> Offered:
    return Offered(
        name=sent.name,
        price=sent.price,
        stock=sent.stock,
        weight_grams=sent.weight_grams,
        category=sent.category,
        description=sent.description or "",
        photos=sent.photos,
        variants=_choices(sent.variants),
    )


def _changed(before: Product, sent: GoodChanged) -> Offered:
    """As it is, with what was sent. A price or stock of its own is for a product without variants."""
    shown, named = field_shown.good_version(before), sent.model_fields_set
    kept = tuple(Choice(one.name, one.price, one.stock) for one in before.variants if one.name)
    photos = tuple(str(one) for one in before.photos)
    return Offered(
        name=sent.name or shown.name,
        price=shown.price if sent.price is None else sent.price,
        stock=shown.stock if sent.stock is None else sent.stock,
        weight_grams=shown.weight_grams if sent.weight_grams is None else sent.weight_grams,
        category=sent.category if "category" in named else shown.category,
        description=(sent.description or "") if "description" in named else shown.description,
        photos=photos if sent.photos is None else sent.photos,
        variants=kept if sent.variants is None else _choices(sent.variants),
    )


def _choices(sent: tuple[VariantSent, ...]) -> tuple[Choice, ...]:
    return tuple(Choice(one.name, one.price, one.stock) for one in sent)
