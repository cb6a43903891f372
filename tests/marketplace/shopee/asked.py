"""The JSON bodies of the product endpoints. A field that is not here is not in the documentation, or retired."""

from typing import Annotated, Literal

from pydantic import Field

from tests.marketplace.shopee.visit import Asked

Id = Annotated[int, Field(ge=0)]
SKU_MOST = 100
Sku = Annotated[str, Field(max_length=SKU_MOST)]


class SellerStock(Asked):
    stock: int
    location_id: str | None = None


class Dimension(Asked):
    """Whole centimetres, all three."""

    package_length: Annotated[int, Field(ge=1)]
    package_width: Annotated[int, Field(ge=1)]
    package_height: Annotated[int, Field(ge=1)]


class Images(Asked):
    image_id_list: tuple[str, ...]
    image_ratio: Literal["1:1", "3:4"] | None = None


class Logistic(Asked):
    logistic_id: int
    enabled: bool
    is_free: bool = False
    size_id: int | str | None = None
    shipping_fee: float | None = None


class Brand(Asked):
    brand_id: int
    original_brand_name: str


class ChosenValue(Asked):
    value_id: int
    original_value_name: str | None = None
    value_unit: str | None = None


class ChosenAttribute(Asked):
    attribute_id: int
    attribute_value_list: tuple[ChosenValue, ...]


class PreOrder(Asked):
    is_pre_order: bool
    days_to_ship: int | None = None


class Wholesale(Asked):
    min_count: int
    max_count: int
    unit_price: float


class _ItemFields(Asked):
    """What both add_item and update_item may leave out; None is "not sent"."""

    description_type: Literal["normal", "extended"] | None = None
    dimension: Dimension | None = None
    brand: Brand | None = None
    attribute_list: tuple[ChosenAttribute, ...] | None = None
    condition: Literal["NEW", "USED"] | None = None
    item_status: Literal["UNLIST", "NORMAL"] | None = None
    item_sku: Sku | None = None
    pre_order: PreOrder | None = None
    item_dangerous: Literal[0, 1] | None = None
    gtin_code: str | None = None
    wholesale: tuple[Wholesale, ...] | None = None


class NewItem(_ItemFields):
    """add_item: what the documentation, or practice, requires has no default."""

    item_name: str
    description: str
    category_id: int
    image: Images
    original_price: int | float
    weight: float
    logistic_info: tuple[Logistic, ...]
    seller_stock: tuple[SellerStock, ...]


class ChangedItem(_ItemFields):
    """update_item: only the id is required."""

    item_id: Id
    item_name: str | None = None
    description: str | None = None
    category_id: int | None = None
    image: Images | None = None
    weight: float | None = None
    logistic_info: tuple[Logistic, ...] | None = None


class Option(Asked):
    variation_option_id: Literal[0]
    variation_option_name: str
    image_id: str | None = None


class Variation(Asked):
    variation_id: Literal[0]
    variation_group_id: Literal[0]
    variation_name: str
    variation_option_list: tuple[Option, ...]


class NewModel(Asked):
    tier_index: tuple[Id, ...]
    original_price: int | float
    seller_stock: tuple[SellerStock, ...]
    model_sku: Sku = ""
    weight: float | None = None
    dimension: Dimension | None = None
    pre_order: PreOrder | None = None
    gtin_code: str | None = None


class Variations(Asked):
    """init_tier_variation."""

    item_id: Id
    standardise_tier_variation: tuple[Variation, ...]
    model: tuple[NewModel, ...]


class KeptModel(Asked):
    model_id: Id
    tier_index: tuple[Id, ...]


class ChangedVariations(Asked):
    """update_tier_variation."""

    item_id: Id
    standardise_tier_variation: tuple[Variation, ...]
    model_list: tuple[KeptModel, ...]


class MoreModels(Asked):
    item_id: Id
    model_list: Annotated[tuple[NewModel, ...], Field(min_length=1)]


class ChangedModel(Asked):
    model_id: Id
    model_sku: Sku | None = None
    weight: float | None = None
    dimension: Dimension | None = None
    pre_order: PreOrder | None = None
    gtin_code: str | None = None


class ChangedModels(Asked):
    item_id: Id
    model: Annotated[tuple[ChangedModel, ...], Field(min_length=1, max_length=50)]


class DeletedModel(Asked):
    item_id: Id
    model_id: Id


class ItemOnly(Asked):
    item_id: Id


class Price(Asked):
    model_id: Id = 0
    original_price: int | float


class Prices(Asked):
    item_id: Id
    price_list: Annotated[tuple[Price, ...], Field(min_length=1, max_length=50)]


class StockOf(Asked):
    model_id: Id = 0
    seller_stock: tuple[SellerStock, ...]


class Stocks(Asked):
    item_id: Id
    stock_list: Annotated[tuple[StockOf, ...], Field(min_length=1, max_length=50)]


class Unlisting(Asked):
    item_id: Id
    unlist: bool


class Unlistings(Asked):
    item_list: Annotated[tuple[Unlisting, ...], Field(min_length=1, max_length=50)]


class Diagnosed(Asked):
    item_id_list: Annotated[tuple[Id, ...], Field(min_length=1, max_length=48)]
