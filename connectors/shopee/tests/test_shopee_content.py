"""Choices, details and limits: what goes up, and what is refused before a call is spent."""

import json
from dataclasses import replace

import pytest
from pydantic import TypeAdapter
from tests.support.shopee_bench import KEY, a_product, recorded

from onboarder.connector.errors import ActionNeeded, Rejected, Unsupported
from onboarder.model.ids import Reference
from onboarder.model.shop import ListingField, Offer
from onboarder_shopee import advice
from onboarder_shopee.attributes import defaults_for, filled
from onboarder_shopee.choices import Grid, grid_of, grid_shown, is_simple, regrid
from onboarder_shopee.item_wire import Models
from onboarder_shopee.requirements import check, check_category, usable_channels
from onboarder_shopee.settings import ShopeeSettings
from onboarder_shopee.wire import AttributeTrees, Channel, ItemLimit

SETTINGS = ShopeeSettings.model_validate(
    {"partner_id": 1, "package": {"length": 25, "width": 20, "height": 8}}
)
ALL = frozenset(ListingField)


def test_names_that_fill_a_grid_become_two_levels() -> None:
    names = ["Merah / M", "Merah / XL", "Biru / M", "Biru / XL"]

    grid = grid_of(a_product(*names).content.offers)

    assert grid.options == (("Merah", "Biru"), ("M", "XL"))
    assert [grid.index(sku) for sku in grid.places] == [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.mark.parametrize(
    "names",
    [
        ["Merah / M", "Merah / XL", "Biru / M"],
        ["Merah / M", "Biru"],
        ["Merah / M", "Biru / M"],
        ["Merah/M", "Biru/M"],
        ["Merah / M / 1", "Biru / M / 1"],
    ],
)
def test_other_names_stay_on_one_level(names: list[str]) -> None:
    grid = grid_of(a_product(*names).content.offers)

    assert grid.options == (tuple(names),)


def test_only_a_nameless_single_offer_goes_up_without_choices() -> None:
    assert is_simple(a_product().content)
    assert not is_simple(a_product("250 g").content)


def test_choices_that_are_there_are_kept_with_those_of_others_and_ours_unwanted_go() -> None:
    there = Grid(("Rasa",), {f"{KEY}-aaaa": ("Asin",), "milik-penjual": ("Manis",)})
    content = a_product("Pedas").content

    grid = regrid(there, content)

    assert grid.places == {"milik-penjual": ("Manis",), content.offers[0].reference: ("Pedas",)}
    assert grid.names == ("Rasa",)


def test_more_levels_than_there_are_stay_one_and_fewer_are_a_person_s_decision() -> None:
    one = Grid(("Pilihan",), {"x": ("a",)})
    two = Grid(("A", "B"), {"x": ("a", "b")})
    whole = a_product("M / 1", "M / 2", "L / 1", "L / 2").content

    assert ("M / 1",) in regrid(one, whole).places.values()
    with pytest.raises(Unsupported):
        regrid(two, a_product("Merah", "Biru").content)


@pytest.mark.parametrize("form", ["standardise_tier_variation", "tier_variation"])
def test_levels_are_read_from_whichever_form_is_there(form: str) -> None:
    answer = TypeAdapter(dict[str, object]).validate_python(recorded("model_list")["response"])
    shown = {name: answer[name] for name in (form, "model")}

    grid = grid_shown(Models.model_validate(shown))

    assert grid.names == ("Rasa",)
    assert grid.places == {"OB-busiti-melarat250-ori": ("Original",)}


@pytest.mark.parametrize("flag", ["mandatory", "is_mandatory"])
def test_a_mandatory_detail_is_filled_from_the_defaults_by_name_or_number(flag: str) -> None:
    text = json.dumps(recorded("attribute_tree")).replace('"mandatory"', f'"{flag}"')
    tree = AttributeTrees.model_validate(json.loads(text)["response"]).list[0].attribute_tree

    for name in ("Masa Penyimpanan", "masa penyimpanan", "100643"):
        assert filled(tree, {name: "6 bulan"}) == [
            {"attribute_id": 100643, "attribute_value_list": [{"value_id": 3300}]}
        ]
    own = filled(tree, {"100643": "8 Bulan"})
    assert own[0]["attribute_value_list"] == [{"value_id": 0, "original_value_name": "8 Bulan"}]
    with pytest.raises(Rejected) as refused:
        filled(tree, {})
    assert [(one.field, one.reason) for one in refused.value.fields] == [
        ("category", "Masa Penyimpanan")
    ]


@pytest.mark.parametrize(
    ("info", "default", "sent"),
    [
        ({"input_type": 3, "format_type": 2, "attribute_unit_list": ["g"]}, "250 g",
         {"value_id": 0, "original_value_name": "250", "value_unit": "g"}),
        ({"input_type": 3, "format_type": 2, "attribute_unit_list": ["g"]}, "250 kg", None),
        ({"input_type": 3, "input_validation_type": 4}, "2027-01-01",
         {"value_id": 0, "original_value_name": "1798761600"}),
        ({"input_type": 3, "input_validation_type": 4}, "tahun depan", None),
        ({"input_type": 1}, "bebas", None),
    ],
)  # fmt: skip
def test_own_values_have_the_form_that_the_detail_wants(
    info: dict[str, object], default: str, sent: dict[str, object] | None
) -> None:
    tree = AttributeTrees.model_validate(
        {"list": [{"category_id": 1, "attribute_tree": [
            {"attribute_id": 7, "mandatory": True, "name": "X", "attribute_info": info}]}]}
    ).list[0].attribute_tree  # fmt: skip

    if sent is None:
        with pytest.raises(Rejected):
            filled(tree, {"7": default})
    else:
        assert filled(tree, {"7": default})[0]["attribute_value_list"] == [sent]


def test_a_chosen_value_s_own_details_are_demanded_too() -> None:
    child = {"attribute_id": 8, "mandatory": True, "name": "No. PIRT"}
    value = {"value_id": 1, "name": "PIRT", "child_attribute_list": [child]}
    parent = {"attribute_id": 7, "name": "Izin", "attribute_value_list": [value],
              "attribute_info": {"input_type": 1}}  # fmt: skip
    trees = AttributeTrees.model_validate(
        {"list": [{"category_id": 1, "attribute_tree": [parent]}]}
    )

    assert filled(trees.list[0].attribute_tree, {}) == []
    with pytest.raises(Rejected) as refused:
        filled(trees.list[0].attribute_tree, {"7": "PIRT"})
    assert refused.value.fields[0].reason == "No. PIRT"


def test_a_category_s_own_defaults_go_before_those_for_all() -> None:
    settings = {"*": {"a": "1", "b": "1"}, "5": {"a": "2"}}

    assert defaults_for(5, settings) == {"a": "2", "b": "1"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "Kue"}, "title"),
        ({"title": "K" * 256}, "title"),
        ({"description": "pendek"}, "description"),
        ({"description": "<p>Kerupuk melarat khas Cirebon</p>"}, "description"),
        ({"description": "Kerupuk melarat khas " + " #enak" * 19}, "description"),
        ({"weight_grams": 0}, "weight_grams"),
        ({"weight_grams": 500_001}, "weight_grams"),
        ({"offers": (Offer(Reference("a"), "", 98, 1),)}, "price"),
        ({"offers": (Offer(Reference("a"), "", 150_000_001, 1),)}, "price"),
        ({"offers": (Offer(Reference("a"), "", 1_000, 10_000_001),)}, "stock"),
        ({"offers": (Offer(Reference("a"), "A", 1_000, 1), Offer(Reference("b"), "B", 7_001, 1))},
         "price"),
        ({"offers": (Offer(Reference("a"), "A" * 21, 1_000, 1),)}, "variants"),
        ({"offers": (Offer(Reference("a"), "A", 1_000, 1), Offer(Reference("b"), "A", 1_000, 1))},
         "variants"),
    ],
)  # fmt: skip
def test_what_the_shop_s_limits_forbid_is_refused_by_field(
    changes: dict[str, object], field: str
) -> None:
    content = a_product(**changes).content

    with pytest.raises(Rejected) as refused:
        check(content, 1, ItemLimit(), SETTINGS)

    assert {fault.field for fault in refused.value.fields} == {field}


