"""Model values in JSON columns, and rows back into model values."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import RowMapping

from onboarder.model.goods import Product, Variant
from onboarder.model.people import Merchant
from onboarder.model.recorded import Doubt, ListingRecord, StoreRecord
from onboarder.model.shop import ListingContent, ObservedListing
from onboarder.model.work import Failure

T = TypeVar("T")

_CONTENT = TypeAdapter(ListingContent)
_OBSERVED = TypeAdapter(ObservedListing)
_FAILURE = TypeAdapter(Failure)
_VARIANTS = TypeAdapter(tuple[Variant, ...])
_MERCHANT = TypeAdapter(Merchant)
_PRODUCT = TypeAdapter(Product)

Row = Mapping[str, object]
"""Column values as they go into or come out of a table."""


def merchant_row(merchant: Merchant) -> dict[str, object]:
    return _plain(_MERCHANT, merchant)


def product_row(product: Product) -> dict[str, object]:
    row = _plain(_PRODUCT, product)
    return row | {"variants": _VARIANTS.dump_python(product.variants, mode="json")}


def content_json(content: ListingContent | None) -> object:
    return None if content is None else _CONTENT.dump_python(content, mode="json")


def observed_json(observed: ObservedListing | None) -> object:
    return None if observed is None else _OBSERVED.dump_python(observed, mode="json")


def failure_json(failure: Failure | None) -> object:
    return None if failure is None else _FAILURE.dump_python(failure, mode="json")


def reader(kind: type[T]) -> "Callable[[RowMapping], T]":
    """A function from rows to a frozen dataclass: columns with the field's name, validated and converted."""
    adapter = TypeAdapter(kind)

    def read(row: RowMapping) -> T:
        return adapter.validate_python(dict(zip(row.keys(), row.values(), strict=True)))

    return read


read_merchant = reader(Merchant)
read_product = reader(Product)
read_store = reader(StoreRecord)
read_listing = reader(ListingRecord)
read_doubt = reader(Doubt)


def _plain(adapter: "TypeAdapter[T]", value: T) -> dict[str, Any]:
    plain: dict[str, Any] = adapter.dump_python(value)
    return plain
