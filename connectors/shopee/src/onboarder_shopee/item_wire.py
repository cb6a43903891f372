"""Shopee's own words for items and their choices: answers as models, read as leniently as in wire.py."""

from onboarder_shopee.wire import Flag, Items, Number, Text, Wire

NORMAL = "NORMAL"
UNLIST = "UNLIST"
REVIEWING = "REVIEWING"
BANNED = "BANNED"
DELETED = frozenset({"SELLER_DELETE", "SHOPEE_DELETE", "DELETED"})
"""Older pages say DELETED, newer ones the other two."""
STATUSES_THERE = (NORMAL, UNLIST, REVIEWING, BANNED)


class Created(Wire):
    """Only the id is believed: the status that a write answers was seen to be wrong."""

    item_id: int


class ItemEntry(Wire):
    item_id: int
    item_status: str = ""
    update_time: int = 0


class ItemList(Wire):
    """No `item` means an empty page."""

    item: Items[ItemEntry] = ()
    has_next_page: bool = False
    next_offset: int | None = None
    total_count: int | None = None


class PriceInfo(Wire):
    original_price: float | None = None


class SellerStock(Wire):
    stock: int | None = None


class StockInfo(Wire):
    seller_stock: Items[SellerStock] = ()


class Images(Wire):
    image_id_list: Items[str] = ()


class Item(Wire):
    """Of an item with models, prices and stocks are missing here."""

    item_id: int
    category_id: int = 0
    item_name: Text = ""
    description: Text = ""
    item_sku: Text = ""
    create_time: int = 0
    update_time: int = 0
    item_status: Text = ""
    has_model: Flag = False
    deboost: Flag = False
    price_info: Items[PriceInfo] = ()
    stock_info_v2: StockInfo | None = None
    image: Images | None = None
    weight: Number = None

    @property
    def there(self) -> bool:
        return self.item_status not in DELETED


class BaseInfo(Wire):
    item_list: Items[Item] = ()


class Violation(Wire):
    violation_type: Text = ""
    violation_reason: Text = ""
    suggestion: Text = ""


class ViolatingItem(Wire):
    item_id: int
    item_status_details: Items[Violation] = ()
    deboost_details: Items[Violation] = ()


class Violations(Wire):
    item_list: Items[ViolatingItem] = ()


class Option(Wire):
    variation_option_name: str = ""
    image_id: str | None = None


class Tier(Wire):
    variation_name: str = ""
    variation_option_list: Items[Option] = ()


class OldImage(Wire):
    image_id: Text = ""


class OldOption(Wire):
    option: str = ""
    image: OldImage | None = None


class OldTier(Wire):
    name: str = ""
    option_list: Items[OldOption] = ()


class Model(Wire):
    model_id: int
    tier_index: Items[int] = ()
    model_sku: Text = ""
    price_info: Items[PriceInfo] = ()
    stock_info_v2: StockInfo | None = None


class Models(Wire):
    standardise_tier_variation: Items[Tier] = ()
    tier_variation: Items[OldTier] = ()
    model: Items[Model] = ()

    @property
    def levels(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each level's name and options, from whichever form is there."""
        if self.standardise_tier_variation:
            return tuple(
                (
                    one.variation_name,
                    tuple(o.variation_option_name for o in one.variation_option_list),
                )
                for one in self.standardise_tier_variation
            )
        return tuple(
            (one.name, tuple(o.option for o in one.option_list)) for one in self.tier_variation
        )

    @property
    def option_photos(self) -> dict[str, str]:
        """Of the first level's options; empty where one has none."""
        for tier in self.standardise_tier_variation[:1]:
            return {o.variation_option_name: o.image_id or "" for o in tier.variation_option_list}
        for old in self.tier_variation[:1]:
            return {o.option: o.image.image_id if o.image else "" for o in old.option_list}
        return {}


class Failed(Wire):
    model_id: int | None = None
    item_id: int | None = None
    failed_reason: Text = ""


class Written(Wire):
    """Of calls that may fail in part; a filled list may come with a filled `error`."""

    failure_list: Items[Failed] = ()

    @property
    def reasons(self) -> str:
        return "; ".join(one.failed_reason for one in self.failure_list)


class Found(Wire):
    item_id_list: Items[int] = ()
