"""Shipping channels and addresses."""

from tests.marketplace.shopee.rules import Reading
from tests.marketplace.shopee.shelf import Shop
from tests.marketplace.shopee.visit import Reply, Visit, get

CHANNELS = {
    8003: ("Reguler (Cashless)", "SIZE_INPUT", 0),
    8005: ("Hemat Kargo", "SIZE_INPUT", 0),
    8010: ("Kurir Toko", "CUSTOM_PRICE", 0),
    8011: ("Kotak Ukuran", "SIZE_SELECTION", 0),
    80031: ("SPX Standard", "SIZE_INPUT", 8003),
}
"""Name, fee type, and the channel that masks it."""
SIZES = {"1": "Kecil", "2": "Besar"}
ON = frozenset({8003, 8011, 80031})
WEIGHT_MOST = 50
FLAGS = {
    "force_enable": False,
    "compulsory_channel": False,
    "block_seller_cover_shipping_fee": False,
    "support_cross_border": False,
    "seller_logistic_has_configuration": None,
    "preprint": True,
    "service_type_identifier": None,
    "support_pause": False,
}


def is_enabled(shop: Shop, channel: int) -> bool:
    match shop.channels:
        case "ready":
            return channel in ON
        case "masked":
            return channel in ON and CHANNELS[channel][2] != 0
        case "none" | "disabled":
            return False


def is_usable(shop: Shop, channel: int) -> bool:
    """Whether items may be shipped with it."""
    return channel in CHANNELS and CHANNELS[channel][2] == 0 and is_enabled(shop, channel)


def channel_list(visit: Visit) -> Reply:
    """All channels, usable or not; the relation rules are an object, whatever the documentation says."""
    shop = visit.shop
    shown = [] if shop.channels == "none" else [_channel(shop, number) for number in CHANNELS]
    rules: object = [] if visit.rules.reads(Reading.CHANNEL_RULES_LIST) else {}
    return visit.ok({"logistics_channel_list": shown, "channel_relation_rules": rules})


def address_list(visit: Visit) -> Reply:
    address = {
        "address_id": 1,
        "region": "ID",
        "state": "JAWA BARAT",
        "city": "KOTA CIREBON",
        "district": "LEMAHWUNGKUK",
        "town": "",
        "zipcode": "45111",
        "address": "Jl. Contoh 1",
        "address_type": ["DEFAULT_ADDRESS", "PICK_UP_ADDRESS", "RETURN_ADDRESS"],
    }
    listed = [] if visit.shop.channels == "none" else [address]
    return visit.ok({"show_pickup_address": True, "address_list": listed})


def _channel(shop: Shop, number: int) -> dict[str, object]:
    name, fee_type, mask = CHANNELS[number]
    sized = fee_type == "SIZE_SELECTION"
    no_limit = {"height": 0, "width": 0, "length": 0, "unit": "cm", "dimension_sum": 0}
    return {
        "logistics_channel_id": number,
        "logistics_channel_name": name,
        "enabled": is_enabled(shop, number),
        "mask_channel_id": mask,
        "fee_type": fee_type,
        "cod_enabled": number == 8003,
        "size_list": [{"size_id": k, "name": v} for k, v in SIZES.items()] if sized else [],
        "weight_limit": {"item_max_weight": WEIGHT_MOST, "item_min_weight": 0},
        "volume_limit": {"item_max_volume": 0, "item_min_volume": 0},
        "item_max_dimension": no_limit,
        "logistics_capability": {"seller_logistics": number == 8010},
        **FLAGS,
    }


ENDPOINTS = (
    get("logistics/get_channel_list", channel_list),
    get("logistics/get_address_list", address_list),
)
