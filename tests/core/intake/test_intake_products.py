"""Product rows: variants put together, whole products or none, owners never guessed."""

from dataclasses import replace

import pytest

from onboarder.intake.asked import AskedCode
from onboarder.intake.importing import KnownRegister, Outcome
from onboarder.intake.likeness import near
from onboarder.intake.photo_index import PhotoIndex
from onboarder.model.ids import PhotoHash, product_id, variant_reference
from tests.core.intake.registers import (
    GOODS,
    asked,
    asked_about,
    goods,
    people,
    person,
    planned,
    saved,
    sheet,
    thing,
)

DECIDING = (*GOODS, "Keputusan", "Sama dengan")


@pytest.fixture
def known() -> KnownRegister:
    """One merchant, K-1, without products."""
    return saved(planned(people(person())))


def test_a_row_becomes_a_product_with_one_nameless_variant(known: KnownRegister) -> None:
    plan = planned(goods(thing()), known=known)

    [product] = plan.new_products
    [variant] = product.variants
    assert product.id == product_id(product.merchant_id, "kerupuk udang")
    assert (product.weight_grams, product.category, product.active) == (250, "food-crackers", True)
    assert (variant.name, variant.price, variant.stock) == ("", 12_500, 10)
    assert variant.reference == variant_reference(product.id, "")


def test_merchants_and_their_products_go_in_together() -> None:
    plan = planned(goods(thing()), people(person()))

    assert (len(plan.new_merchants), len(plan.new_products)) == (1, 1)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"price": ""}, AskedCode.PRICE_MISSING),
        ({"price": "12.5"}, AskedCode.PRICE_UNCLEAR),
        ({"price": "5.000-7.000"}, AskedCode.PRICE_SEVERAL),
        ({"stock": ""}, AskedCode.STOCK_MISSING),
        ({"stock": "banyak"}, AskedCode.STOCK_UNCLEAR),
        ({"weight": ""}, AskedCode.WEIGHT_MISSING),
        ({"weight": "ringan"}, AskedCode.WEIGHT_UNCLEAR),
        ({"name": ""}, AskedCode.NAME_MISSING),
        ({"name": "🔥🔥"}, AskedCode.NAME_UNCLEAR),
        ({"name": "kerupuk " * 30}, AskedCode.NAME_UNCLEAR),
        ({"number": ""}, AskedCode.OWNER_MISSING),
        ({"number": "K-7"}, AskedCode.OWNER_UNKNOWN),
    ],
)
def test_a_faulty_row_is_held_back_with_exactly_its_question(
    known: KnownRegister, cells: dict[str, str], code: AskedCode
) -> None:
    plan = planned(goods(thing(**cells)), known=known)

    assert plan.new_products == ()
    assert asked_about(plan, 2) == [code]


@pytest.mark.parametrize(
    "name",
    [
        "=1+1 Kerupuk",
        "Kerupuk <script>",
        "Kerupuk 🔥 'asli'; DROP TABLE--",
        "kerupuk " * 24,
        "-Kopi",
    ],
)
def test_a_hostile_but_legal_name_is_taken_as_it_is(known: KnownRegister, name: str) -> None:
    plan = planned(goods(thing(name)), known=known)

    assert plan.new_products[0].name == name.strip()


def test_the_category_column_goes_before_the_name(known: KnownRegister) -> None:
    plan = planned(goods(thing("Kerupuk", category="Kopi, teh & minuman")), known=known)

    assert plan.new_products[0].category == "food-drinks"


def test_a_category_that_nobody_knows_leaves_it_to_the_name(known: KnownRegister) -> None:
    plan = planned(goods(thing("Kerupuk", category="Lain-lain")), known=known)

    assert plan.new_products[0].category == "food-crackers"


def test_rows_with_variants_make_one_product(known: KnownRegister) -> None:
    rows = [
        thing("Kaos", variant=size, price=price) for size, price in (("M", "40rb"), ("L", "45rb"))
    ]

    plan = planned(goods(*rows), known=known)

    [product] = plan.new_products
    assert [(one.name, one.price) for one in product.variants] == [("M", 40_000), ("L", 45_000)]
    assert plan.total == {Outcome.NEW: 2}


def test_a_product_goes_in_whole_or_not_at_all(known: KnownRegister) -> None:
    rows = [thing("Kaos", variant="M"), thing("Kaos", variant="L", price="45"), thing("Kopi")]

    plan = planned(goods(*rows), known=known)

    assert [product.name for product in plan.new_products] == ["Kopi"]
    assert asked_about(plan, 2) == [AskedCode.PRODUCT_HELD_BACK]
    assert asked_about(plan, 3) == [AskedCode.PRICE_UNCLEAR]