def test_an_update_is_held_only_against_the_fields_it_names() -> None:
    content = a_product(title="Kue").content

    check(content, 0, ItemLimit(), SETTINGS, frozenset({ListingField.PRICE}))
    check(replace(content, title="Kue enak"), 1, ItemLimit(), SETTINGS, ALL)


@pytest.mark.parametrize("most", [20, 50])
def test_the_number_of_choices_follows_the_setting(most: int) -> None:
    settings = SETTINGS.model_copy(update={"most_models": most})
    names = [f"Warna {number}" for number in range(21)]

    if most == 20:
        with pytest.raises(Rejected):
            check(a_product(*names, offers=_offers(names)).content, 1, ItemLimit(), settings)
    else:
        check(a_product(*names, offers=_offers(names)).content, 1, ItemLimit(), settings)


def test_categories_that_want_what_traders_lack_are_refused() -> None:
    for limits in (
        {"gtin_limit": {"gtin_validation_rule": "Mandatory"}},
        {"size_chart_limit": {"size_chart_mandatory": True}},
    ):
        with pytest.raises(Rejected) as refused:
            check_category(ItemLimit.model_validate(limits))
        assert refused.value.fields[0].field == "category"
    check_category(ItemLimit())


def test_channels_that_carry_the_weight_are_used_and_zero_means_no_limit() -> None:
    channels = [_channel(1, heaviest=0), _channel(2, heaviest=1), _channel(3, lightest=5)]

    usable = usable_channels(channels, 2_000, ItemLimit(), SETTINGS)

    assert [one.logistics_channel_id for one in usable] == [1]
    with pytest.raises(Rejected) as refused:
        usable_channels(channels[1:], 2_000, ItemLimit(), SETTINGS)
    assert refused.value.fields[0].field == "weight_grams"


