"""Product details that a category demands, filled from the operator's defaults. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time

from onboarder.connector.errors import FieldFault, Rejected
from onboarder_shopee import wire
from onboarder_shopee.advice import ATTRIBUTES

OWN_TEXT = frozenset({2, 3, 5})
"""Input types that take a value which is not in the list."""
DATE = 4
WITH_UNIT = 2
BETWEEN_VALUES = ";"

Body = dict[str, object]
Defaults = Mapping[str, str]


def filled(tree: Iterable[wire.Attribute], defaults: Defaults) -> list[Body]:
    """`attribute_list`; `Rejected` naming every mandatory attribute for which there is no usable value."""
    missing: list[str] = []
    known = {name.casefold(): value for name, value in defaults.items()}
    bodies = list(_bodies(tree, known, missing))
    if missing:
        reason = ", ".join(missing)
        raise Rejected(ATTRIBUTES, fields=(FieldFault("category", reason),), detail=reason)
    return bodies


def defaults_for(category: int, settings: Mapping[str, Defaults]) -> Defaults:
    """The operator's values for all categories, and over them those for this one."""
    return {**settings.get("*", {}), **settings.get(str(category), {})}


def _bodies(tree: Iterable[wire.Attribute], known: Defaults, missing: list[str]) -> Iterator[Body]:
    for attribute in tree:
        text = known.get(str(attribute.attribute_id)) or known.get(attribute.name.casefold())
        values = [] if text is None else _values(attribute, text)
        if values is None or (not values and attribute.needed):
            missing.append(attribute.name or str(attribute.attribute_id))
        elif values:
            bodies = [body for body, _ in values]
            yield {"attribute_id": attribute.attribute_id, "attribute_value_list": bodies}
            for _, chosen in values:
                if chosen is not None:
                    yield from _bodies(chosen.child_attribute_list, known, missing)


def _values(
    attribute: wire.Attribute, text: str
) -> list[tuple[Body, wire.AttributeValue | None]] | None:
    """The values a default stands for; None if one of them cannot be sent."""
    found: list[tuple[Body, wire.AttributeValue | None]] = []
    for part in (one.strip() for one in text.split(BETWEEN_VALUES)):
        listed = (v for v in attribute.attribute_value_list if v.name.casefold() == part.casefold())
        chosen = next(listed, None)
        body = (
            {"value_id": chosen.value_id} if chosen else _own_value(attribute.attribute_info, part)
        )
        if body is None:
            return None
        found.append((dict(body), chosen))
    return found


def _own_value(info: wire.AttributeInfo, text: str) -> Body | None:
    if info.input_type not in OWN_TEXT:
        return None
    if info.input_validation_type == DATE:
        try:
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
        except ValueError:
            return None
        return {"value_id": 0, "original_value_name": str(int(day.timestamp()))}
    if info.format_type == WITH_UNIT:
        amount, _, unit = text.rpartition(" ")
        if not amount or unit not in info.attribute_unit_list:
            return None
        return {"value_id": 0, "original_value_name": amount, "value_unit": unit}
    return {"value_id": 0, "original_value_name": text}
