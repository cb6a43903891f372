"""What we want a listing to say, derived from the register."""

from dataclasses import replace

from onboarder.converge.wanted import wanted
from onboarder.model.goods import Product
from onboarder.model.ids import Reference
from onboarder_rehearsal import RehearsalConnector
from tests.support.town import PROGRAMME, a_merchant, a_product


def test_a_description_too_short_for_the_marketplace_is_completed_with_what_is_true() -> None:
    product = replace(a_product(a_merchant(1), 1), name="Terasi", description="", weight_grams=250)

    [text] = _descriptions(product, at_least=20)

    assert text.startswith("Terasi\nDijual oleh ")
    assert text.endswith("Berat 250 gram.")


def test_a_description_that_is_long_enough_stays_as_it_is() -> None:
    product = replace(a_product(a_merchant(1), 1), description="Terasi udang rebon asli.")

    assert _descriptions(product, at_least=20) == ["Terasi udang rebon asli."]


def _descriptions(product: Product, *, at_least: int) -> list[str]:
    manifest = RehearsalConnector.manifest
    manifest = replace(manifest, limits=replace(manifest.limits, description_min=at_least))
    found = wanted(
        a_merchant(1),
        (product,),
        programme=PROGRAMME,
        manifest=manifest,
        categories={product.category: "1"},
        store_reference=Reference("toko"),
    )
    return [one.description for one in found.listings.values()]
