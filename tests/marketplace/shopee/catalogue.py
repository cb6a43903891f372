"""Categories, attributes, brands and limits, and the endpoints that show them. What they hold is in catalogue.json."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee.rules import Reading
from tests.marketplace.shopee.visit import Asked, Reply, Visit, get, post

LANGUAGES = {"id", "en"}
CATEGORIES_MOST = 20


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Category(_Entry):
    category_id: int
    parent: int
    name: str
    english: str


class AttributeValue(_Entry):
    value_id: int
    name: str
    english: str
    children: tuple["Attribute", ...] = ()


class Attribute(_Entry):
    attribute_id: int
    name: str
    english: str
    mandatory: bool
    input_type: int
    input_validation_type: int
    format_type: int
    date_format_type: int
    units: tuple[str, ...]
    max_value_count: int
    support_search_value: bool
    values: tuple[AttributeValue, ...]


class Catalogue(_Entry):
    source: str
    categories: tuple[Category, ...]
    attributes: Mapping[int, tuple[Attribute, ...]]
    brands: Mapping[int, tuple[str, ...]]
    brand_mandatory: frozenset[int]
    limits: Mapping[int, Mapping[str, Mapping[str, object]]]
    medicine: frozenset[int]


LIMITS: Mapping[str, Mapping[str, object]] = {
    "price_limit": {"min_limit": 99, "max_limit": 150_000_000},
    "stock_limit": {"min_limit": 0, "max_limit": 10_000_000},
    "item_name_length_limit": {"min_limit": 5, "max_limit": 255},
    "item_description_length_limit": {"min_limit": 20, "max_limit": 3000},
    "item_image_count_limit": {"min_limit": 1, "max_limit": 9},
    "item_count_limit": {"max_limit": 50_001},
    "tier_variation_name_length_limit": {"min_limit": 0, "max_limit": 14},
    "tier_variation_option_length_limit": {"min_limit": 0, "max_limit": 20},
    "wholesale_price_threshold_percentage": {"min_limit": 30, "max_limit": 100},
    "dts_limit": {
        "days_to_ship_limit": {"min_limit": 7, "max_limit": 30},
        "non_pre_order_days_to_ship": 2,
    },
    "weight_limit": {"weight_mandatory": True},
    "dimension_limit": {"dimension_mandatory": False},
    "size_chart_limit": {
        "size_chart_mandatory": False,
        "support_image_size_chart": True,
        "support_template_size_chart": True,
    },
    "gtin_limit": {"gtin_validation_rule": "Optional"},
}


@cache
def catalogue() -> Catalogue:
    text = (Path(__file__).parent / "catalogue.json").read_text(encoding="utf-8")
    return Catalogue.model_validate_json(text)


def is_open_leaf(state: State, category: int) -> bool:
    """Whether items may be put there now."""
    rows = [one for one in catalogue().categories if one.category_id == category]
    return bool(rows) and not _has_children(category) and category not in withdrawn(state)


def withdrawn(state: State) -> set[int]:
    return {row["category"] for row in state.all("SELECT category FROM withdrawn")}


def attributes_of(category: int) -> Sequence[Attribute]:
    return catalogue().attributes.get(category, ())


def brand_ids(category: int) -> Mapping[int, str]:
    names = catalogue().brands.get(category, ())
    return {category * 10 + number: name for number, name in enumerate(names, start=1)}


def limits_of(category: int | None) -> Mapping[str, Mapping[str, object]]:
    own = catalogue().limits.get(category or 0, {})
    return {**LIMITS, **own}


def limit(category: int, name: str, bound: str) -> int:
    """One number of the limits: `limit(100734, "price_limit", "max_limit")`."""
    number = limits_of(category)[name][bound]
    assert isinstance(number, int)
    return number


def category_list(visit: Visit) -> Reply:
    english = _language(visit) == "en"
    hidden = withdrawn(visit.state)
    return visit.ok(
        {
            "category_list": [
                {
                    "category_id": one.category_id,
                    "parent_category_id": one.parent,
                    "original_category_name": one.english,
                    "display_category_name": one.english if english else one.name,
                    "has_children": _has_children(one.category_id),
                }
                for one in catalogue().categories
                if one.category_id not in hidden
            ]
        }
    )


def recommend(visit: Visit) -> Reply:
    """Leaves that share a word with the name, best first; the first leaf of all if none does."""
    words = set(visit.text("item_name").lower().split())
    leaves = [one for one in catalogue().categories if is_open_leaf(visit.state, one.category_id)]
    ranked = sorted(leaves, key=lambda one: -len(words & set(one.name.lower().split())))
    return visit.ok({"category_id": [one.category_id for one in ranked[:3]]})


def attribute_tree(visit: Visit) -> Reply:
    _language(visit)
    flag = "is_mandatory" if visit.rules.reads(Reading.IS_MANDATORY) else "mandatory"
    name = "category_ids" if visit.rules.reads(Reading.CATEGORY_IDS) else "category_id_list"
    trees = [
        {"category_id": one, "warning": "", "attribute_tree": _tree(attributes_of(one), flag)}
        for one in visit.ids(name, CATEGORIES_MOST)
        if _is_leaf(visit, one)
    ]
    return visit.ok({"list": trees})


class ValueSearch(Asked):
    attribute_id: int
    cursor: int | str
    limit: int
    value_name: str = ""


def search_values(visit: Visit) -> Reply:
    asked = visit.read(ValueSearch)
    if not 1 <= asked.limit <= 100 or not str(asked.cursor or "0").isdigit():
        raise visit.refusal("error_param", "cursor or limit is invalid")
    start = int(asked.cursor or 0)
    found = [
        {"value_id": value.value_id, "value_name": value.name}
        for attribute in _all_attributes()
        if attribute.attribute_id == asked.attribute_id
        for value in attribute.values
        if asked.value_name.lower() in value.name.lower()
    ]
    end = start + asked.limit
    page = {"cursor": end, "has_next": end < len(found)}
    return visit.ok({"value_list": found[start:end], "page_info": page})


def brand_list(visit: Visit) -> Reply:
    category = visit.integer("category_id")
    status, offset = visit.integer("status", 1, 2), visit.integer("offset")
    size = visit.integer("page_size", 1, 100)
    _language(visit)
    _is_leaf(visit, category)
    brands = [*brand_ids(category).items()] if status == 1 else []
    shown = [
        {"brand_id": number, "original_brand_name": name, "display_brand_name": name}
        for number, name in brands[offset : offset + size]
    ]
    page = {
        "has_next_page": offset + size < len(brands),
        "next_offset": offset + len(shown),
        "is_mandatory": category in catalogue().brand_mandatory,
        "input_type": "DROP_DOWN",
    }
    if visit.rules.reads(Reading.BRAND_BESIDE):
        return Reply({**visit.envelope(), "response": {"brand_list": shown}, **page})
    return visit.ok({"brand_list": shown, **page})


def item_limit(visit: Visit) -> Reply:
    category = visit.optional_integer("category_id")
    if category is not None:
        _is_leaf(visit, category)
    count = {"item_count_limit": {"max_limit": visit.shop.item_count_max}}
    limits = {**limits_of(category), **count}
    if visit.rules.reads(Reading.GTIN_BESIDE):
        gtin = limits.pop("gtin_limit")
        return Reply({**visit.envelope(), "response": limits, "gtin_limit": gtin})
    return visit.ok(limits)


def _has_children(category: int) -> bool:
    return any(one.parent == category for one in catalogue().categories)


def _is_leaf(visit: Visit, category: int) -> bool:
    """True, or refused."""
    if not is_open_leaf(visit.state, category):
        raise visit.refusal("error_invalid_category", "Invalid category id, please check")
    return True


def _language(visit: Visit) -> str:
    language = visit.query.get("language", "en")
    if language not in LANGUAGES:
        raise visit.refusal("error_param", "language, value must be id or en")
    return language


def _all_attributes() -> Iterator[Attribute]:
    for attributes in catalogue().attributes.values():
        for attribute in attributes:
            yield attribute
            for value in attribute.values:
                yield from value.children


def _tree(attributes: Sequence[Attribute], flag: str) -> list[dict[str, object]]:
    return [_shown(attribute, flag) for attribute in attributes]


def _shown(attribute: Attribute, flag: str) -> dict[str, object]:
    return {
        "attribute_id": attribute.attribute_id,
        flag: attribute.mandatory,
        "name": attribute.name,
        "attribute_value_list": [
            {
                "value_id": value.value_id,
                "name": value.name,
                "value_unit": "",
                "multi_lang": [{"language": "id", "value": value.name}],
                "child_attribute_list": _tree(value.children, flag),
            }
            for value in attribute.values
        ],
        "attribute_info": {
            "input_type": attribute.input_type,
            "input_validation_type": attribute.input_validation_type,
            "format_type": attribute.format_type,
            "date_format_type": attribute.date_format_type,
            "attribute_unit_list": [*attribute.units],
            "max_value_count": attribute.max_value_count,
            "is_oem": False,
            "support_search_value": attribute.support_search_value,
        },
        "multi_lang": [{"language": "id", "value": attribute.name}],
    }


ENDPOINTS = (
    get("product/get_category", category_list, "language"),
    get("product/category_recommend", recommend, "item_name", "product_cover_image"),
    get(
        "product/get_attribute_tree", attribute_tree, "category_id_list", "category_ids", "language"
    ),
    post("product/search_attribute_value_list", search_values),
    get(
        "product/get_brand_list",
        brand_list,
        "category_id",
        "status",
        "offset",
        "page_size",
        "language",
    ),
    get("product/get_item_limit", item_limit, "category_id"),
)
