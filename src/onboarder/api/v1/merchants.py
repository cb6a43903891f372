"""`/merchants`: registered at the stall, edited, trained, their identity sealed, their readiness."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from onboarder.api.premises import Premises
from onboarder.api.v1 import field_shown
from onboarder.api.v1.bodies import Page, Words
from onboarder.api.v1.etag import Versioned, Versions
from onboarder.api.v1.field_answers import MerchantItem, MerchantShown, ReadinessShown
from onboarder.api.v1.field_bodies import (
    IdentitySent,
    InLang,
    MerchantChanged,
    MerchantKey,
    MerchantSent,
    TrainingSent,
    Worker,
)
from onboarder.api.v1.once import PerhapsRepeatable, Repeatable
from onboarder.api.v1.paging import Paged
from onboarder.field import merchants, sealed
from onboarder.field.consent_texts import Lang
from onboarder.field.kit import Kit
from onboarder.field.merchants import Written
from onboarder.field.readiness import readiness
from onboarder.field.view import View, view
from onboarder.intake.names import block_and_stall, place_of
from onboarder.model.ids import MarketCode
from onboarder.people.roles import Person
from onboarder.records.field import Entry


def router(premises: Premises) -> APIRouter:
    """`/merchants`."""
    made = APIRouter(tags=["merchants"])
    _lists(made, premises.kit)
    _registers(made, premises.kit)
    _edits(made, premises.kit)
    _seals(made, premises.kit)
    return made


def _lists(made: APIRouter, kit: Kit) -> None:
    @made.get("/merchants")
    async def every(
        who: Worker,
        paging: Paged,
        market: Annotated[str, Query(pattern=r"^[A-Za-z0-9_.-]{0,32}$")] = "",
        q: Annotated[Words, Query(max_length=100)] = "",
    ) -> Page[MerchantItem]:
        rows = await merchants.listed(
            kit, who, market=market, text=q.strip(), after=paging.after, most=paging.most
        )
        return paging.page(rows, lambda row: row.merchant.id, field_shown.item)

    @made.get("/merchants/{merchant}")
    async def one(
        merchant: MerchantKey, who: Worker, versions: Versioned, lang: InLang = "id"
    ) -> MerchantShown:
        return await _shown(kit, who, merchant, versions, lang)

    @made.get("/merchants/{merchant}/readiness")
    async def missing(
        merchant: MerchantKey, who: Worker, lang: InLang = "id"
    ) -> list[ReadinessShown]:
        return [
            field_shown.readiness(verdict, lang) for verdict in await readiness(kit, who, merchant)
        ]


def _registers(made: APIRouter, kit: Kit) -> None:
    @made.post("/merchants", status_code=201)
    async def register(
        who: Worker, sent: MerchantSent, once: Repeatable, versions: Versioned, lang: InLang = "id"
    ) -> MerchantShown:
        async def work() -> str:
            entry = await merchants.register(
                kit,
                who,
                sent.id,
                _written(sent),
                same_person_ok=sent.same_person_ok,
                practice=sent.practice,
            )
            return entry.merchant.id

        return await _shown(kit, who, await once.do(work), versions, lang)


def _edits(made: APIRouter, kit: Kit) -> None:
    @made.patch("/merchants/{merchant}")
    async def edit(
        merchant: MerchantKey,
        who: Worker,
        *,
        sent: MerchantChanged,
        once: PerhapsRepeatable,
        versions: Versioned,
        lang: InLang = "id",
    ) -> MerchantShown:
        def change(entry: Entry) -> Written:
            versions.must_match(field_shown.version_of(entry))
            return _changed(entry, sent)

        async def work() -> str:
            return (await merchants.edit(kit, who, merchant, change)).merchant.id

        return await _shown(kit, who, await once.do(work), versions, lang)

    @made.put("/merchants/{merchant}/training")
    async def train(
        merchant: MerchantKey,
        who: Worker,
        sent: TrainingSent,
        versions: Versioned,
        lang: InLang = "id",
    ) -> MerchantShown:
        await merchants.mark_trained(kit, who, merchant, sent.on)
        return await _shown(kit, who, merchant, versions, lang)


def _seals(made: APIRouter, kit: Kit) -> None:
    @made.put("/merchants/{merchant}/identity", status_code=204)
    async def keep(merchant: MerchantKey, who: Worker, sent: IdentitySent) -> Response:
        await sealed.keep_identity(kit, who, merchant, sent.box.box())
        return Response(status_code=204)


async def _shown(kit: Kit, who: Person, key: str, versions: Versions, lang: Lang) -> MerchantShown:
    found = await view(kit, who, key, lang)
    versions.mark(field_shown.version_of(found.entry))
    return _whole(found, lang)


def _whole(found: View, lang: Lang) -> MerchantShown:
    one = found.entry.merchant
    return MerchantShown(
        **field_shown.item(found.entry).model_dump(),
        phone=one.phone,
        email=one.email,
        identities=list(found.identities),
        warnings=field_shown.warnings(found.shared, lang),
        products=[field_shown.good(product, found.shelf) for product in found.products],
        consents=[field_shown.consent(said) for said in found.said],
        stores=[field_shown.store(store) for store in found.stores],
    )


def _written(sent: MerchantSent) -> Written:
    return Written(
        market=MarketCode(sent.market),
        name=sent.name,
        shop_name=sent.shop_name,
        place=place_of(sent.block, sent.stall),
        phone=sent.phone,
        email=sent.email,
        goods=sent.goods,
        device=sent.device,
    )


def _changed(entry: Entry, sent: MerchantChanged) -> Written:
    """As it is, with what was sent."""
    one, named = entry.merchant, sent.model_fields_set
    return Written(
        market=MarketCode(sent.market or one.market),
        name=sent.name or ("" if "name" in named else one.name),
        shop_name=sent.shop_name if "shop_name" in named else one.shop_name or None,
        place=_place(one.stall, sent),
        phone=sent.phone if "phone" in named else one.phone,
        email=sent.email if "email" in named else one.email,
        goods=sent.goods or ("" if "goods" in named else one.goods),
        device=sent.device,
    )


def _place(before: str, sent: MerchantChanged) -> str:
    """A place of which nothing was sent stays as it was written."""
    named = sent.model_fields_set
    if not {"block", "stall"} & named:
        return before
    block, stall = block_and_stall(before)
    return place_of(
        (sent.block or "") if "block" in named else block,
        (sent.stall or "") if "stall" in named else stall,
    )
