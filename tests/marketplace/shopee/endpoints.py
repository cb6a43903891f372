"""The marketplace's API, endpoint by endpoint."""

from tests.marketplace.shopee import (
    auth,
    catalogue,
    health,
    items,
    logistics,
    media,
    offers,
    pushes,
    reading,
    shop,
    variants,
)

ENDPOINTS = (
    *auth.ENDPOINTS,
    *shop.ENDPOINTS,
    *catalogue.ENDPOINTS,
    *media.ENDPOINTS,
    *logistics.ENDPOINTS,
    *items.ENDPOINTS,
    *offers.ENDPOINTS,
    *variants.ENDPOINTS,
    *reading.ENDPOINTS,
    *health.ENDPOINTS,
    *pushes.ENDPOINTS,
)
BY_PATH = {endpoint.path: endpoint for endpoint in ENDPOINTS}
