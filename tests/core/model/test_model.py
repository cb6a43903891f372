"""Ids that follow from the register, content that compares by content."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as some

from onboarder.model.ids import (
    MarketCode,
    MarketplaceName,
    ProgrammeCode,
    listing_id,
    marketplace_of,
    merchant_id,
    normal,
    product_id,
    short_hash,
    store_id,
    variant_reference,
)
from onboarder.model.shop import ListingField
from tests.core.converge.samples import content

STEADY = settings(derandomize=True, deadline=None)
OWNER = merchant_id(ProgrammeCode("contoh"), MarketCode("KNM"), "1")


def test_ids_never_change_from_one_release_to_the_next() -> None:
    product = product_id(OWNER, "kerupuk")
    assert OWNER == "knm-p62dhb1y"
    assert product == "knm-p62dhb1y-2y0z7vkq"
    assert store_id(OWNER, MarketplaceName("mercur")) == f"{OWNER}@mercur"
    assert listing_id(product, MarketplaceName("mercur")) == f"{product}@mercur"


def test_a_store_id_says_its_marketplace() -> None:
    assert marketplace_of(store_id(OWNER, MarketplaceName("mercur"))) == "mercur"


@STEADY
@given(some.lists(some.text(), min_size=1, max_size=4))
def test_codes_can_be_read_out_and_depend_on_every_part(parts: list[str]) -> None:
    code = short_hash(*parts)
    assert len(code) == 8
    assert not set(code) & set("ilou")
    assert short_hash(*parts) == code
    assert short_hash(*parts, "x") != code


def test_parts_do_not_run_into_each_other() -> None:
    assert short_hash("ab", "c") != short_hash("a", "bc")


def test_references_of_one_key_differ_between_merchants() -> None:
    other = merchant_id(ProgrammeCode("contoh"), MarketCode("KNM"), "2")
    assert product_id(OWNER, "kerupuk") != product_id(other, "kerupuk")
    product = product_id(OWNER, "kerupuk")
    assert variant_reference(product, "Besar") == variant_reference(product, " besar! ")
    assert variant_reference(product, "besar") != variant_reference(product, "kecil")


@STEADY
@given(some.text())
def test_normal_text_is_its_own_normal(text: str) -> None:
    assert normal(normal(text)) == normal(text)


def test_case_accents_and_punctuation_do_not_matter() -> None:
    assert normal("  Krupuk—UDANG, é! ") == "krupuk udang e"


def test_content_differs_in_exactly_the_fields_that_changed() -> None:
    before = content()
    for name, after in {
        ListingField.TITLE: replace(before, title="x"),
        ListingField.DESCRIPTION: replace(before, description="x"),
        ListingField.CATEGORY: replace(before, category="x"),
        ListingField.WEIGHT: replace(before, weight_grams=1),
        ListingField.PHOTOS: replace(before, photos=()),
        ListingField.PRICE: content(price=1),
        ListingField.STOCK: content(stock=1),
        ListingField.VARIANTS: replace(
            before, offers=tuple(replace(one, name="x") for one in before.offers)
        ),
    }.items():
        assert after.differing(before) == {name}
        assert after.digest != before.digest
    assert before.differing(content()) == frozenset()
    assert before.digest == content().digest
