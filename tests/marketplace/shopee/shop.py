"""The shop's own endpoints."""

from tests.marketplace.shopee.rules import Reading
from tests.marketplace.shopee.shelf import Shop, keep_shop
from tests.marketplace.shopee.visit import Asked, Refused, Reply, Visit, get, post

NAME_CHANGE_SECONDS = 30 * 86_400
NAME_LENGTHS = (5, 30)
DESCRIPTION_MOST = 500
IMAGE_HOST = "https://cf.shopee.co.id/file/"


class Profile(Asked):
    shop_name: str | None = None
    shop_logo: str | None = None
    description: str | None = None


def shop_info(visit: Visit) -> Reply:
    """Flat; FROZEN and BANNED shops can be asked too."""
    shop = visit.shop
    return visit.flat(
        {
            "shop_name": shop.shop_name,
            "region": shop.region,
            "status": shop.status,
            "auth_time": int(shop.auth_time),
            "expire_time": int(shop.expire_time),
            "is_cb": shop.is_cb,
            "is_upgraded_cbsc": False,
            "merchant_id": None,
            "is_sip": False,
            "shop_fulfillment_flag": "Others",
            "is_main_shop": False,
            "is_direct_shop": False,
            "linked_direct_shop_list": [],
            "linked_main_shop_id": 0,
            "is_one_awb": False,
            "is_mart_shop": False,
            "is_outlet_shop": False,
        }
    )


def profile(visit: Visit) -> Reply:
    shop = visit.shop
    return visit.ok(
        {
            "shop_name": shop.shop_name,
            "shop_logo": shop.shop_logo,
            "description": shop.description,
            "invoice_issuer": "Other",
        }
    )


def update_profile(visit: Visit) -> Reply:
    """The answer's response is empty: who wants to know reads it back."""
    asked, shop = visit.read(Profile), visit.shop
    if asked.shop_name is not None and asked.shop_name != shop.shop_name:
        shop = _renamed(visit, shop, asked.shop_name)
    if asked.shop_logo is not None:
        shop = shop.model_copy(update={"shop_logo": _shopee_image(visit, asked.shop_logo)})
    if asked.description is not None:
        if len(asked.description) > DESCRIPTION_MOST:
            raise _refused(visit, f"The shop description exceeds {DESCRIPTION_MOST} characters")
        shop = shop.model_copy(update={"description": asked.description})
    keep_shop(visit.state, shop)
    return visit.ok({})


def warehouses(visit: Visit) -> Reply:
    """Small shops are told that they are not on the list, which is normal."""
    visit.optional_integer("warehouse_type", 1, 2)
    if not visit.shop.warehouses:
        raise Refused(
            "warehouse.error_not_in_whitelist", "The shop is not in the multi-warehouse whitelist."
        )
    one = {"location_id": "IDZ", "warehouse_id": 1, "address_id": 1, "region": "ID"}
    return visit.ok([{**one, "state": "JAWA BARAT", "city": "KOTA CIREBON"}])


def holiday_mode(visit: Visit) -> Reply:
    on = visit.shop.holiday
    return visit.ok({"holiday_mode_on": on, "holiday_mode_type": 0})


def _renamed(visit: Visit, shop: Shop, name: str) -> Shop:
    now = visit.now
    least, most = NAME_LENGTHS
    if not least <= len(name) <= most:
        raise _refused(visit, f"The shop name must be between {least} and {most} characters")
    if shop.name_changed_at is not None and now - shop.name_changed_at < NAME_CHANGE_SECONDS:
        raise _refused(visit, "The shop name was changed in the last 30 days")
    return shop.model_copy(update={"shop_name": name, "name_changed_at": now})


def _shopee_image(visit: Visit, url: str) -> str:
    if not url.startswith(IMAGE_HOST):
        raise _refused(visit, "The image url is not a Shopee image url")
    return url


def _refused(visit: Visit, message: str) -> Refused:
    other = visit.rules.reads(Reading.PROFILE_DATA)
    return visit.refusal("data_data_check" if other else "error_data_check", message)


ENDPOINTS = (
    get("shop/get_shop_info", shop_info),
    get("shop/get_profile", profile),
    post("shop/update_profile", update_profile),
    get("shop/get_warehouse_detail", warehouses, "warehouse_type"),
    get("shop/get_shop_holiday_mode", holiday_mode),
)