def test_without_a_parcel_only_channels_that_want_none_are_used() -> None:
    bare = SETTINGS.model_copy(update={"package": None})
    measured, plain = _channel(1), _channel(2, fee="FIXED_DEFAULT_PRICE")
    strict = ItemLimit.model_validate({"dimension_limit": {"dimension_mandatory": True}})

    assert usable_channels([measured, plain], 100, ItemLimit(), bare) == [plain]
    for channels, limits, one_listing in (
        ([measured], ItemLimit(), False),
        ([plain], strict, True),
    ):
        with pytest.raises(ActionNeeded) as asked:
            usable_channels(channels, 100, limits, bare)
        assert asked.value.advice is advice.NO_PACKAGE
        assert asked.value.one_listing is one_listing, "a category's wish holds up its goods alone"


def test_channels_whose_fee_only_the_seller_can_choose_are_left_out() -> None:
    with pytest.raises(ActionNeeded) as asked:
        usable_channels([_channel(1, fee="CUSTOM_PRICE")], 100, ItemLimit(), SETTINGS)

    assert asked.value.advice is advice.NO_SHIPPING


def _channel(
    number: int, *, fee: str = "SIZE_INPUT", heaviest: float = 50, lightest: float = 0
) -> Channel:
    weight = {"item_max_weight": heaviest, "item_min_weight": lightest}
    return Channel.model_validate(
        {"logistics_channel_id": number, "enabled": True, "fee_type": fee, "weight_limit": weight}
    )


def _offers(names: list[str]) -> tuple[Offer, ...]:
    return tuple(Offer(Reference(f"x-{name}"), name, 1_000, 1) for name in names)
