"""Every dial does what it says to the calls it names, limits count, and a real process keeps its state."""

import json
import time
import zlib
from pathlib import Path

import httpx
import pytest

from tests.marketplace.shopee.caller import Caller
from tests.marketplace.shopee.dials import Dial, Fault
from tests.marketplace.shopee.inside import Inside, a_jpeg, at, inside, item_body
from tests.marketplace.shopee.launch import running_shopee

ADD = "product/add_item"
ON_ADD = "*/add_item"


async def raw_add(here: Inside) -> httpx.Response:
    body = await here.body()
    return await here.raw.post(f"/api/v2/{ADD}", params=here.shop.signed(ADD), json=body)


async def creates(here: Inside) -> object:
    return (await here.control("GET", "account"))["creates"]


@pytest.mark.parametrize(
    ("fault", "kept"), [(Fault.LOST_BEFORE, 0), (Fault.LOST_AFTER, 1), (Fault.TRUNCATED, 1)]
)
async def test_a_dropped_connection_leaves_behind_what_the_fault_says(
    fault: Fault, kept: int
) -> None:
    async with inside() as here:
        await here.dial(Dial(fault=fault, route=ON_ADD))
        with pytest.raises(httpx.RemoteProtocolError):
            await raw_add(here)

        assert await creates(here) == kept
        assert (await here.control("GET", "account"))["faults"] == {fault: 1}


@pytest.mark.parametrize(
    ("fault", "status", "kept"),
    [(Fault.ERROR_BEFORE, 500, 0), (Fault.UNAVAILABLE, 503, 0), (Fault.ERROR_AFTER, 500, 1)],
)
async def test_a_gateway_answers_with_a_page(fault: Fault, status: int, kept: int) -> None:
    async with inside() as here:
        await here.dial(Dial(fault=fault, route=ON_ADD))
        answer = await raw_add(here)

        assert (answer.status_code, answer.headers["content-type"][:9]) == (status, "text/html")
        assert await creates(here) == kept


@pytest.mark.parametrize(
    ("dial", "code", "kept"),
    [
        (Dial(fault=Fault.REFUSED_BEFORE), "product.error_busi", 0),
        (Dial(fault=Fault.REFUSED_AFTER, code="error_inner"), "error_inner", 1),
        (Dial(fault=Fault.RATE_LIMITED), "error_rate_limit", 0),
        (Dial(fault=Fault.DAY_LIMITED), "error_limit", 0),
    ],
)
async def test_a_refusal_comes_in_shopees_form_with_status_200(
    dial: Dial, code: str, kept: int
) -> None:
    async with inside() as here:
        await here.dial(dial.model_copy(update={"route": ON_ADD}))
        answer = await raw_add(here)

        assert (answer.status_code, answer.json()["error"]) == (200, code)
        assert await creates(here) == kept


async def test_a_late_commit_happens_after_its_time() -> None:
    async with inside() as here:
        await here.dial(Dial(fault=Fault.LATE_COMMIT, route=ON_ADD, seconds=30))
        with pytest.raises(httpx.RemoteProtocolError):
            await raw_add(here)
        before = await here.control("GET", "account")
        here.clock.advance(30)

        assert (before["creates"], before["late_pending"]) == (0, 1)
        assert await creates(here) == 1


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.INVALID_JSON])
async def test_an_unreadable_answer_has_status_200(fault: Fault) -> None:
    async with inside() as here:
        await here.dial(Dial(fault=fault, route=ON_ADD))
        answer = await raw_add(here)

        assert answer.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            answer.json()
        assert await creates(here) == 1


async def test_an_oversized_answer_and_a_gzip_bomb_are_as_large_as_the_dial_says() -> None:
    async with inside() as here:
        await here.dial(Dial(fault=Fault.OVERSIZED, megabytes=3, times=1, route=ON_ADD))
        await here.dial(Dial(fault=Fault.GZIP_BOMB, megabytes=3, route=ON_ADD))
        large = await raw_add(here)
        request = here.raw.build_request(
            "POST", f"/api/v2/{ADD}", params=here.shop.signed(ADD), json=await here.body()
        )
        bomb = await here.raw.send(request, stream=True)
        packed = b"".join([chunk async for chunk in bomb.aiter_raw()])

        assert len(large.content) > 3 * 1024 * 1024
        assert len(packed) < 10_000
        assert len(zlib.decompress(packed, 31)) == 3 * 1024 * 1024


async def test_a_dial_strikes_only_the_shop_the_method_and_the_number_it_names() -> None:
    async with inside() as here:
        other = await here.another_shop(shop_name="Toko Kedua")
        filters = {"shop": other.shop_id, "method": "GET", "after": 1, "times": 1}
        await here.dial(Dial.model_validate({"fault": "rate_limited", **filters}))
        path = "shop/get_shop_info"
        mine = [(await here.shop.get(path))["error"] for _ in range(3)]
        theirs = [(await other.get(path))["error"] for _ in range(3)]

        assert mine == ["", "", ""]
        assert theirs == ["", "error_rate_limit", ""]


