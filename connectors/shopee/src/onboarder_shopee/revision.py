"""Bring one item to a draft: content, choices, prices, stocks. Absolute values, so all of it may be repeated."""

from collections.abc import Sequence

from onboarder.connector.contract import Access, ListingDraft
from onboarder.connector.errors import (
    ActionNeeded,
    Advice,
    FieldFault,
    OutcomeUnknown,
    Rejected,
    Unsupported,
)
from onboarder.model.ids import Reference
from onboarder.model.shop import ListingContent, ListingField, ObservedListing, Offer
from onboarder_shopee import advice, choices, item_wire, mapping
from onboarder_shopee.api import ShopeeApi
from onboarder_shopee.errors import LOCK_LOOK, impersonal, is_lock, locked
from onboarder_shopee.shelf import Shelf

MODELS_A_CALL = 50


class Revision:
    """The writes to one item."""

    def __init__(
        self, api: ShopeeApi, shelf: Shelf, access: Access, item_id: int, reference: Reference
    ) -> None:
        self._api = api
        self._shelf = shelf
        self._access = access
        self._id = item_id
        self._reference = reference

    async def set_content(self, body: mapping.Body) -> None:
        if body:
            await self._write("update_item", {"item_id": self._id, **body})

    async def set_offers(
        self, content: ListingContent, fields: frozenset[ListingField], *, had_models: bool
    ) -> None:
        """Choices first, then prices and stocks of those that are there."""
        if ListingField.VARIANTS in fields:
            await self.set_choices(content)
        if not fields & {ListingField.PRICE, ListingField.STOCK}:
            return
        simple = not had_models and ListingField.VARIANTS not in fields
        models = item_wire.Models() if simple else await self._shelf.models(self._access, self._id)
        if ListingField.PRICE in fields:
            await self._set_prices(content.offers, models)
        if ListingField.STOCK in fields:
            await self._set_stocks(content.offers, models)

    async def set_choices(self, content: ListingContent) -> None:
        """Looks first: choices that are there are kept, added to, renamed; ours that are not wanted go."""
        models = await self._shelf.models(self._access, self._id)
        if not models.model:
            if not choices.is_simple(content):
                await self.set_first_choices(content)
            return
        if choices.is_simple(content):
            raise Unsupported(advice.OTHER_CHOICES, detail="the item has choices, the product none")
        shown = choices.grid_shown(models)
        grid = choices.regrid(shown, content)
        await self._regrid(models, shown, grid)
        new = choices.missing(content.offers, models)
        for start in range(0, len(new), MODELS_A_CALL):
            rows = [choices.model_body(one, grid) for one in new[start : start + MODELS_A_CALL]]
            await self._write("add_model", {"item_id": self._id, "model_list": rows})

    async def set_first_choices(self, content: ListingContent) -> None:
        """For an item that has none yet; "already done" counts if all of them are there."""
        grid = choices.grid_of(content.offers)
        body: mapping.Body = {
            "item_id": self._id,
            "standardise_tier_variation": grid.body(),
            "model": [choices.model_body(offer, grid) for offer in content.offers],
        }
        try:
            await self._write("init_tier_variation", body)
        except OutcomeUnknown as doubt:
            if doubt.advice is not advice.ALREADY_DONE:
                raise
            there = await self._shelf.models(self._access, self._id)
            if choices.missing(content.offers, there):
                raise

    async def _regrid(
        self, models: item_wire.Models, shown: choices.Grid, grid: choices.Grid
    ) -> None:
        kept = [one for one in models.model if choices.sku_of(one) in grid.places]
        if (grid.options, len(kept)) == (shown.options, len(models.model)) and all(
            grid.places[choices.sku_of(one)] == shown.places[choices.sku_of(one)] for one in kept
        ):
            return
        body: mapping.Body = {
            "item_id": self._id,
            "standardise_tier_variation": grid.body(_photos(models, shown, grid)),
            "model_list": [
                {"model_id": one.model_id, "tier_index": grid.index(choices.sku_of(one))}
                for one in kept
            ],
        }
        await self._write("update_tier_variation", body)

    async def _set_prices(self, offers: Sequence[Offer], models: item_wire.Models) -> None:
        body = mapping.prices_body(self._id, offers, models)
        if body["price_list"]:
            await self._write("update_price", body, advice.PRICE, ListingField.PRICE)

    async def _set_stocks(self, offers: Sequence[Offer], models: item_wire.Models) -> None:
        body = mapping.stocks_body(self._id, offers, models)
        if body["stock_list"]:
            await self._write("update_stock", body, advice.STOCK, ListingField.STOCK)

    async def set_on_sale(self, *, on_sale: bool) -> None:
        """Safe to repeat. What Shopee is looking at or has banned cannot be moved: a person's task."""
        rows = [{"item_id": self._id, "unlist": not on_sale}]
        await self._write("unlist_item", {"item_list": rows}, advice.LOCKED)

    async def set_sku(self, sku: Reference) -> None:
        await self._write("update_item", {"item_id": self._id, "item_sku": sku})

    async def _write(
        self,
        name: str,
        body: mapping.Body,
        failure: Advice = advice.CONTENT,
        field: ListingField | None = None,
    ) -> None:
        path = f"product/{name}"
        written = await self._api.post(self._access, path, item_wire.Written, body, self._reference)
        if not written.failure_list:
            return
        reason = impersonal(written.reasons)
        if field is None or is_lock(reason):
            raise locked(reason)
        raise Rejected(failure, fields=(FieldFault(field, reason),), detail=reason)


def expect_applied(
    draft: ListingDraft, fields: frozenset[ListingField], shown: ObservedListing
) -> None:
    """Some changes are answered with success and not made: `OutcomeUnknown`, so that they are sent again."""
    wanted = {offer.reference: offer for offer in draft.content.offers}
    pairs = [(wanted[one.reference], one) for one in shown.offers or () if one.reference in wanted]
    whole = len(pairs) == len(wanted)
    made: dict[ListingField, bool] = {
        ListingField.TITLE: shown.title == draft.content.title,
        ListingField.DESCRIPTION: shown.description == draft.content.description,
        ListingField.CATEGORY: shown.category == draft.content.category,
        ListingField.WEIGHT: shown.weight_grams == draft.content.weight_grams,
        ListingField.PHOTOS: shown.photo_count == len(draft.photos),
        ListingField.VARIANTS: whole,
        ListingField.PRICE: whole and all(offer.price == one.price for offer, one in pairs),
        ListingField.STOCK: whole and all(offer.stock == one.stock for offer, one in pairs),
    }
    missed = sorted(name for name in fields if not made[name])
    if missed:
        detail = f"not as sent: {', '.join(missed)}"
        raise OutcomeUnknown(advice.NOT_APPLIED, reference=draft.content.reference, detail=detail)


def _photos(
    models: item_wire.Models, shown: choices.Grid, grid: choices.Grid
) -> dict[str, str] | None:
    """Photos of the first level's options, which an update would otherwise drop. Shopee wants all or none of them."""
    there = models.option_photos
    if not all(there.values()):
        return None
    renamed = {
        grid.places[sku][0]: there[place[0]]
        for sku, place in shown.places.items()
        if sku in grid.places and place[0] in there
    }
    photos = renamed | there
    bare = [option for option in grid.options[0] if option not in photos]
    if there and bare:
        raise ActionNeeded(
            advice.OPTION_PHOTOS, look_again=LOCK_LOOK, one_listing=True, detail=", ".join(bare)
        )
    return photos
