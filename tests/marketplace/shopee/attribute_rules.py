"""How attributes must be sent: always a value_id, 0 for free text, units for quantities, parents with their children."""

from collections.abc import Sequence

from tests.marketplace.shopee.asked import ChosenAttribute, ChosenValue
from tests.marketplace.shopee.catalogue import Attribute, AttributeValue, attributes_of
from tests.marketplace.shopee.visit import Visit

DROP_DOWNS = {1, 4}
MULTI = {4, 5}
FREE_TEXT = 3
INTEGER, FLOAT, DATE = 1, 3, 4
WITH_UNIT = 2


def check_attributes(visit: Visit, category: int, chosen: Sequence[dict[str, object]]) -> None:
    """Refused unless they are of this category, complete, and their values are allowed."""
    sent = {int(str(one["attribute_id"])): _typed(one) for one in chosen}
    known = _applying(attributes_of(category), sent)
    foreign = sorted(sent.keys() - known.keys())
    if foreign or len(sent) < len(chosen):
        raise visit.refusal("error_invalid_category_attribute", f"Invalid attribute id: {foreign}")
    for number, attribute in known.items():
        if number in sent:
            _check_values(visit, attribute, sent[number].attribute_value_list)
        elif attribute.mandatory:
            raise visit.refusal(
                "error_less_required_attribute", f"Attribute is mandatory: id: {number}"
            )


def value_name(category: int, attribute_id: int, value_id: int) -> str:
    """What a listed value is called; empty if it is not listed."""
    known = _everything(attributes_of(category))
    values = known[attribute_id].values if attribute_id in known else ()
    return next((one.name for one in values if one.value_id == value_id), "")


def attribute_named(category: int, attribute_id: int) -> Attribute | None:
    return _everything(attributes_of(category)).get(attribute_id)


def _typed(chosen: dict[str, object]) -> ChosenAttribute:
    return ChosenAttribute.model_validate(chosen, strict=False)


def _applying(
    attributes: Sequence[Attribute], sent: dict[int, ChosenAttribute]
) -> dict[int, Attribute]:
    """The category's own attributes, and those that a chosen value brings with it."""
    known: dict[int, Attribute] = {}
    for attribute in attributes:
        known[attribute.attribute_id] = attribute
        mine = sent.get(attribute.attribute_id)
        for value in _picked(attribute, mine):
            known |= _applying(value.children, sent)
    return known


def _picked(attribute: Attribute, chosen: ChosenAttribute | None) -> list[AttributeValue]:
    ids = {one.value_id for one in chosen.attribute_value_list} if chosen else set[int]()
    return [value for value in attribute.values if value.value_id in ids]


def _everything(attributes: Sequence[Attribute]) -> dict[int, Attribute]:
    known: dict[int, Attribute] = {}
    for attribute in attributes:
        known[attribute.attribute_id] = attribute
        for value in attribute.values:
            known |= _everything(value.children)
    return known


def _check_values(visit: Visit, attribute: Attribute, values: Sequence[ChosenValue]) -> None:
    most = attribute.max_value_count if attribute.input_type in MULTI else 1
    if not 1 <= len(values) <= most:
        raise visit.refusal(
            "error_invalid_attribute_value", f"{attribute.name}: send 1 to {most} values"
        )
    for value in values:
        if value.value_id == 0:
            _check_custom(visit, attribute, value)
        elif attribute.input_type == FREE_TEXT:
            raise visit.refusal(
                "error_value_id_must_equal_zero", "value_id must equal 0 for free text"
            )
        elif value.value_id not in {one.value_id for one in attribute.values}:
            raise visit.refusal(
                "error_invalid_attribute_value", f"Invalid value_id: {value.value_id}"
            )


def _check_custom(visit: Visit, attribute: Attribute, value: ChosenValue) -> None:
    if attribute.input_type in DROP_DOWNS:
        raise visit.refusal(
            "error_invalid_attribute_value", f"{attribute.name}: choose a listed value"
        )
    if not value.original_value_name:
        raise visit.refusal("error_value_name_required", "original_value_name is required")
    if not _is_of_kind(attribute.input_validation_type, value.original_value_name):
        raise visit.refusal("error_invalid_attribute_value", f"{attribute.name}: invalid value")
    if attribute.format_type == WITH_UNIT and value.value_unit not in attribute.units:
        raise visit.refusal("error_busi_attribute_error", "Your attribute info is invalid")


def _is_of_kind(kind: int, text: str) -> bool:
    """Dates are Unix seconds as text."""
    if kind in {INTEGER, DATE}:
        return text.isascii() and text.isdigit()
    if kind == FLOAT:
        whole, _, rest = text.partition(".")
        return text.isascii() and (whole + rest).isdigit()
    return True