def test_a_variant_left_out_of_a_later_register_stays(known: KnownRegister) -> None:
    both = goods(thing("Kaos", variant="M"), thing("Kaos", variant="L"))
    known = saved(planned(both, known=known), known)

    plan = planned(goods(thing("Kaos", variant="L", price="50rb")), known=known)

    [change] = plan.changed_products
    assert [(one.name, one.price) for one in change.after.variants] == [
        ("M", 12_500),
        ("L", 50_000),
    ]


def test_a_product_that_gets_variants_loses_its_nameless_one(known: KnownRegister) -> None:
    known = saved(planned(goods(thing("Kaos")), known=known), known)

    plan = planned(goods(thing("Kaos", variant="M"), thing("Kaos", variant="L")), known=known)

    assert [one.name for one in plan.changed_products[0].after.variants] == ["M", "L"]


def test_a_row_without_variant_beside_rows_with_one_is_asked(known: KnownRegister) -> None:
    rows = [thing("Kaos", variant="M"), thing("Kaos", variant="L"), thing("Kaos")]

    plan = planned(goods(*rows), known=known)

    assert plan.new_products == ()
    assert AskedCode.VARIANT_MISSING in asked_about(plan, 4)


def test_a_row_without_variant_of_a_product_known_with_variants_is_asked(
    known: KnownRegister,
) -> None:
    known = saved(planned(goods(thing("Kaos", variant="M")), known=known), known)

    plan = planned(goods(thing("Kaos")), known=known)

    assert asked_about(plan, 2) == [AskedCode.VARIANT_MISSING]


def test_one_variant_written_twice_differently_is_asked(known: KnownRegister) -> None:
    rows = [thing("Kaos", variant="M"), thing("Kaos", variant="m", price="50rb")]

    plan = planned(goods(*rows), known=known)

    assert asked_about(plan, 2) == asked_about(plan, 3) == [AskedCode.VARIANT_TWICE]


@pytest.mark.parametrize(
    ("one", "other"),
    [({"price": "12rb"}, {"price": "13rb"}), ({"weight": "200 gr"}, {"weight": "250 gr"})],
)
def test_rows_of_one_product_that_differ_are_asked(
    known: KnownRegister, one: dict[str, str], other: dict[str, str]
) -> None:
    plan = planned(goods(thing("Kopi", **one), thing("KOPI", **other)), known=known)

    assert plan.new_products == ()
    assert AskedCode.PRODUCT_ROWS_DISAGREE in asked_about(plan, 2)
    assert AskedCode.PRODUCT_ROWS_DISAGREE in asked_about(plan, 3)


def test_a_product_row_written_twice_counts_once(known: KnownRegister) -> None:
    plan = planned(goods(thing(), thing()), known=known)

    assert len(plan.new_products) == 1
    assert plan.total == {Outcome.NEW: 1, Outcome.REPEATED: 1}


def test_the_same_products_again_change_nothing(known: KnownRegister) -> None:
    register = goods(thing(), thing("Kaos", variant="M"), thing("Kaos", variant="L"))
    known = saved(planned(register, known=known), known)

    again = planned(register, known=known)

    assert again.changes_nothing
    assert again.total == {Outcome.UNCHANGED: 3}


def test_a_register_of_prices_alone_changes_prices_alone(known: KnownRegister) -> None:
    known = saved(planned(goods(thing()), known=known), known)
    prices = sheet("Harga", ("No Reg", "Nama Barang", "Harga"), ("K-1", "Kerupuk udang", "13rb"))

    plan = planned(prices, known=known)

    [change] = plan.changed_products
    [variant] = change.before.variants
    assert change.after == replace(change.before, variants=(replace(variant, price=13_000),))


def test_a_product_no_longer_sold_is_inactive_until_a_row_says_otherwise(
    known: KnownRegister,
) -> None:
    header = (*GOODS, "Masih dijual")
    known = saved(planned(goods((*thing(), "tidak"), header=header), known=known), known)
    [product] = known.products.values()

    silent = planned(goods(thing()), known=known)
    again = planned(goods((*thing(), "ya"), header=header), known=known)
    unclear = planned(goods((*thing(), "mungkin"), header=header), known=known)

    assert not product.active
    assert silent.changes_nothing
    assert again.changed_products[0].after.active
    assert asked_about(unclear, 2) == [AskedCode.ACTIVE_UNCLEAR]


