"""Sign-up, review, access and rate rules at the marketplace's own counter."""

from typing import Literal

import pytest
from tests.support.practice import (
    BASE,
    PARTNER,
    Practice,
    application,
    item_body,
    practice,
    raw_seller,
)

from onboarder_rehearsal.server import Rules


async def apply(here: Practice, key: str = "knm-1", name: str = "Toko Contoh") -> dict[str, object]:
    answer = await here.raw.post("/v1/sellers", headers=PARTNER, json=application(key, name))
    assert answer.status_code == 201, answer.text
    seller: dict[str, object] = answer.json()["seller"]
    return seller


async def found(here: Practice, key: str = "knm-1") -> list[dict[str, object]]:
    params = {"external_key": key}
    answer = await here.raw.get("/v1/sellers", headers=PARTNER, params=params)
    sellers: list[dict[str, object]] = answer.json()["sellers"]
    return sellers


async def test_an_application_is_decided_at_once_after_a_while_or_by_a_person() -> None:
    async with practice() as at_once:
        assert (await apply(at_once))["phase"] == "trading"

    async with practice(rules=Rules(store_review_seconds=30)) as later:
        assert (await apply(later))["phase"] == "screening"
        later.clock.advance(31)
        assert (await found(later))[0]["phase"] == "trading"

    async with practice(rules=Rules(store_review_seconds=None)) as held:
        await apply(held)
        held.clock.advance(86_400)
        assert (await found(held))[0]["phase"] == "screening"
        await held.control("POST", "stores/knm-1/approve")
        assert (await found(held))[0]["phase"] == "trading"


async def test_a_banned_name_is_turned_down_with_the_reason() -> None:
    async with practice() as here:
        seller = await apply(here, name="Toko Uang Palsu Jaya")

    assert seller["phase"] == "turned_down"
    assert "uang palsu" in str(seller["note"])


async def test_two_applications_with_one_reference_make_two_stores() -> None:
    async with practice() as here:
        await apply(here)
        await apply(here)
        sellers = await found(here)
        account = await here.account()

    assert [seller["seller_no"] for seller in sellers] == ["S1", "S2"]
    assert account["duplicate_stores"] == ["knm-1"]


async def test_an_idempotency_key_is_not_honoured() -> None:
    async with practice() as here:
        for _ in range(2):
            headers = PARTNER | {"Idempotency-Key": "once"}
            await here.raw.post("/v1/sellers", headers=headers, json=application())

        assert (await here.creates())[0] == 2


@pytest.mark.parametrize(
    ("rules", "second", "kind"),
    [
        (Rules(unique_references=True), ("knm-1", "Toko Lain"), "key_taken"),
        (Rules(unique_names=True), ("knm-2", "Toko Contoh"), "name_taken"),
    ],
)
async def test_a_rule_can_forbid_doubles(rules: Rules, second: tuple[str, str], kind: str) -> None:
    async with practice(rules=rules) as here:
        await apply(here)
        answer = await here.raw.post("/v1/sellers", headers=PARTNER, json=application(*second))

        assert answer.status_code == 409
        assert answer.json()["fault"]["kind"] == kind
        assert (await here.creates())[0] == 1


async def test_search_is_exact_and_shows_a_partner_only_its_own() -> None:
    async with practice() as here:
        await apply(here, "knm-12")
        other = {"Authorization": "Partner another-partner-key"}
        theirs = await here.raw.get("/v1/sellers", headers=other, params={"external_key": "knm-12"})

        assert await found(here, "knm-1") == []
        assert len(await found(here, "knm-12")) == 1
        assert theirs.json()["sellers"] == []


async def test_refused_fields_are_named() -> None:
    body = application("Not A Key") | {
        "shop_name": "x" * 61,
        "contact": {"person": "A", "phone": "08"},
    }
    async with practice() as here:
        answer = await here.raw.post("/v1/sellers", headers=PARTNER, json=body)

    assert answer.status_code == 422
    spots = {spot["at"] for spot in answer.json()["fault"]["spots"]}
    assert spots == {"external_key", "shop_name", "contact.phone"}


async def test_a_token_expires_and_another_can_be_had() -> None:
    async with practice(rules=Rules(token_seconds=60)) as here:
        headers = await raw_seller(here)
        fresh = await here.raw.get("/v1/seller", headers=headers)
        here.clock.advance(60)
        stale = await here.raw.get("/v1/seller", headers=headers)
        again = await here.raw.post("/v1/sellers/S1/tokens", headers=PARTNER)

    assert fresh.status_code == 200
    assert (stale.status_code, stale.json()["fault"]["kind"]) == (401, "token_expired")
    assert again.status_code == 201


@pytest.mark.parametrize(
    ("headers", "path", "kind"),
    [
        ({}, "/v1/seller", "token_unknown"),
        ({"Authorization": "Bearer nonsense"}, "/v1/seller", "token_unknown"),
        ({"Authorization": "Partner short"}, "/v1/sellers", "partner_key_missing"),
        ({}, "/v1/sellers", "partner_key_missing"),
    ],
)
async def test_without_a_key_nothing_is_shown(
    headers: dict[str, str], path: str, kind: str
) -> None:
    async with practice() as here:
        answer = await here.raw.get(path, headers=headers)

    assert (answer.status_code, answer.json()["fault"]["kind"]) == (401, kind)


