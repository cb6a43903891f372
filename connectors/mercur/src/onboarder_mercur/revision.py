"""Bring a product to a draft: content, variants, prices, stock, each only where it differs.

Every write sets an absolute value, so that all of it can be repeated after any failure.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from onboarder.connector.contract import ListingDraft
from onboarder.connector.errors import OutcomeUnknown
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingContent, ListingField, ObservedListing, Offer
from onboarder_mercur import advice, mapping, wire
from onboarder_mercur.api import MercurApi, Part
from onboarder_mercur.auth import MemberAuth


class Revision:
    """One product under change; `product` is what Mercur last answered."""

    def __init__(
        self,
        api: MercurApi,
        auth: MemberAuth,
        product: wire.Product,
        reference: Reference,
        location: Callable[[], Awaitable[str]],
    ) -> None:
        """`location` finds where goods are stocked that lie nowhere yet; it is not asked without need."""
        self.product = product
        self._before = mapping.by_sku(product)
        self._api = api
        self._auth = auth
        self._id = RemoteId(product.id)
        self._reference = reference
        self._location = location

    async def set_fields(
        self,
        draft: ListingDraft,
        fields: frozenset[ListingField],
        *,
        category: str | None,
    ) -> ObservedListing:
        """Set the named fields; a rejected product is proposed again. Variants that are not there are left out."""
        content = draft.content
        await self._foresee(content, fields)
        await self._set_content(mapping.content_body(draft, fields, category=category))
        if ListingField.VARIANTS in fields:
            await self._set_variants(content)
        if ListingField.PRICE in fields:
            await self._set_prices(content.offers)
        offers = tuple(self._to_stock(content, all_of_them=ListingField.STOCK in fields))
        await self.set_stock(offers)
        return _with_stock(mapping.observed_listing(self.product), offers)

    async def set_stock(self, offers: Sequence[Offer]) -> None:
        """In one call, or in none if it is right already. The product's answer does not show it yet."""
        create = mapping.first_levels(self.product, offers)
        update = mapping.changed_levels(self.product, offers)
        if not create and not update:
            return
        place = await self._location() if create else ""
        body = {"create": [mapping.at_location(row, place) for row in create], "update": update}
        levels = await self._api.set_levels(self._auth, body, self._reference)
        if len(levels.created) + len(levels.updated) != len(create) + len(update):
            raise OutcomeUnknown(
                advice.STOCK_LATER, reference=self._reference, detail="levels missing"
            )

    async def _foresee(self, content: ListingContent, fields: frozenset[ListingField]) -> None:
        """What keeps stock from being set is found before anything is sent."""
        known = [one for one in content.offers if one.reference in self._before]
        bare = ListingField.STOCK in fields and mapping.first_levels(self.product, known)
        new = ListingField.VARIANTS in fields and len(known) < len(content.offers)
        if bare or new:
            await self._location()

    async def _set_content(self, body: dict[str, object]) -> None:
        if self.product.status is wire.ProductStatus.REJECTED:
            # An empty text removes the reason of the last review.
            again = {"status": wire.ProductStatus.PROPOSED, "metadata": {wire.REASON_KEY: ""}}
            body = {**body, **again}
        if body:
            self.product = await self._api.update_product(
                self._auth, self._id, body, self._reference
            )

    async def _set_variants(self, content: ListingContent) -> None:
        """Add, rename and remove ours one by one; those that somebody else added stay."""
        option = mapping.the_option(self.product)
        values = [one.value for one in option.values]
        new = [name for name in map(mapping.choice, content.offers) if name not in values]
        if new:
            await self._write(("options", option.id), {"values": [*values, *new]})
        for variant in mapping.superfluous(self.product, content):
            await self._api.delete_variant(self._auth, self._id, variant.id, self._reference)
        for offer in content.offers:
            await self._set_variant(offer, option.title)
        self.product = await self._api.product(self._auth, self._id)

    async def _set_variant(self, offer: Offer, option: str) -> None:
        name = mapping.choice(offer)
        variant = self._before.get(offer.reference)
        if variant is None:
            await self._write(("variants", None), mapping.variant_body(offer, option))
        elif (variant.title, *(one.value for one in variant.options)) != (name, name):
            await self._write(("variants", variant.id), {"title": name, "options": {option: name}})

    async def _set_prices(self, offers: Sequence[Offer]) -> None:
        there = mapping.by_sku(self.product)
        for offer in offers:
            variant = there.get(offer.reference)
            if variant is not None and mapping.price_of(variant) != offer.price:
                await self._write(("variants", variant.id), mapping.price_body(offer.price))

    def _to_stock(self, content: ListingContent, *, all_of_them: bool) -> list[Offer]:
        """Offers whose stock is to be set: all, or only those whose variant is new."""
        there = mapping.by_sku(self.product)
        return [
            offer
            for offer in content.offers
            if offer.reference in there and (all_of_them or offer.reference not in self._before)
        ]

    async def _write(self, part: Part, body: dict[str, object]) -> None:
        self.product = await self._api.write_part(self._auth, self._id, part, body, self._reference)


def _with_stock(observed: ObservedListing, offers: Sequence[Offer]) -> ObservedListing:
    stock = {offer.reference: offer.stock for offer in offers}
    shown = observed.offers or ()
    return replace(
        observed,
        offers=tuple(replace(one, stock=stock.get(one.reference, one.stock)) for one in shown),
    )
