"""A listing's offers as Shopee's choices: one or two levels of options. Pure.

Names of the form "Merah / XL", used by all offers and filling the whole grid, become two levels.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from onboarder.connector.errors import Unsupported
from onboarder.model.ids import Reference
from onboarder.model.shop import ListingContent, Offer
from onboarder_shopee import item_wire
from onboarder_shopee.advice import OTHER_CHOICES

BETWEEN_LEVELS = " / "
ONE_LEVEL = ("Pilihan",)
TWO_LEVELS = ("Pilihan 1", "Pilihan 2")

Place = tuple[str, ...]
"""An option of each level."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Levels with their options in order, and where each model stands by its SKU."""

    names: tuple[str, ...]
    places: Mapping[str, Place]
    there: tuple[tuple[str, ...], ...] = ()
    """Options that each level has already, in its order."""

    @property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """Of each level: those that are there, then new ones in order of first use."""
        there = self.there or ((),) * len(self.names)
        return tuple(
            tuple(dict.fromkeys((*there[level], *self.used(level))))
            for level in range(len(self.names))
        )

    def used(self, level: int) -> tuple[str, ...]:
        """Options of a level that have a model."""
        return tuple(place[level] for place in self.places.values())

    def index(self, sku: str) -> list[int]:
        """`tier_index` of a model."""
        place = self.places[sku]
        return [options.index(one) for options, one in zip(self.options, place, strict=True)]

    def body(self, images: Mapping[str, str] | None = None) -> list[dict[str, object]]:
        """`standardise_tier_variation`; own names have id 0 everywhere. `images`: of the first level's options."""
        return [
            {
                "variation_id": 0,
                "variation_group_id": 0,
                "variation_name": name,
                "variation_option_list": [
                    {"variation_option_id": 0, "variation_option_name": option}
                    | ({"image_id": images[option]} if images and level == 0 else {})
                    for option in options
                ],
            }
            for level, (name, options) in enumerate(zip(self.names, self.options, strict=True))
        ]


def is_simple(content: ListingContent) -> bool:
    """Whether it goes up without choices."""
    return len(content.offers) == 1 and not content.offers[0].name.strip()


def grid_of(offers: Sequence[Offer]) -> Grid:
    """The grid that the offers' names speak of."""
    halves = [tuple(part.strip() for part in offer.name.split(BETWEEN_LEVELS)) for offer in offers]
    if all(len(place) == 2 and all(place) for place in halves) and _is_whole(halves):
        return Grid(
            TWO_LEVELS, {o.reference: place for o, place in zip(offers, halves, strict=True)}
        )
    return Grid(ONE_LEVEL, {offer.reference: (offer.name.strip(),) for offer in offers})


def grid_shown(models: item_wire.Models) -> Grid:
    """The grid that an item has; models without a SKU stand under their id."""
    levels = models.levels
    places = {
        model.model_sku or str(model.model_id): tuple(
            options[at] for (_, options), at in zip(levels, model.tier_index, strict=False)
        )
        for model in sorted(models.model, key=lambda one: one.tier_index)
    }
    return Grid(tuple(name for name, _ in levels), places, tuple(options for _, options in levels))


def regrid(shown: Grid, content: ListingContent) -> Grid:
    """What is shown, with our offers as wanted, ours that are no longer wanted left out, and others' models kept.

    `Unsupported` if that needs another number of levels: every model would get a new id.
    """
    wanted = grid_of(content.offers)
    if len(wanted.names) != len(shown.names):
        if len(shown.names) != 1:
            raise Unsupported(OTHER_CHOICES, detail=f"{len(shown.names)} levels there")
        wanted = Grid(
            ONE_LEVEL, {offer.reference: (offer.name.strip(),) for offer in content.offers}
        )
    ours = f"{content.reference}-"
    kept = {
        sku: wanted.places.get(sku, place)
        for sku, place in shown.places.items()
        if sku in wanted.places or not sku.startswith(ours)
    }
    grid = Grid(shown.names, {**kept, **wanted.places})
    return replace(grid, there=_still_there(shown, grid))


def model_body(offer: Offer, grid: Grid) -> dict[str, object]:
    """A new model."""
    return {
        "tier_index": grid.index(offer.reference),
        "original_price": offer.price,
        "seller_stock": [{"stock": offer.stock}],
        "model_sku": offer.reference,
    }


def by_sku(models: item_wire.Models) -> dict[str, item_wire.Model]:
    return {one.model_sku: one for one in models.model if one.model_sku}


def missing(offers: Iterable[Offer], models: item_wire.Models) -> list[Offer]:
    """Offers that have no model yet."""
    there = by_sku(models)
    return [offer for offer in offers if offer.reference not in there]


def sku_of(model: item_wire.Model) -> Reference:
    return Reference(model.model_sku or str(model.model_id))


def _still_there(shown: Grid, grid: Grid) -> tuple[tuple[str, ...], ...]:
    """Options keep their order, as a place's numbers count them; those whose last model goes, go with it."""
    return tuple(
        tuple(one for one in options if one in grid.used(level) or one not in shown.used(level))
        for level, options in enumerate(shown.options)
    )


def _is_whole(places: Sequence[Place]) -> bool:
    """Every option of the one level with every option of the other, each once."""
    firsts, seconds = ({place[level] for place in places} for level in (0, 1))
    return len(places) == len(set(places)) == len(firsts) * len(seconds) and len(seconds) > 1
