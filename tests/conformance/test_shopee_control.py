"""The kit's hands at the fake Shopee: a stranger is refused for the token alone."""

from urllib.parse import urlencode

import pytest

from onboarder.connector.testing import Exchange
from tests.conformance.shopee import as_stranger
from tests.marketplace.shopee.inside import Inside, inside

INFO = "shop/get_shop_info"


async def told_to_a_stranger(here: Inside, query: dict[str, str | int]) -> object:
    call = Exchange("GET", f"/api/v2/{INFO}?{urlencode(query)}", {}, b"")
    return (await here.raw.get(as_stranger(call).target)).json()["error"]


@pytest.mark.parametrize("skew", [0, 60])
async def test_a_stranger_signs_rightly_and_is_not_known(skew: int) -> None:
    async with inside(clock_skew_seconds=skew) as here:
        query = here.shop.signed(INFO)

        assert await told_to_a_stranger(here, query) == "invalid_acceess_token"


async def test_a_public_call_has_no_token_to_change() -> None:
    async with inside() as here:
        path = "public/get_shopee_ip_ranges"
        call = Exchange("GET", f"/api/v2/{path}?{urlencode(here.app.signed(path))}", {}, b"")

        assert as_stranger(call) == call
