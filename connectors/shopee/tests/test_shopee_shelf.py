"""Looking through a shop whose items come and go."""

from collections.abc import Sequence

import httpx
import pytest
import respx
from tests.support.shopee_bench import (
    ACCESS,
    KEY,
    ShopeeBench,
    an_item,
    fine,
    ok,
    recorded,
    refused,
    shopee_bench,
)

from onboarder.connector.errors import Gone, MarketplaceError, Unavailable
from onboarder.model.ids import RemoteId
from onboarder_shopee import advice

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


@pytest.mark.parametrize("restless", [1, 2])
async def test_a_deletion_between_two_pages_hides_no_item(restless: int) -> None:
    ids = list(range(1000, 1104))
    async with shopee_bench() as bench:
        walks = _deleting(bench, ids, restless)
        _strict(bench, dict.fromkeys(ids, ""))

        page = await bench.connector.observe_listings(ACCESS, None)
        shown = {int(one.remote_id) for one in page.listings}
        while page.next_cursor is not None:
            page = await bench.connector.observe_listings(ACCESS, page.next_cursor)
            shown |= {int(one.remote_id) for one in page.listings}

    assert shown == set(ids[restless:])
    assert walks.call_count == 2 * restless + 2


async def test_a_shop_that_never_rests_is_read_later_and_nothing_is_created_in_it() -> None:
    ids = list(range(1000, 1104))
    async with shopee_bench() as bench:
        bench.ready_to_create()
        walks = _deleting(bench, ids, 9)
        add = bench.answer("product/add_item", recorded("add_item"))

        with pytest.raises(Unavailable) as moving:
            await bench.create()

    assert (moving.value.advice, walks.call_count, add.call_count) == (advice.MOVING, 6, 0)


@pytest.mark.parametrize("following", [{}, {"next_offset": None}, {"next_offset": 0}])
async def test_a_further_page_without_its_place_is_no_end_of_the_list(
    following: dict[str, object],
) -> None:
    async with shopee_bench() as bench:
        rows = [{"item_id": 1, "item_status": "NORMAL"}]
        bench.answer("product/get_item_list", fine(item=rows, has_next_page=True, **following))

        with pytest.raises(Unavailable):
            await bench.connector.observe_listings(ACCESS, None)


@pytest.mark.parametrize(("listed", "searches"), [(3, 0), (100, 1)])
async def test_before_a_create_the_search_is_asked_where_pages_may_hide_an_item(
    listed: int, searches: int
) -> None:
    ids = list(range(1000, 1000 + listed))
    async with shopee_bench() as bench:
        bench.ready_to_create()
        _listed(bench, ids)
        _strict(bench, dict.fromkeys(ids, "x") | {5: KEY})
        search = bench.answer("product/search_item", fine(item_id_list=[5]))
        add = bench.answer("product/add_item", {"error": "error_param", "message": ""})

        with pytest.raises(MarketplaceError):
            await bench.create()

    assert (search.call_count, add.call_count) == (searches, 1 - searches)


@pytest.mark.parametrize(
    "nothing",
    [
        {"stock_info_v2": {"seller_stock": [{"location_id": "", "stock": None}]}},
        {"weight": ""},
        {"weight": None},
        {"description": None},
        {"item_name": None},
        {"item_status": None},
    ],
    ids=str,
)
async def test_an_item_that_tells_nothing_of_something_spoils_no_page(
    nothing: dict[str, object],
) -> None:
    async with shopee_bench() as bench:
        _listed(bench, [7, int(ITEM)])
        items = [an_item(item_id=7, **nothing), an_item()]
        bench.answer("product/get_item_base_info", fine(item_list=items))

        page = await bench.connector.observe_listings(ACCESS, None)

    odd, plain = page.listings
    assert (plain.weight_grams, plain.title) == (250, "Kerupuk melarat 250 g")
    assert odd.offers is not None
    [offer] = odd.offers
    assert (offer.stock is None) == ("stock_info_v2" in nothing)
    assert (odd.weight_grams is None) == ("weight" in nothing)


def _deleting(bench: ShopeeBench, ids: Sequence[int], restless: int) -> respx.Route:
    """get_item_list of a shop in which the first item is deleted after each of the first `restless` first pages."""
    left = list(ids)

    def answer(request: httpx.Request) -> httpx.Response:
        offset, total = int(request.url.params["offset"]), len(left)
        rows = [
            {"item_id": one, "item_status": "NORMAL", "update_time": 1}
            for one in left[offset : offset + 100]
        ]
        if offset == 0 and len(ids) - len(left) < restless:
            left.pop(0)
        more = {"has_next_page": offset + 100 < total, "next_offset": offset + 100}
        return ok(fine(item=rows, total_count=total, **more))

    return bench.router.route(path="/api/v2/product/get_item_list").mock(side_effect=answer)


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
