"""Consent: both links, what they bring back, tokens that rotate, and messages."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr, TypeAdapter
from tests.support.shopee_bench import (
    ACCESS,
    NOW,
    SHOP,
    WIRE,
    ok,
    recorded,
    refused,
    sent,
    shopee_bench,
)

from onboarder.connector.consent import ConsentReturn
from onboarder.connector.contract import Credentials
from onboarder.connector.errors import (
    ActionNeeded,
    Advice,
    CredentialsExpired,
    MarketplaceError,
    OutcomeUnknown,
)
from onboarder.connector.webhook import Delivery
from onboarder.model.ids import RemoteId
from onboarder.model.people import Actor
from onboarder.model.shop import StoreState
from onboarder_shopee import advice
from onboarder_shopee.auth import sign

CALLBACK = "https://onboarder.example.id/oauth/shopee/callback"
CODE = ConsentReturn(SecretStr("5a5477794a55537954697169514f4653"), RemoteId(str(SHOP)))
PUSHES = TypeAdapter(list[dict[str, object]]).validate_python(
    json.loads((WIRE / "pushes.json").read_bytes())["answer"]
)


async def test_the_open_link_carries_state_and_nothing_secret() -> None:
    async with shopee_bench() as bench:
        link = bench.connector.consent_url(CALLBACK, SecretStr("st4te")).get_secret_value()

    page, query = link.split("?")
    assert page == "https://open.shopee.com/auth"
    assert {name: values[0] for name, values in parse_qs(query).items()} == {
        "auth_type": "seller",
        "partner_id": "2001887",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "state": "st4te",
    }


async def test_the_signed_link_is_made_for_now_and_brings_state_home_in_the_callback() -> None:
    async with shopee_bench(consent_link="signed", api_host="https://api.example") as bench:
        link = bench.connector.consent_url(CALLBACK, SecretStr("st/4te")).get_secret_value()

    address, now = urlsplit(link), int(NOW.timestamp())
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    path = "/api/v2/shop/auth_partner"
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"https://api.example{path}"
    assert query["sign"] == sign("shpk-invented", 2001887, path, now)
    assert query["timestamp"] == str(now)
    assert parse_qs(urlsplit(query["redirect"]).query)["state"] == ["st/4te"]


async def test_the_callback_names_a_shop_or_a_main_account() -> None:
    async with shopee_bench() as bench:
        shop = bench.connector.read_return({"code": "c0de", "shop_id": "14701711"})
        main = bench.connector.read_return({"code": "c0de", "main_account_id": "55501"})

    assert (shop.remote_id, shop.account) == ("14701711", None)
    assert (main.remote_id, main.account) == (None, "55501")
    assert "c0de" not in repr(shop)


@pytest.mark.parametrize(
    "query", [{}, {"code": "c"}, {"shop_id": "1"}, {"code": "c", "shop_id": "1 OR 1"}]
)
async def test_a_callback_without_code_or_shop_asks_the_merchant_again(
    query: dict[str, str],
) -> None:
    async with shopee_bench() as bench:
        with pytest.raises(ActionNeeded) as asked:
            bench.connector.read_return(query)

    assert asked.value.advice.who is Actor.MERCHANT


async def test_a_code_becomes_a_store_with_its_tokens_and_the_end_of_the_permission() -> None:
    async with shopee_bench() as bench:
        tokens = bench.answer("auth/token/get", recorded("tokens"))
        bench.answer("shop/get_shop_info", recorded("shop_info"))

        opened = await bench.connector.redeem(CODE)

    request = tokens.calls.last.request
    assert json.loads(request.content) == {
        "code": "5a5477794a55537954697169514f4653",
        "partner_id": 2001887,
        "shop_id": SHOP,
    }
    assert set(request.url.params) == {"partner_id", "timestamp", "sign"}
    assert (opened.store.remote_id, opened.store.state) == (str(SHOP), StoreState.OPEN)
    assert opened.store.authorised_until == datetime.fromtimestamp(1773503999, UTC)
    assert opened.credentials.expires_at == NOW + timedelta(seconds=14400)
    assert opened.credentials.renewable_until == NOW + timedelta(days=30)
    assert "6b5a4671" not in repr(opened)


async def test_a_moment_in_place_of_a_length_is_read_as_a_moment() -> None:
    async with shopee_bench() as bench:
        bench.answer("auth/token/get", _tokens(expire_in=1795521812))
        bench.answer("shop/get_shop_info", recorded("shop_info"))

        opened = await bench.connector.redeem(CODE)

    assert opened.credentials.expires_at == datetime.fromtimestamp(1795521812, UTC)


async def test_tokens_are_not_lost_to_an_unfinished_registration() -> None:
    async with shopee_bench() as bench:
        bench.answer("auth/token/get", recorded("tokens"))
        bench.answer("shop/get_shop_info", ok(refused("error_kyc_auth"), status=403))

        opened = await bench.connector.redeem(CODE)

    assert opened.store.state is StoreState.IN_REVIEW
    assert "Seller Centre" in (opened.store.reason or "")


@pytest.mark.parametrize("other", [{"region": "SG"}, {"is_cb": True}])
async def test_a_shop_of_another_market_is_refused(other: dict[str, object]) -> None:
    async with shopee_bench() as bench:
        bench.answer("auth/token/get", recorded("tokens"))
        bench.answer("shop/get_shop_info", {**recorded("shop_info"), **other})

        with pytest.raises(ActionNeeded) as asked:
            await bench.connector.redeem(CODE)

    assert asked.value.advice is advice.WRONG_SHOP


async def test_a_main_account_s_pair_is_made_the_shop_s_own_at_once() -> None:
    async with shopee_bench() as bench:
        bench.answer("auth/token/get", _tokens(refresh_token="of-main", shop_id_list=[SHOP]))
        refresh = bench.answer("auth/access_token/get", _tokens(refresh_token="of-shop"))
        bench.answer("shop/get_shop_info", recorded("shop_info"))

        opened = await bench.connector.redeem(replace(CODE, remote_id=None, account="55501"))

    assert json.loads(refresh.calls.last.request.content)["refresh_token"] == "of-main"
    assert "of-shop" in opened.credentials.secret.get_secret_value()
    assert opened.store.remote_id == str(SHOP)


async def test_a_main_account_with_several_shops_is_asked_which() -> None:
    async with shopee_bench() as bench:
        bench.answer("auth/token/get", _tokens(shop_id_list=[SHOP, SHOP + 1]))

        with pytest.raises(ActionNeeded) as asked:
            await bench.connector.redeem(replace(CODE, remote_id=None, account="55501"))

    assert asked.value.advice is advice.SEVERAL_SHOPS


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("invalid_code", ""),
        ("invalid_shop_id", ""),
        ("invalid_main_acount_id", ""),
        ("error_auth", "Invalid code"),
        ("error_auth", "Code is used"),
        ("error_param", "Wrong parameters, detail: code expired."),
        ("error_unheard", ""),
    ],
)
async def test_a_refused_code_sends_the_merchant_to_the_link_again(code: str, message: str) -> None:
    async with shopee_bench() as bench:
        bench.answer("auth/token/get", refused(code, message))

        with pytest.raises(CredentialsExpired) as over:
            await bench.connector.redeem(CODE)

    assert over.value.advice is advice.CODE_REFUSED


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        ("error_sign", "Wrong sign.", advice.SIGNATURE),
        ("api_suspended", "", advice.APP_STOPPED),
        ("shop_banned", "", advice.SHOP_STOPPED),
        ("error_server", "", advice.UNCLEAR),
    ],
)
async def test_what_no_new_link_mends_is_told_as_it_is(
    code: str, message: str, said: Advice
) -> None:
    async with shopee_bench() as bench:
        bench.answer("auth/token/get", refused(code, message))

        with pytest.raises(MarketplaceError) as told:
            await bench.connector.redeem(CODE)

    assert told.value.advice is said


async def test_a_lost_answer_to_a_code_is_unknown_and_sent_once() -> None:
    async with shopee_bench() as bench:
        route = bench.router.post("/api/v2/auth/token/get").mock(side_effect=httpx.ReadTimeout)

        with pytest.raises(OutcomeUnknown):
            await bench.connector.redeem(CODE)

    assert route.call_count == 1


async def test_a_refresh_rotates_both_tokens_and_sends_numbers_as_numbers() -> None:
    async with shopee_bench() as bench:
        route = bench.answer("auth/access_token/get", _tokens(refresh_token="r1"))

        renewed = await bench.connector.renew(ACCESS)

    assert json.loads(route.calls.last.request.content) == {
        "refresh_token": "r0",
        "partner_id": 2001887,
        "shop_id": SHOP,
    }
    assert json.loads(renewed.secret.get_secret_value())["refresh_token"] == "r1"


async def test_tasks_that_hold_a_spent_token_share_what_it_was_renewed_to() -> None:
    async with shopee_bench() as bench:
        route = bench.answer("auth/access_token/get", _tokens(refresh_token="r1"), refused("x"))

        renewed = await asyncio.gather(*(bench.connector.renew(ACCESS) for _ in range(5)))

    assert (len(set(map(id, renewed))), route.call_count) == (1, 1)


@pytest.mark.parametrize(
    "code",
    ["refresh_token_expired", "error_shop_refresh_token", "shop_access_expired", "shop_no_linked"],
)
async def test_a_refresh_that_is_refused_asks_the_merchant(code: str) -> None:
    async with shopee_bench() as bench:
        bench.answer("auth/access_token/get", refused(code))

        with pytest.raises(CredentialsExpired) as over:
            await bench.connector.renew(ACCESS)

    assert over.value.advice is advice.RECONSENT


async def test_a_refresh_whose_answer_is_lost_is_unknown_and_may_be_tried_once_more() -> None:
    async with shopee_bench() as bench:
        lost: list[httpx.Response | Exception] = [
            httpx.ReadTimeout("lost"),
            ok(_tokens(refresh_token="r1")),
        ]
        route = bench.router.post("/api/v2/auth/access_token/get").mock(side_effect=lost)

        with pytest.raises(OutcomeUnknown) as doubt:
            await bench.connector.renew(ACCESS)
        renewed = await bench.connector.renew(ACCESS)

    assert doubt.value.advice is advice.RENEWAL_UNCLEAR
    assert (route.call_count, "r1" in renewed.secret.get_secret_value()) == (2, True)


@pytest.mark.parametrize(
    "kept", ["{]", "{}", '{"shop_id":1,"access_token":"another-shop","refresh_token":"r"}']
)
async def test_kept_tokens_of_nobody_or_of_another_shop_open_nothing(kept: str) -> None:
    async with shopee_bench() as bench:
        with pytest.raises(CredentialsExpired) as over:
            await bench.connector.renew(replace(ACCESS, credentials=Credentials(SecretStr(kept))))

    assert "another-shop" not in str(over.value)


async def test_a_refused_signature_is_tried_once_more_by_shopee_s_clock() -> None:
    async with shopee_bench() as bench:
        there = NOW + timedelta(hours=2)
        wrong = ok(refused("error_param", "Invalid timestamp."), date=there)
        route = bench.answer("shop/get_shop_info", wrong, recorded("shop_info"))

        store = await bench.connector.observe_store(ACCESS)

    assert store is not None
    times = [int(one.url.params["timestamp"]) for one in sent(route)]
    assert times == [int(NOW.timestamp()), int(there.timestamp())]


async def test_an_expired_key_is_changed_for_the_next_one() -> None:
    async with shopee_bench({"partner_key_next": "new-key"}) as bench:
        expired = refused("error_partner_key_expired")
        route = bench.answer("shop/get_shop_info", expired, recorded("shop_info"))

        await bench.connector.observe_store(ACCESS)

    last = route.calls.last.request.url
    now = int(NOW.timestamp())
    assert last.params["sign"] == sign("new-key", 2001887, last.path, now, "t0ken-of-siti", SHOP)


async def test_without_another_key_or_clock_the_operator_is_told_after_one_call() -> None:
    async with shopee_bench() as bench:
        route = bench.answer("shop/get_shop_info", refused("error_sign", "Wrong sign."))

        with pytest.raises(ActionNeeded) as asked:
            await bench.connector.observe_store(ACCESS)

    assert (asked.value.advice, route.call_count) == (advice.SIGNATURE, 1)


async def test_without_any_key_nothing_is_sent() -> None:
    async with shopee_bench(without_keys=True) as bench:
        with pytest.raises(ActionNeeded) as asked:
            await bench.connector.observe_store(ACCESS)

    assert asked.value.advice is advice.NO_KEY


@pytest.mark.parametrize(
    ("number", "kind", "shops"),
    [
        (0, "shop_authorization", ["14701711"]),
        (1, "shop_authorization", ["14701711", "14701712"]),
        (2, "shop_authorization_canceled", ["14701711"]),
        (3, "shop_authorization_canceled", ["14701711"]),
        (4, "authorization_expiry", ["14701711", "14701712"]),
        (5, "shop_penalty_update", ["14701711"]),
        (6, "violation_item", ["14701711"]),
    ],
)
async def test_a_message_wakes_the_shops_it_names_wherever_it_names_them(
    number: int, kind: str, shops: list[str]
) -> None:
    body = json.dumps(PUSHES[number]).encode()
    async with shopee_bench() as bench:
        [event] = bench.connector.read_events(Delivery(CALLBACK, {}, body))
        [again] = bench.connector.read_events(Delivery(CALLBACK, {}, body))

    assert (event.kind, list(event.stores)) == (kind, shops)
    assert event.id == again.id


async def test_a_cancellation_without_any_id_and_an_unknown_kind_are_read_all_the_same() -> None:
    async with shopee_bench() as bench:
        silent = b'{"code":2,"timestamp":1,"data":{"authorize_type":"x","extra":"y"}}'
        odd = b'{"code":4711,"timestamp":1,"shop_id":5,"data":{}}'
        [cancelled] = bench.connector.read_events(Delivery(CALLBACK, {}, silent))
        [unknown] = bench.connector.read_events(Delivery(CALLBACK, {}, odd))

    assert (cancelled.kind, cancelled.stores) == ("shop_authorization_canceled", ())
    assert (unknown.kind, unknown.stores) == ("code_4711", ("5",))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"code":"x"}', b"\xff"])
async def test_an_unreadable_message_is_a_value_error(body: bytes) -> None:
    async with shopee_bench() as bench:
        with pytest.raises(ValueError, match=r".+"):
            bench.connector.read_events(Delivery(CALLBACK, {}, body))


def _tokens(**changes: object) -> dict[str, object]:
    return {**recorded("tokens"), **changes}