async def test_chance_falls_the_same_way_for_the_same_seed() -> None:
    async def errors(seed: int) -> list[object]:
        async with inside(seed=seed) as here:
            await here.dial(Dial(fault=Fault.RATE_LIMITED, probability=0.5))
            return [(await here.shop.get("shop/get_profile"))["error"] for _ in range(20)]

    first = await errors(1)

    assert first == await errors(1)
    assert first != await errors(2)
    assert 2 < first.count("") < 18


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.ACCESS_EXPIRED, "invalid_acceess_token"),
        (Fault.TOKENS_REVOKED, "invalid_acceess_token"),
        (Fault.AUTHORIZATION_WITHDRAWN, "shop_no_linked"),
        (Fault.AUTHORIZATION_OVER, "shop_no_linked"),
        (Fault.KYC_PENDING, "error_kyc_auth"),
        (Fault.SHOP_BANNED, "shop_banned"),
        (Fault.SHOP_FROZEN, "product.error_busi_invalid_shop_status"),
        (Fault.NO_SHIPPING, "product.error_invalid_logistic_info"),
        (Fault.CATEGORY_WITHDRAWN, "product.error_invalid_category"),
    ],
)
async def test_a_misfortune_strikes_in_the_middle_of_a_run(fault: Fault, code: str) -> None:
    async with inside() as here:
        await here.item()
        await here.dial(Dial(fault=fault, route=ON_ADD))

        assert (await raw_add(here)).json()["error"] == code
        assert await creates(here) == 1


async def test_calls_of_a_second_are_limited_for_the_shop_and_for_the_app() -> None:
    async with inside(shop_per_second=2) as here:
        path = "shop/get_shop_info"
        burst = [(await here.shop.get(path))["error"] for _ in range(3)]
        here.clock.advance(1)
        await here.rules(shop_per_second=None, app_per_second=1)
        shared = [(await here.shop.get(path))["error"], (await here.app.get("public/x"))["error"]]
        public = "public/get_shopee_ip_ranges"

        assert burst == ["", "", "error_rate_limit"]
        assert shared[0] == ""
        assert (await here.app.get(public))["error"] == "error_rate_limit"


async def test_the_daily_limit_ends_at_eleven_in_the_evening_of_western_indonesia() -> None:
    async with inside(app_per_day=1) as here:
        path = "shop/get_shop_info"
        first, second = [(await here.shop.get(path))["error"] for _ in range(2)]
        here.clock.advance(13 * 3600 + 59 * 60)
        here.shop = await here.connected(14701711)
        late = (await here.shop.get(path))["error"]
        await here.control("POST", "clock", {"advance_seconds": 60})

        assert (first, second, late) == ("", "error_limit", "error_limit")
        assert (await here.shop.get(path))["error"] == ""


async def test_the_account_counts_calls_and_the_log_has_times() -> None:
    async with inside() as here:
        await here.item()
        account = await here.control("GET", "account")
        log = (await here.raw.get("/_control/log", params={"route": "*/add_item"})).json()

        assert at(account, "calls", "POST /api/v2/product/add_item") == 1
        assert at(account, "items", "OB-busiti-melarat250-1", 0, "status") == "UNLIST"
        assert (at(log, 0, "shop"), at(log, 0, "at")) == (14701711, here.clock.seconds())


async def test_sellers_edit_and_delete_their_items_by_hand() -> None:
    async with inside() as here:
        number = await here.item()
        await here.control("PATCH", f"items/{number}", {"price": 9000, "name": "Diubah penjual"})
        [item] = await here.base(number)
        await here.control("POST", f"items/{number}/delete")

        assert (item["item_name"], at(item, "price_info", 0, "original_price")) == (
            "Diubah penjual",
            9000,
        )
        assert (await here.control("GET", "account"))["items"] == {}


@pytest.mark.processes
async def test_a_process_drops_hangs_and_goes_on_where_it_ended(tmp_path: Path) -> None:
    with running_shopee(tmp_path / "state") as shopee:
        shop = shopee.register(shop_name="Toko Bu Siti")
        token, _ = shopee.tokens(shop)
        async with httpx.AsyncClient(base_url=shopee.url, trust_env=False, timeout=5) as raw:
            caller = Caller(raw, time.time, shop, token)
            image = at(await caller.upload(a_jpeg()), "response", "image_info", "image_id")
            body = item_body(str(image))
            shopee.dial(
                Dial(fault=Fault.LOST_AFTER, route=ON_ADD, times=1),
                Dial(fault=Fault.HANG_AFTER, route=ON_ADD, times=1),
                Dial(fault=Fault.HANG_BEFORE, route=ON_ADD, times=1),
            )
            with pytest.raises(httpx.RemoteProtocolError):
                await caller.post(ADD, body)
            for _ in range(2):
                with pytest.raises(httpx.ReadTimeout):
                    await _post_shortly(caller, body)
    with running_shopee(tmp_path / "state") as shopee:
        account = shopee.account()

    assert (account["creates"], account["duplicates"]) == (2, ["OB-busiti-melarat250-1"])


async def _post_shortly(caller: Caller, body: dict[str, object]) -> None:
    await caller.raw.post(f"/api/v2/{ADD}", params=caller.signed(ADD), json=body, timeout=0.5)
