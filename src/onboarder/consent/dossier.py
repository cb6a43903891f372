"""The prepared dossier of a store draft: what the merchant types when signing up, and what goes up afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from onboarder.connector.errors import Advice
from onboarder.connector.manifest import HumanStep, Manifest
from onboarder.converge.wanted import wanted
from onboarder.model.ids import Reference, StoreId
from onboarder.model.people import Merchant, Programme
from onboarder.model.recorded import StoreWork
from onboarder.model.shop import ListingContent, StoreContent
from onboarder.rules.naming import free_names, store_names


@dataclass(frozen=True, slots=True)
class Dossier:
    """For the canvasser's eyes: it holds the merchant's name, phone and address."""

    store: StoreId
    marketplace: str
    """As people call it."""
    content: StoreContent = field(repr=False)
    """With names that no other store of ours there takes."""
    listings: Sequence[ListingContent]
    """Checked against the marketplace's limits."""
    faults: Sequence[tuple[str, Advice]]
    """Products that cannot go there as they are, by name, with what to do."""
    guide: Sequence[HumanStep]
    refusal: Advice | None
    """Why the merchant may not be onboarded."""


def dossier(
    work: StoreWork,
    owners: Sequence[Merchant],
    *,
    programme: Programme,
    manifest: Manifest,
    categories: Mapping[str, str],
    guide: Sequence[HumanStep],
) -> Dossier:
    """`owners` are those with a store of ours there, in the order of their coming. Pure."""
    want = wanted(
        work.merchant,
        work.products,
        programme=programme,
        manifest=manifest,
        categories=categories,
        store_reference=work.store.reference,
        withdrawn=work.store.withdrawn_at is not None,
    )
    names = _names(work.merchant, owners, programme, manifest.limits.store_name_max)
    titles = {Reference(one.id): one.name for one in work.products}
    return Dossier(
        store=work.store.id,
        marketplace=manifest.title,
        content=replace(want.store, name=names[0], alternative_names=tuple(names[1:])),
        listings=tuple(want.listings.values()),
        faults=tuple((titles[key], why) for key, why in want.faults.items()),
        guide=guide,
        refusal=want.refusal,
    )


def _names(
    merchant: Merchant, owners: Sequence[Merchant], programme: Programme, longest: int
) -> Sequence[str]:
    everybody = owners if merchant in owners else (*owners, merchant)
    wishes = (
        (one.id, store_names(one, programme.market(one.market), longest)) for one in everybody
    )
    return next(names for owner, names in free_names(wishes) if owner == merchant.id)
