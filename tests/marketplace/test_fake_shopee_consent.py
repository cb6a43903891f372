"""Consent, codes, tokens and authorizations live and die as documented."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.marketplace.shopee.caller import Caller
from tests.marketplace.shopee.inside import LIST, Inside, at, inside

BACK = "http://127.0.0.1:9/oauth/shopee/callback"
LINK = {
    "auth_type": "seller",
    "partner_id": "2001887",
    "redirect_uri": BACK,
    "response_type": "code",
    "state": "acak-1",
}
TOKEN, REFRESH = "auth/token/get", "auth/access_token/get"
INFO = "shop/get_shop_info"


async def visit(here: Inside, link: dict[str, str] | None = None, **answer: object) -> object:
    url = f"https://open.shopee.com/auth?{urlencode(link or LINK)}"
    body = {"link": url, "shop_id": 14701711, **answer}
    return await here.control("POST", "consent", body)


async def code_of(here: Inside, **answer: object) -> str:
    back = str(at(await visit(here, None, **answer), "redirect"))
    return parse_qs(urlsplit(back).query)["code"][0]


async def exchange(here: Inside, good: object, **changes: object) -> dict[str, object]:
    body = {"code": good, "partner_id": 2001887, "shop_id": 14701711, **changes}
    return await here.app.post(
        TOKEN, {name: value for name, value in body.items() if value is not None}
    )


async def refreshed(here: Inside, token: object, **changes: object) -> dict[str, object]:
    body = {"refresh_token": token, "partner_id": 2001887, "shop_id": 14701711, **changes}
    return await here.app.post(REFRESH, body)


async def told(here: Inside, access: object) -> object:
    caller = Caller(here.raw, here.clock.seconds, 14701711, str(access))
    return (await caller.get(INFO))["error"]


async def test_a_seller_who_agrees_comes_back_with_a_code_her_shop_and_the_state() -> None:
    async with inside() as here:
        back = urlsplit(str(at(await visit(here), "redirect")))
        query = parse_qs(back.query)

        assert back.path == "/oauth/shopee/callback"
        assert (query["shop_id"], query["state"]) == (["14701711"], ["acak-1"])


async def test_a_seller_who_refuses_does_not_come_back() -> None:
    async with inside() as here:
        assert at(await visit(here, accept=False), "redirect") is None


@pytest.mark.parametrize(
    "change",
    [{"auth_type": "user"}, {"partner_id": "1"}, {"redirect_uri": "callback"}, {"redirect": "x"}],
)
async def test_a_link_that_is_not_as_documented_does_not_open(change: dict[str, str]) -> None:
    async with inside() as here:
        answer = await visit(here, {**LINK, **change})

        assert (at(answer, "redirect"), bool(at(answer, "fault"))) == (None, True)


async def test_a_redirect_to_a_domain_that_the_console_does_not_know_does_not_open() -> None:
    async with inside(redirect_domain="onboarder.example.id") as here:
        assert "domain" in str(at(await visit(here), "fault"))


async def test_the_page_has_buttons_that_lead_back() -> None:
    async with inside() as here:
        page = await here.raw.get("/auth", params=LINK)
        form = {"shop_id": "14701711", "days": "30", "answer": "accept"}
        agreed = await here.raw.post("/auth", params=LINK, data=form)
        refused = await here.raw.post("/auth", params=LINK, data={**form, "answer": "refuse"})

        assert "Kerupuk Bu Siti" in page.text
        assert agreed.headers["location"].startswith(f"{BACK}?code=")
        assert (refused.status_code, "location" in refused.headers) == (200, False)


async def test_the_older_signed_link_leads_to_the_page_and_dies_after_five_minutes() -> None:
    async with inside() as here:
        path = "shop/auth_partner"
        query = here.app.signed(path, redirect=BACK)
        link = f"http://x/api/v2/{path}?{urlencode(query)}"
        sent_on = await here.raw.get(f"/api/v2/{path}", params=query)
        body = {"link": link, "shop_id": 14701711}
        agreed = await here.control("POST", "consent", body)
        here.clock.advance(301)
        late = await here.control("POST", "consent", body)

        assert sent_on.headers["location"].startswith("/auth?auth_type=seller")
        assert "state" not in str(agreed["redirect"])
        assert (late["redirect"], late["fault"]) == (None, "error_param: Invalid timestamp")


async def test_a_code_gives_tokens_once() -> None:
    async with inside() as here:
        code = await code_of(here, days=30)
        first, second = await exchange(here, code), await exchange(here, code)

        assert (first["error"], first["expire_in"], first["shop_id_list"]) == ("", 14400, [])
        assert "response" not in first
        assert second["error"] == "invalid_code"
        assert await told(here, first["access_token"]) == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"partner_id": "2001887"}, "error_param"),
        ({"partner_id": 1}, "error_auth"),
        ({"shop_id": 14701712}, "invalid_shop_id"),
        ({"shop_id": None}, "error_param"),
        ({"shop_id": None, "main_account_id": 5}, "invalid_main_acount_id"),
        ({"main_account_id": 5}, "error_param"),
        ({"code": "bukan"}, "invalid_code"),
    ],
)
async def test_an_exchange_that_is_not_as_documented_is_refused(
    changes: dict[str, object], code: str
) -> None:
    async with inside() as here:
        good = await code_of(here)
        answer = await exchange(here, good, **changes)

        assert answer["error"] == code
        assert (await exchange(here, good))["error"] == "", "a refusal does not use the code up"


async def test_a_code_dies_after_ten_minutes() -> None:
    async with inside() as here:
        code = await code_of(here)
        await here.control("POST", "clock", {"advance_seconds": 601})

        assert (await exchange(here, code))["error"] == "invalid_code"


async def test_a_main_accounts_refresh_token_works_once_for_every_shop_of_it() -> None:
    async with inside() as here:
        for name in ("Satu Toko", "Dua Toko"):
            await here.another_shop(shop_name=name, main_account_id=55501)
        code = await code_of(here, shop_id=None, main_account_id=55501)
        pair = await exchange(here, code, shop_id=None, main_account_id=55501)
        shops = LIST.validate_python(pair["shop_id_list"])
        answers = [
            (await refreshed(here, pair["refresh_token"], shop_id=shop))["error"] for shop in shops
        ]

        assert (shops, answers) == ([14701712, 14701713], ["", ""])


async def test_a_refresh_rotates_both_tokens_and_the_old_access_token_lives_five_more_minutes() -> (
    None
):
    async with inside() as here:
        old = await exchange(here, await code_of(here))
        new = await refreshed(here, old["refresh_token"])
        before = await told(here, old["access_token"])
        here.clock.advance(301)
        after = await told(here, old["access_token"])

        assert (new["shop_id"], new["partner_id"]) == (14701711, 2001887)
        assert (before, after) == ("", "invalid_acceess_token")
        assert await told(here, new["access_token"]) == ""


@pytest.mark.parametrize(
    ("rule", "next_error"), [("revoke", "error_shop_refresh_token"), ("refuse", "")]
)
async def test_a_spent_refresh_token_is_refused_and_may_cost_the_family(
    rule: str, next_error: str
) -> None:
    async with inside(spent_refresh=rule) as here:
        old = await exchange(here, await code_of(here))
        new = await refreshed(here, old["refresh_token"])
        again = await refreshed(here, old["refresh_token"])

        assert again["error"] == "error_shop_refresh_token"
        assert (await told(here, new["access_token"]) == "") == (rule == "refuse")
        assert (await refreshed(here, new["refresh_token"]))["error"] == next_error


async def test_a_refresh_token_of_an_earlier_consent_is_refused_without_harm() -> None:
    async with inside() as here:
        old = await exchange(here, await code_of(here))
        new = await exchange(here, await code_of(here))
        late = await refreshed(here, old["refresh_token"])

        assert late["error"] == "error_shop_refresh_token"
        assert await told(here, old["access_token"]) == "invalid_acceess_token"
        assert await told(here, new["access_token"]) == ""


async def test_tokens_live_four_hours_and_thirty_days() -> None:
    async with inside() as here:
        pair = await exchange(here, await code_of(here))
        await here.control("POST", "clock", {"advance_seconds": 14_401})
        access = await told(here, pair["access_token"])
        await here.control("POST", "clock", {"advance_seconds": 30 * 86_400})
        refresh = (await refreshed(here, pair["refresh_token"]))["error"]

        assert (access, refresh) == ("invalid_acceess_token", "refresh_token_expired")


@pytest.mark.parametrize(
    ("misfortune", "call", "refresh"),
    [
        ("authorization_withdrawn", "shop_no_linked", "error_shop_refresh_token"),
        ("authorization_over", "shop_no_linked", "shop_access_expired"),
        ("access_expired", "invalid_acceess_token", ""),
        ("refresh_expired", "invalid_acceess_token", "refresh_token_expired"),
        ("tokens_revoked", "invalid_acceess_token", "error_shop_refresh_token"),
        ("shop_banned", "", "shop_banned"),
        ("shop_frozen", "", ""),
        ("kyc_pending", "error_kyc_auth", ""),
    ],
)
async def test_a_misfortune_shows_in_calls_and_in_the_refresh(
    misfortune: str, call: str, refresh: str
) -> None:
    async with inside() as here:
        pair = await exchange(here, await code_of(here))
        await here.befall(misfortune)

        assert await told(here, pair["access_token"]) == call
        assert (await refreshed(here, pair["refresh_token"]))["error"] == refresh


async def test_the_older_error_forms_are_a_rule() -> None:
    async with inside(auth_errors="error_auth", expire_in="epoch") as here:
        pair = await exchange(here, await code_of(here))
        calls = Caller(here.raw, here.clock.seconds, 14701711, "salah")
        messages = [
            (await exchange(here, "salah"))["message"],
            (await refreshed(here, "salah"))["message"],
            (await calls.get(INFO))["message"],
        ]

        assert messages == ["Invalid code", "Invalid refresh_token.", "Invalid access_token."]
        assert int(str(pair["expire_in"])) == int(here.clock.seconds()) + 14_400


async def test_the_list_of_connected_shops_is_paged_and_has_no_error_key() -> None:
    async with inside() as here:
        gone = await here.another_shop(shop_name="Toko Kedua")
        await here.another_shop(shop_name="Toko Ketiga")
        path = "public/get_shops_by_partner"
        await here.control("POST", f"shops/{gone.shop_id}/authorization_withdrawn")
        one = await here.app.get(path, {"page_no": 1, "page_size": 1})
        two = await here.app.get(path, {"page_no": 2, "page_size": 1})

        assert "error" not in one
        assert (one["more"], two["more"]) == (True, False)
        assert at(two, "authed_shop_list", 0, "shop_id") == 14701713


async def test_another_shops_access_token_does_not_open_this_one() -> None:
    async with inside() as here:
        other = await here.another_shop(shop_name="Toko Kedua")

        assert await told(here, other.access_token) == "invalid_acceess_token"


async def test_a_shop_that_never_consented_is_not_linked() -> None:
    async with inside() as here:
        await here.control("POST", "shops", {"shop_id": 900, "shop_name": "Belum"})
        caller = Caller(here.raw, here.clock.seconds, 900, "apa saja")

        assert (await caller.get(INFO))["error"] == "shop_no_linked"


@pytest.mark.parametrize(
    ("code", "status"), [("error_partner_key_expired", 200), ("api_suspended", 403)]
)
async def test_an_app_that_may_not_call_is_told_so_everywhere(code: str, status: int) -> None:
    async with inside(app_error=code) as here:
        for caller, path in ((here.shop, INFO), (here.app, "public/get_shopee_ip_ranges")):
            answer = await here.raw.get(f"/api/v2/{path}", params=caller.signed(path))
            assert (answer.status_code, answer.json()["error"]) == (status, code)


async def test_kyc_pending_is_a_403_on_everything_and_may_spare_the_shop_info() -> None:
    async with inside() as here:
        await here.control("PATCH", "shops/14701711", {"kyc": "pending_but_info"})
        path = "product/get_category"
        refused = await here.raw.get(f"/api/v2/{path}", params=here.shop.signed(path))

        assert (refused.status_code, refused.json()["error"]) == (403, "error_kyc_auth")
        assert (await here.shop.get(INFO))["error"] == ""