def test_with_a_sku_a_product_may_be_renamed(known: KnownRegister) -> None:
    header = ("No Reg", "Kode Barang", "Nama Barang", "Harga", "Stok", "Berat (gr)")
    row = ("K-1", "KRP-01", "Kerupuk udang", "12rb", 1.0, 250.0)
    known = saved(planned(goods(row, header=header), known=known), known)

    plan = planned(goods(("K-1", "krp 01", "Kerupuk super"), header=header), known=known)

    assert plan.changed_products[0].after.name == "Kerupuk super"


@pytest.mark.parametrize(
    "name", ["Krupuk udang", "udang kerupuk", "Kerupuk u dang", "Kerupuk undang"]
)
def test_a_name_almost_like_another_of_the_merchant_waits_for_a_decision(
    known: KnownRegister, name: str
) -> None:
    known = saved(planned(goods(thing()), known=known), known)

    plan = planned(goods(thing(name)), known=known)

    [finding] = plan.verdicts[0].findings
    assert finding.code is AskedCode.LIKELY_SAME_PRODUCT
    assert [one.id for one in finding.candidates] == list(known.products)


def test_the_answer_same_keeps_the_known_product_and_is_remembered(known: KnownRegister) -> None:
    register = goods(thing(), thing("Krupuk udang", price="15rb"))
    known = saved(planned(register, known=known), known)
    answered = goods((*thing("Krupuk udang", price="15rb"), "sama"), header=DECIDING)

    plan = planned(answered, known=known)
    later = planned(register, known=saved(plan, known))

    assert list(plan.decisions.values()) == list(known.products)
    assert plan.changed_products == ()
    assert later.changes_nothing
    assert later.verdicts == ()


def test_the_answer_new_takes_the_product_and_is_remembered(known: KnownRegister) -> None:
    register = goods(thing(), thing("Krupuk udang"))
    known = saved(planned(register, known=known), known)
    answered = goods((*thing("Krupuk udang"), "baru"), header=DECIDING)

    plan = planned(answered, known=known)
    later = planned(register, known=saved(plan, known))

    assert len(plan.new_products) == 1
    assert later.changes_nothing
    assert later.verdicts == ()


def test_an_answer_about_a_product_held_back_waits_with_it(known: KnownRegister) -> None:
    known = saved(planned(goods(thing()), known=known), known)
    answered = goods((*thing("Krupuk udang", price="12.5"), "baru"), header=DECIDING)

    plan = planned(answered, known=known)

    assert plan.changes_nothing
    assert asked_about(plan, 2) == [AskedCode.PRICE_UNCLEAR]


def test_the_same_name_of_another_merchant_is_another_product() -> None:
    other = person("K-2", name="Mawar", phone="0899-0000-0002")

    plan = planned(people(person(), other), goods(thing(), thing("Krupuk udang", number="K-2")))

    assert len(plan.new_products) == 2


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Kerupuk udang", "krupuk Udang", True),
        ("Kerupuk udang", "Kerupuk ikan", False),
        ("Terasi 250 g", "Terasi 500 g", False),
        ("Kaos S", "Kaos M", False),
        ("Batik tulis", "Batik cap", False),
        ("Sandal jepit", "Sendal jepit", True),
        ("Kopi bubuk", "Kopi bubuk asli", False),
        ("Rempeyek", "Rempyeek", True),
    ],
)
def test_names_are_alike_by_one_letter_of_a_long_word(one: str, other: str, alike: bool) -> None:
    assert near(one, other) is alike
    assert near(other, one) is alike


def test_photos_are_found_by_name_and_a_missing_one_holds_the_product_back(
    known: KnownRegister,
) -> None:
    header = (*GOODS, "Foto 1", "Foto 2")
    photos = PhotoIndex({"a.jpg": PhotoHash("1" * 64), "b.jpg": PhotoHash("2" * 64)})
    rows = [(*thing("Kopi"), "A.JPG; b.jpg", "a.jpg"), (*thing("Teh"), "c.jpg", "")]

    plan = planned(goods(*rows, header=header), known=known, photos=photos)

    [product] = plan.new_products
    assert product.photos == ("1" * 64, "2" * 64)
    [finding] = plan.verdicts[0].findings
    assert (finding.code, finding.column, finding.read) == (
        AskedCode.PHOTO_MISSING,
        "Foto 1",
        "c.jpg",
    )


def test_goods_of_somebody_held_back_wait_for_their_owner() -> None:
    plan = planned(people(person(phone="0812x")), goods(thing()))

    assert asked(plan)["Barang", 2] == [AskedCode.OWNER_HELD_BACK]
