"""Looking through a shop whose items come and go."""

from collections.abc import Sequence

import httpx
import pytest
from tests.support.shopee_bench import (
    ACCESS,
    KEY,
    ShopeeBench,
    an_item,
    fine,
    ok,
    refused,
    shopee_bench,
)

from onboarder.connector.errors import Gone
from onboarder.model.ids import RemoteId

ITEM = RemoteId("3000142341")
ABSENT = refused("product.error_item_not_found", "Product not found")


@pytest.mark.parametrize("gone", [[7], [8, 9], [7, 8, 9, 10]])
async def test_an_item_that_is_gone_takes_no_other_with_it(gone: list[int]) -> None:
    async with shopee_bench() as bench:
        _listed(bench, [7, 8, 9, 10, int(ITEM)])
        _strict(bench, {int(ITEM): KEY} | {one: "" for one in (7, 8, 9, 10) if one not in gone})

        page = await bench.connector.observe_listings(ACCESS, None)
        found = await bench.connector.find_listing(ACCESS, KEY)

    assert len(page.listings) == 5 - len(gone)
    assert found is not None
    assert found.remote_id == ITEM


async def test_one_that_only_the_search_still_knows_is_not_there() -> None:
    async with shopee_bench() as bench:
        _listed(bench, [])
        _strict(bench, {})
        bench.answer("product/search_item", fine(item_id_list=[7]))

        assert await bench.connector.find_listing(ACCESS, KEY) is None
        assert await bench.connector.withdraw_listing(ACCESS, ITEM) is None
        with pytest.raises(Gone):
            await bench.connector.relist(ACCESS, ITEM)


def _listed(bench: ShopeeBench, ids: Sequence[int]) -> None:
    rows = [{"item_id": one, "item_status": "NORMAL", "update_time": 1} for one in ids]
    bench.answer("product/get_item_list", fine(item=rows, has_next_page=False))


def _strict(bench: ShopeeBench, skus: dict[int, str]) -> None:
    """get_item_base_info that refuses the whole call for an id that is not there."""

    def answer(request: httpx.Request) -> httpx.Response:
        ids = [int(one) for one in request.url.params["item_id_list"].split(",")]
        if not set(ids) <= skus.keys():
            return ok(ABSENT)
        items = [an_item(item_id=one, item_sku=skus[one], item_status="NORMAL") for one in ids]
        return ok(fine(item_list=items))

    bench.router.route(path="/api/v2/product/get_item_base_info").mock(side_effect=answer)
