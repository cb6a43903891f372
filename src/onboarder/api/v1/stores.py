"""`/stores` and “Buka toko”: shops ordered, looked at, and the link for their owners."""

from fastapi import APIRouter

from onboarder.api.premises import Premises
from onboarder.api.v1 import field_shown
from onboarder.api.v1.field_answers import LinkShown, OrderShown, StoreShown
from onboarder.api.v1.field_bodies import InLang, MerchantKey, StoreKey, StoresSent, Worker
from onboarder.api.v1.once import PerhapsRepeatable
from onboarder.field import work
from onboarder.field.kit import Kit
from onboarder.field.links import consent_link
from onboarder.field.opening import Ordered, open_shop
from onboarder.model.ids import MarketplaceName


def router(premises: Premises) -> APIRouter:
    """`/merchants/{merchant}/stores`, `/stores`."""
    made = APIRouter(tags=["stores"])
    _orders(made, premises.kit)
    _looks(made, premises.kit)
    return made


def _orders(made: APIRouter, kit: Kit) -> None:
    @made.post("/merchants/{merchant}/stores", status_code=202)
    async def order(
        merchant: MerchantKey,
        who: Worker,
        sent: StoresSent,
        once: PerhapsRepeatable,
        lang: InLang = "id",
    ) -> OrderShown:
        """Safe to repeat, without a key too: ordering a shop twice orders one."""
        names = [MarketplaceName(one) for one in sent.marketplaces]
        outcome: list[Ordered] = []

        async def ordering() -> str:
            outcome.append(await open_shop(kit, who, merchant, names, practice=sent.practice))
            return merchant

        await once.do(ordering)
        if not outcome:  # a repeat: the answer is made anew, and orders nothing more
            await ordering()
        [ordered] = outcome
        stores = await work.stores_of(kit, who, merchant, lang)
        return OrderShown(
            accepted=[
                field_shown.store(one) for one in stores if one.one.store.id in ordered.accepted
            ],
            refused=[field_shown.turned(one, lang) for one in ordered.refused],
        )


def _looks(made: APIRouter, kit: Kit) -> None:
    @made.get("/stores/{store}")
    async def one(store: StoreKey, who: Worker, lang: InLang = "id") -> StoreShown:
        shown, events = await work.store(kit, who, store, lang)
        history = [field_shown.event(event, lang) for event in events]
        return StoreShown(**field_shown.store(shown).model_dump(), history=history)

    @made.get("/stores/{store}/link")
    async def link(store: StoreKey, who: Worker, lang: InLang = "id") -> LinkShown:
        found = await consent_link(kit, who, store, lang)
        return LinkShown(
            url=found.url,
            qr=found.qr,
            text=found.text,
            whatsapp_url=found.whatsapp_url,
            expires_at=found.expires_at,
        )