async def test_a_withdrawn_authorisation_ends_tokens_and_refuses_new_ones() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.control("POST", "stores/knm-1/revoke")
        dead = await here.raw.get("/v1/seller", headers=headers)
        refused = await here.raw.post("/v1/sellers/S1/tokens", headers=PARTNER)
        await here.control("POST", "stores/knm-1/authorise")
        again = await here.raw.post("/v1/sellers/S1/tokens", headers=PARTNER)

    assert dead.status_code == 401
    assert refused.json()["fault"]["kind"] == "authorisation_withdrawn"
    assert again.status_code == 201


async def test_another_partner_gets_no_token_for_a_store() -> None:
    async with practice() as here:
        await apply(here)
        other = {"Authorization": "Partner another-partner-key"}
        answer = await here.raw.post("/v1/sellers/S1/tokens", headers=other)

    assert (answer.status_code, answer.json()["fault"]["kind"]) == (404, "seller_unknown")


@pytest.mark.parametrize(
    ("form", "shown"),
    [("seconds", "1"), ("date", "Mon, 23 Nov 2026 02:00:01 GMT"), ("none", None)],
)
async def test_a_store_over_its_rate_is_told_to_wait_and_goes_on_in_the_next_window(
    form: Literal["seconds", "date", "none"], shown: str | None
) -> None:
    async with practice() as here:
        headers, others = await raw_seller(here, "knm-1"), await raw_seller(here, "knm-2")
        rules = {"store_per_second": 2, "retry_after": form}
        await here.control("PATCH", "rules", rules)

        first = [(await here.raw.get("/v1/seller", headers=headers)).status_code for _ in range(2)]
        over = await here.raw.get("/v1/seller", headers=headers)
        other = await here.raw.get("/v1/seller", headers=others)
        here.clock.advance(1)
        later = await here.raw.get("/v1/seller", headers=headers)

    assert first == [200, 200]
    assert over.status_code == 429
    assert over.json()["fault"]["spots"] == [{"at": "scope", "why": "seller"}]
    assert over.headers.get("Retry-After") == shown
    assert (other.status_code, later.status_code) == (200, 200)


async def test_the_partner_s_rate_counts_all_its_stores() -> None:
    async with practice() as here:
        headers, others = await raw_seller(here, "knm-1"), await raw_seller(here, "knm-2")
        await here.control("PATCH", "rules", {"app_per_second": 0.5})
        await here.raw.get("/v1/seller", headers=headers)
        over = await here.raw.get("/v1/seller", headers=others)
        account = await here.account()

    assert over.json()["fault"]["spots"] == [{"at": "scope", "why": "partner"}]
    assert account["faults"] == {"too_fast": 1}


async def test_every_call_is_in_the_log_with_its_store_and_outcome() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        answer = await here.raw.post("/v1/items", headers=headers, json=item_body())
        log = (await here.raw.get("/_control/log", params={"after": 3})).json()
        of_another = (await here.raw.get("/_control/log", params={"store": "knm-2"})).json()

    assert [line.pop("at") for line in log] == [here.clock.seconds()]
    assert log == [
        {
            "no": 4,
            "method": "POST",
            "route": "/v1/items",
            "store": "knm-1",
            "outcome": 201,
            "fault": None,
            "dial": None,
            "request_id": answer.headers["X-Request-Id"],
        }
    ]
    assert of_another == []


async def test_an_unknown_route_is_refused_in_the_marketplace_s_own_shape() -> None:
    async with practice() as here:
        answer = await here.raw.get("/v1/nothing", headers=PARTNER)

    assert (answer.status_code, answer.json()["fault"]["kind"]) == (404, "route_unknown")


async def test_a_call_larger_than_any_needs_is_refused_unread() -> None:
    async with practice() as here:
        answer = await here.raw.post("/v1/sellers", headers=PARTNER, content=b" " * 3_000_001)

        assert answer.status_code == 413
        assert (await here.creates())[0] == 0


async def test_the_url_of_a_store_is_its_page() -> None:
    async with practice() as here:
        seller = await apply(here)
        page = await here.raw.get(str(seller["page"]))

    assert str(seller["page"]).startswith(BASE)
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("counted", "let_through"),
    [("fixed", [4, 4, 0]), ("sliding", [4, 0, 4]), ("bucket", [4, 2, 2])],
)
async def test_calls_are_counted_in_the_way_that_is_asked_for(
    counted: str, let_through: list[int]
) -> None:
    async with practice() as here:
        headers, found = await raw_seller(here), list[int]()
        here.clock.advance(0.75 - here.clock.seconds() % 1)
        await here.control("PATCH", "rules", {"store_per_second": 4, "counted": counted})
        for _ in let_through:
            answers = [await here.raw.get("/v1/seller", headers=headers) for _ in range(6)]
            found.append(sum(one.status_code == 200 for one in answers))
            here.clock.advance(0.5)

    assert found == let_through
