"""What we want a store to be, derived from the register, the programme and the marketplace's limits. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from onboarder.connector.errors import Advice
from onboarder.connector.manifest import Limits, Manifest
from onboarder.model.goods import Product
from onboarder.model.ids import Reference
from onboarder.model.people import Actor, Merchant, Programme
from onboarder.model.shop import ListingContent, Offer, StoreContent
from onboarder.rules.agreements import WITHDRAWN
from onboarder.rules.gate import refusal
from onboarder.rules.naming import store_names


@dataclass(frozen=True, slots=True)
class Wanted:
    """A store as it should be. `faults` are products that cannot go there as they are, each with its advice."""

    refusal: Advice | None
    store: StoreContent
    listings: Mapping[Reference, ListingContent]
    faults: Mapping[Reference, Advice]


def wanted(
    merchant: Merchant,
    products: tuple[Product, ...],
    *,
    programme: Programme,
    manifest: Manifest,
    categories: Mapping[str, str],
    store_reference: Reference,
    withdrawn: bool = False,
) -> Wanted:
    """`categories` maps our category codes to the marketplace's keys. `withdrawn`: the merchant agrees no more."""
    listings: dict[Reference, ListingContent] = {}
    faults: dict[Reference, Advice] = {}
    for product in products:
        reference = Reference(product.id)
        fault = _fault(product, manifest.limits, categories)
        if not product.active:
            continue
        if fault is not None:
            faults[reference] = fault
        else:
            text = _description(product, merchant, programme, manifest.limits)
            listings[reference] = _listing(reference, product, text, manifest.limits, categories)
    return Wanted(
        refusal=WITHDRAWN if withdrawn else refusal(merchant),
        store=_store(merchant, programme, manifest.limits, store_reference),
        listings=listings,
        faults=faults,
    )


def _store(
    merchant: Merchant, programme: Programme, limits: Limits, reference: Reference
) -> StoreContent:
    market = programme.market(merchant.market)
    names = store_names(merchant, market, limits.store_name_max)
    return StoreContent(
        reference=reference,
        name=names[0],
        alternative_names=names[1:],
        owner_name=merchant.name,
        phone=merchant.phone,
        email=merchant.email,
        description=f"{merchant.goods or 'Aneka barang'} dari {market.name}, {programme.city}".strip(),
        stall=merchant.stall,
        market_name=market.name,
        street=market.address,
        city=programme.city,
        province=programme.province,
        postal_code=market.postal_code,
    )


def _description(product: Product, merchant: Merchant, programme: Programme, limits: Limits) -> str:
    """The register's words or the name; where that is too short, completed with what is known to be true."""
    text = product.description or product.name
    if len(text) < limits.description_min:
        where = f"{merchant.shop_name}, {programme.market(merchant.market).name}, {programme.city}"
        text = f"{text}\nDijual oleh {where}. Berat {product.weight_grams} gram."
    return text[: limits.description_max]


def _listing(
    reference: Reference,
    product: Product,
    description: str,
    limits: Limits,
    categories: Mapping[str, str],
) -> ListingContent:
    return ListingContent(
        reference=reference,
        title=product.name,
        description=description,
        category=categories[product.category],
        weight_grams=product.weight_grams,
        photos=product.photos[: limits.photos_max],
        offers=tuple(
            Offer(variant.reference, variant.name, variant.price, variant.stock)
            for variant in product.variants
        ),
    )


def _fault(product: Product, limits: Limits, categories: Mapping[str, str]) -> Advice | None:
    """The first thing about the product that the marketplace is known to refuse."""
    if product.category not in categories:
        return _advice(
            "category",
            f"Kategori '{product.category}' belum dipetakan untuk marketplace ini.",
            f"category {product.category!r} is not mapped for this marketplace",
            Actor.OPERATOR,
        )
    if not limits.title_min <= len(product.name) <= limits.title_max:
        return _advice(
            "title",
            f"Nama barang harus {limits.title_min}-{limits.title_max} huruf; sekarang {len(product.name)}.",
            f"title must have {limits.title_min}-{limits.title_max} characters, has {len(product.name)}",
        )
    if len(product.photos) < limits.photos_min:
        return _advice(
            "photos",
            f"Perlu paling sedikit {limits.photos_min} foto; sekarang {len(product.photos)}.",
            f"needs at least {limits.photos_min} photos, has {len(product.photos)}",
        )
    if len(product.variants) > limits.variants_max:
        return _advice(
            "variants",
            f"Paling banyak {limits.variants_max} varian; sekarang {len(product.variants)}.",
            f"at most {limits.variants_max} variants, has {len(product.variants)}",
        )
    if any(
        not limits.price_min <= variant.price <= limits.price_max for variant in product.variants
    ):
        return _advice(
            "price",
            f"Harga harus antara {_rupiah(limits.price_min)} dan {_rupiah(limits.price_max)}.",
            f"price must lie between {limits.price_min} and {limits.price_max} rupiah",
        )
    return None


def _rupiah(amount: int) -> str:
    return f"Rp{amount:,}".replace(",", ".")


def _advice(what: str, indonesian: str, english: str, who: Actor = Actor.CANVASSER) -> Advice:
    return Advice(
        f"product.{what}",
        who,
        f"{indonesian} Perbaiki di daftar barang, lalu impor lagi.",
        f"{english}; mend the register and import it again",
    )
