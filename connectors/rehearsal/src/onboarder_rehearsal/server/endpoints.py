"""The marketplace's API, endpoint by endpoint."""

from collections.abc import Callable
from dataclasses import dataclass

from onboarder_rehearsal.server import categories, images, items, sellers
from onboarder_rehearsal.server.visit import Reply, Visit, Who


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`path` is also the route template in the request log and in the dials' filters."""

    method: str
    path: str
    who: Who
    handle: Callable[[Visit], Reply]


ENDPOINTS = (
    Endpoint("POST", "/v1/sellers", Who.PARTNER, sellers.apply),
    Endpoint("GET", "/v1/sellers", Who.PARTNER, sellers.search),
    Endpoint("POST", "/v1/sellers/{seller}/tokens", Who.PARTNER, sellers.issue_token),
    Endpoint("GET", "/v1/seller", Who.SELLER, sellers.show_own),
    Endpoint("PUT", "/v1/seller/pickup", Who.SELLER, sellers.set_pickup),
    Endpoint("GET", "/v1/taxonomy", Who.SELLER, categories.taxonomy),
    Endpoint("POST", "/v1/images", Who.SELLER, images.upload),
    Endpoint("POST", "/v1/items", Who.SELLER, items.create),
    Endpoint("GET", "/v1/items", Who.SELLER, items.search_or_page),
    Endpoint("POST", "/v1/items/batch", Who.SELLER, items.create_batch),
    Endpoint("GET", "/v1/items/{item}", Who.SELLER, items.show),
    Endpoint("PATCH", "/v1/items/{item}", Who.SELLER, items.change),
    Endpoint("PUT", "/v1/items/{item}/shelf", Who.SELLER, items.restock),
    Endpoint("POST", "/v1/items/{item}/hide", Who.SELLER, items.hide),
    Endpoint("POST", "/v1/items/{item}/show", Who.SELLER, items.unhide),
)
