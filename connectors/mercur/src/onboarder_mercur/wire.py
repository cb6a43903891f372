"""Mercur's own words: answers as models, and the fields we ask for.

Only members that the connector reads are declared; unknown ones are ignored.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

RUPIAH = "idr"
OUR_KEY = "onboarder_reference"
"""Member of `metadata` that holds our Reference: a renamed store gets a new handle, metadata stays."""
REASON_KEY = "rejection_reason"
"""Member of a product's `metadata` where the operator says why; stays after a later publish."""

STORE_FIELDS = (
    "id,handle,name,status,status_reason,approved_at,metadata"
    ",stock_locations.id,stock_locations.name"
    ",stock_locations.sales_channels.id,stock_locations.sales_channels.name"
)
MEMBERSHIP_FIELDS = ",".join(
    f"seller.{name}"
    for name in ("id", "handle", "name", "status", "status_reason", "approved_at", "metadata")
)
# `options.title` must stay: without it Mercur does the work and then answers 500.
PRODUCT_FIELDS = (
    "id,handle,external_id,status,title,description,weight,updated_at,metadata"
    ",images.url,categories.handle,sales_channels.id"
    ",options.id,options.title,options.values.value"
    ",variants.id,variants.title,variants.sku,variants.options.value"
    ",variants.prices.amount,variants.prices.currency_code"
    ",variants.inventory_items.inventory.id"
    ",variants.inventory_items.inventory.location_levels.location_id"
    ",variants.inventory_items.inventory.location_levels.stocked_quantity"
)
CATEGORY_FIELDS = "id,handle,name,parent_category_id,category_children.id"


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True)


class Problem(Wire):
    """The body of a refusal; routes that do not exist answer HTML, read as an empty type."""

    type: str = ""
    message: str = ""


class TokenAnswer(Wire):
    token: str


class Claims(Wire):
    """What a login token says of itself; `actor_id` is empty until the login owns a store."""

    actor_id: str
    iat: int
    exp: int


class SellerStatus(StrEnum):
    PENDING = "pending_approval"
    OPEN = "open"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


class SalesChannel(Wire):
    id: str
    name: str = ""


class StockLocation(Wire):
    id: str
    name: str = ""
    sales_channels: tuple[SalesChannel, ...] = ()


class Seller(Wire):
    id: str
    handle: str
    name: str
    status: SellerStatus
    status_reason: str | None = None
    approved_at: datetime | None = None
    metadata: dict[str, object] | None = None
    stock_locations: tuple[StockLocation, ...] | None = None
    """None: not asked for."""


class SellerAnswer(Wire):
    seller: Seller


class Membership(Wire):
    seller: Seller


class Memberships(Wire):
    seller_members: tuple[Membership, ...]
    count: int


class LocationAnswer(Wire):
    stock_location: StockLocation


class MarketplaceStore(Wire):
    """The marketplace itself, which Medusa calls a store."""

    default_sales_channel_id: str | None


class MarketplaceStores(Wire):
    stores: tuple[MarketplaceStore, ...]


class SalesChannels(Wire):
    sales_channels: tuple[SalesChannel, ...]


class CategoryChild(Wire):
    id: str


class ProductCategory(Wire):
    id: str
    handle: str
    name: str
    parent_category_id: str | None = None
    category_children: tuple[CategoryChild, ...] = ()


class ProductCategories(Wire):
    product_categories: tuple[ProductCategory, ...]
    count: int


class UploadedFile(Wire):
    url: str


class Uploads(Wire):
    files: tuple[UploadedFile, ...]


class ProductStatus(StrEnum):
    DRAFT = "draft"
    PROPOSED = "proposed"
    PUBLISHED = "published"
    REJECTED = "rejected"


class Price(Wire):
    amount: float
    currency_code: str


class Level(Wire):
    location_id: str
    stocked_quantity: float


class Inventory(Wire):
    id: str
    location_levels: tuple[Level, ...] = ()


class InventoryLink(Wire):
    inventory: Inventory


class OptionValue(Wire):
    value: str


class Option(Wire):
    id: str
    title: str
    values: tuple[OptionValue, ...] = ()


class Variant(Wire):
    id: str
    title: str | None = None
    sku: str | None = None
    options: tuple[OptionValue, ...] = ()
    prices: tuple[Price, ...] = ()
    inventory_items: tuple[InventoryLink, ...] = ()


class Image(Wire):
    url: str


class CategoryHandle(Wire):
    handle: str


class Product(Wire):
    id: str
    handle: str
    external_id: str | None = None
    status: ProductStatus
    title: str
    description: str | None = None
    weight: float | None = None
    """Grams; comes as text."""
    updated_at: datetime | None = None
    metadata: dict[str, object] | None = None
    images: tuple[Image, ...] = ()
    categories: tuple[CategoryHandle, ...] = ()
    sales_channels: tuple[SalesChannel, ...] = ()
    options: tuple[Option, ...] = ()
    variants: tuple[Variant, ...] = ()


class ProductAnswer(Wire):
    product: Product


class Products(Wire):
    products: tuple[Product, ...]
    count: int


class Created(Wire):
    id: str


class Levels(Wire):
    """Answer of the stock batch; its quantities may be stale and are not read."""

    created: tuple[Created, ...]
    updated: tuple[Created, ...]


TOKEN = TypeAdapter(TokenAnswer)
SELLER = TypeAdapter(SellerAnswer)
MEMBERSHIPS = TypeAdapter(Memberships)
LOCATION = TypeAdapter(LocationAnswer)
MARKETPLACE_STORES = TypeAdapter(MarketplaceStores)
SALES_CHANNELS = TypeAdapter(SalesChannels)
CATEGORIES = TypeAdapter(ProductCategories)
UPLOADS = TypeAdapter(Uploads)
PRODUCT = TypeAdapter(ProductAnswer)
PRODUCTS = TypeAdapter(Products)
LEVELS = TypeAdapter(Levels)
ANYTHING = TypeAdapter(object)


def problem(body: bytes) -> Problem:
    """The refusal in a body of any kind."""
    try:
        return Problem.model_validate_json(body)
    except ValidationError:
        return Problem(message=body[:300].decode(errors="replace"))
