"""Shopee's own words: answers as models.

Only members that the connector reads are declared; unknown ones are ignored, and every status, flag and code is read
leniently, because values arrive that no page documents.
"""

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

T = TypeVar("T")

NO_BRAND = {"brand_id": 0, "original_brand_name": "NoBrand"}


def _text(value: object) -> object:
    """Codes and ids that some pages print as numbers; null reads as nothing."""
    return "" if value is None else str(value) if isinstance(value, int) else value


def _yes(value: object) -> object:
    return value.strip().lower() == "true" if isinstance(value, str) else bool(value)


def _number(value: object) -> object:
    return None if value == "" else value


def _items(value: object) -> object:
    return [] if value is None else value


Text = Annotated[str, BeforeValidator(_text)]
Flag = Annotated[bool, BeforeValidator(_yes)]
"""`deboost` and its like come as true or "true"."""
Number = Annotated[float | None, BeforeValidator(_number)]
"""Weights come as text, which may be empty."""
Items = Annotated[tuple[T, ...], BeforeValidator(_items)]
"""A list that may be null."""


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True)


class Envelope(Wire):
    """What every answer has around it. `error` None: the member is not there."""

    error: Annotated[str, BeforeValidator(_text)] | None = None
    message: Text = ""
    msg: Text = ""
    request_id: str | None = None


ENVELOPE = TypeAdapter(Envelope)


class Tokens(Wire):
    """Of both token calls; flat."""

    access_token: str = Field(min_length=1, repr=False)
    refresh_token: str = Field(min_length=1, repr=False)
    expire_in: int
    shop_id_list: Items[int] = ()


class ShopInfo(Wire):
    """Flat. `status` NORMAL, BANNED or FROZEN."""

    shop_name: str = Field(default="", repr=False)
    region: str
    status: str
    expire_time: int | None = None
    is_cb: Flag = False


class CategoryNode(Wire):
    category_id: int
    parent_category_id: int = 0
    original_category_name: str = ""
    display_category_name: str = ""
    has_children: bool


class CategoryList(Wire):
    category_list: tuple[CategoryNode, ...]


class Recommendation(Wire):
    category_id: Items[int] = ()


class AttributeValue(Wire):
    value_id: int
    name: str = ""
    child_attribute_list: "Items[Attribute]" = ()


class AttributeInfo(Wire):
    """`input_type`: 1 from a list, 2 list or own text, 3 own text, 4 and 5 for several; `format_type` 2 has a unit."""

    input_type: int = 3
    input_validation_type: int = 0
    format_type: int = 1
    attribute_unit_list: Items[str] = ()


class Attribute(Wire):
    attribute_id: int
    mandatory: Flag | None = None
    is_mandatory: Flag | None = None
    """The guide's name for it."""
    name: str = ""
    attribute_value_list: Items[AttributeValue] = ()
    attribute_info: AttributeInfo = AttributeInfo()

    @property
    def needed(self) -> bool:
        return bool(self.mandatory or self.is_mandatory)


class AttributeTree(Wire):
    category_id: int
    attribute_tree: Items[Attribute] = ()


class AttributeTrees(Wire):
    list: tuple[AttributeTree, ...]


class BrandPage(Wire):
    """Some pages draw these beside `response`."""

    is_mandatory: Flag = False


class Range(Wire):
    """A missing bound binds nothing."""

    min_limit: float | None = None
    max_limit: float | None = None


class WeightLimit(Wire):
    weight_mandatory: Flag = True


class DimensionLimit(Wire):
    dimension_mandatory: Flag = False


class ShippingDays(Wire):
    non_pre_order_days_to_ship: int | None = None


class SizeChart(Wire):
    size_chart_mandatory: Flag = False


class Gtin(Wire):
    gtin_validation_rule: str = ""


class ItemLimit(Wire):
    """Of one shop and category. The key names are right where the page's prose swaps max and min."""

    price_limit: Range = Range(min_limit=99, max_limit=150_000_000)
    stock_limit: Range = Range(min_limit=0, max_limit=10_000_000)
    item_name_length_limit: Range = Range(min_limit=5, max_limit=255)
    item_description_length_limit: Range = Range(min_limit=20, max_limit=3000)
    item_image_count_limit: Range = Range(min_limit=1, max_limit=9)
    tier_variation_name_length_limit: Range = Range(max_limit=14)
    tier_variation_option_length_limit: Range = Range(max_limit=20)
    dts_limit: ShippingDays = ShippingDays()
    weight_limit: WeightLimit = WeightLimit()
    dimension_limit: DimensionLimit = DimensionLimit()
    size_chart_limit: SizeChart = SizeChart()
    gtin_limit: Gtin = Gtin()


class WeightRange(Wire):
    item_max_weight: float | None = None
    item_min_weight: float | None = None


class Channel(Wire):
    logistics_channel_id: int
    enabled: Flag = False
    mask_channel_id: int | None = None
    fee_type: str = ""
    weight_limit: WeightRange | None = None

    @property
    def usable(self) -> bool:
        return self.enabled and not self.mask_channel_id


class Channels(Wire):
    logistics_channel_list: Items[Channel] = ()


class ImageInfo(Wire):
    image_id: str = ""


class UploadedImage(Wire):
    error: Text = ""
    message: Text = ""
    image_info: ImageInfo | None = None


class Upload(Wire):
    image_info: ImageInfo | None = None
    image_info_list: Items[UploadedImage] = ()


class Push(Wire):
    """A message. The shop may be at the top, in `data` under two names, in a list, or only in a sentence."""

    code: int
    shop_id: int | None = None
    data: Mapping[str, object] = Field(default_factory=dict[str, object])


PUSH = TypeAdapter(Push)
