"""The hand at the marketplace's back office, the exact account, the pages and the webhooks."""

import hashlib
import hmac
import json
from html.parser import HTMLParser

import httpx
import pytest
from tests.support.practice import (
    JPEG,
    PARTNER,
    Practice,
    application,
    item_body,
    practice,
    raw_seller,
)

from onboarder_rehearsal.server import Dial, Fault, Rules


async def filled(here: Practice) -> dict[str, str]:
    """One store with two listings."""
    headers = await raw_seller(here)
    for key in ("knm-1-a", "knm-1-b"):
        await here.raw.post("/v1/items", headers=headers, json=item_body(key))
    return headers


@pytest.mark.parametrize(
    ("act", "state", "phase"),
    [
        ("suspend", "suspended", "frozen"),
        ("unsuspend", "open", "trading"),
        ("refuse", "refused", "turned_down"),
        ("approve", "open", "trading"),
        ("close", "closed", "left"),
    ],
)
async def test_a_person_changes_a_store_and_gives_the_reason(
    act: str, state: str, phase: str
) -> None:
    async with practice() as here:
        headers = await filled(here)
        told = await here.control("POST", f"stores/knm-1/{act}", {"reason": "contoh"})
        seller = (await here.raw.get("/v1/seller", headers=headers)).json()["seller"]

    assert (told["state"], told["reason"]) == (state, "contoh")
    assert (seller["phase"], seller["note"]) == (phase, "contoh")


@pytest.mark.parametrize(
    ("act", "state", "phase"),
    [
        ("withdraw", "withdrawn", "hidden"),
        ("relist", "live", "selling"),
        ("reject", "rejected", "turned_down"),
        ("approve", "live", "selling"),
    ],
)
async def test_a_person_changes_a_listing_and_gives_the_reason(
    act: str, state: str, phase: str
) -> None:
    async with practice() as here:
        headers = await filled(here)
        told = await here.control("POST", f"listings/knm-1-a/{act}", {"reason": "contoh"})
        item = (await here.raw.get("/v1/items/I1", headers=headers)).json()["item"]

    assert (told["state"], told["reason"]) == (state, "contoh")
    assert (item["phase"], item["note"]) == (phase, "contoh")


async def test_a_person_edits_a_listing_beyond_all_limits() -> None:
    edit = {"title": "", "price": 1, "stock": 0, "description": "d", "category": "2010"}
    async with practice() as here:
        headers = await filled(here)
        told = await here.control("PATCH", "listings/knm-1-a", edit)
        item = (await here.raw.get("/v1/items/I1", headers=headers)).json()["item"]

    assert (told["title"], told["price"], told["stock"], told["category"]) == ("", 1, 0, "2010")
    assert item["choices"][0]["amount_sen"] == 100


async def test_what_is_deleted_by_hand_is_gone_but_was_created() -> None:
    async with practice() as here:
        headers = await filled(here)
        await here.control("DELETE", "listings/knm-1-a")
        listing = await here.raw.get("/v1/items/I1", headers=headers)
        await here.control("DELETE", "stores/knm-1")
        store = await here.raw.get("/v1/seller", headers=headers)
        account = await here.account()

    assert (listing.status_code, store.status_code) == (404, 404)
    assert (account["stores"], account["listings"]) == ({}, {})
    assert account["creates"] == {"stores": 1, "listings": 2}


async def test_a_listing_of_the_merchant_s_own_carries_no_reference_and_is_no_create_of_ours() -> (
    None
):
    async with practice() as here:
        headers = await filled(here)
        own = await here.control(
            "POST", "stores/knm-1/listings", {"title": "Sambal", "price": 7000}
        )
        item = (await here.raw.get(f"/v1/items/{own['id']}", headers=headers)).json()["item"]
        account = await here.account()

    assert (own["title"], own["price"], own["state"], own["by_hand"]) == (
        "Sambal",
        7000,
        "live",
        True,
    )
    assert item["external_key"] is None
    assert account["creates"] == {"stores": 1, "listings": 2}
    assert account["duplicate_listings"] == []


async def test_a_copy_by_hand_is_a_duplicate_but_no_create_of_ours() -> None:
    async with practice() as here:
        await filled(here)
        copy = await here.control("POST", "listings/knm-1-a/duplicate")
        account = await here.account()

    assert (copy["reference"], copy["by_hand"]) == ("knm-1-a", True)
    assert account["duplicate_listings"] == ["knm-1-a"]
    assert account["creates"] == {"stores": 1, "listings": 2}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "stores/knm-1/dance", 404),
        ("POST", "listings/knm-1-a/dance", 404),
        ("POST", "stores/nobody/suspend", 404),
        ("GET", "listings/nothing", 404),
        ("PATCH", "categories/9999", 404),
        ("PATCH", "rules", 422),
    ],
)
async def test_a_control_call_that_makes_no_sense_is_refused(
    method: str, path: str, status: int
) -> None:
    async with practice() as here:
        await filled(here)
        body = {"open": False} if path.startswith("categories") else {"nonsense": 1}
        body = {} if method == "POST" else body
        answer = await here.raw.request(method, f"/_control/{path}", json=body)

    assert answer.status_code == status


async def test_a_refused_rule_changes_nothing() -> None:
    async with practice() as here:
        before = await here.control("GET", "rules")
        refused = await here.raw.patch("/_control/rules", json={"token_seconds": -1, "seed": 9})
        elsewhere = {"webhook_url": "http://example.org/"}
        outside = await here.raw.patch("/_control/rules", json=elsewhere)

        assert (refused.status_code, outside.status_code) == (422, 422)
        assert await here.control("GET", "rules") == before


async def test_the_control_api_answers_on_loopback_only() -> None:
    async with practice() as here:
        outside = httpx.ASGITransport(app=here.app, client=("192.0.2.7", 1))
        async with httpx.AsyncClient(transport=outside, base_url="http://pasar.test") as stranger:
            control = await stranger.get("/_control/account")
            front = await stranger.get("/")

    assert (control.status_code, front.status_code) == (403, 200)


async def test_the_account_is_exact() -> None:
    async with practice() as here:
        headers = await filled(here)
        await here.raw.post("/v1/items", headers=headers, json=item_body("knm-1-a"))
        await here.raw.post("/v1/sellers", headers=PARTNER, json=application("knm-2"))
        await here.control("POST", "stores/knm-2/suspend")
        account = await here.account()
        brief = await here.control("GET", "account?brief=1")

    assert account["totals"] == {
        "stores": 2,
        "stores_by_state": {"open": 1, "suspended": 1},
        "listings": 3,
        "listings_by_state": {"live": 3},
        "listings_without_reference": 0,
    }
    assert account["duplicate_listings"] == ["knm-1-a"]
    assert account["stores"] == {
        "knm-1": [_store("S1", "knm-1", "open", complete=True, listings=3)],
        "knm-2": [_store("S2", "knm-2", "suspended", complete=False, listings=0)],
    }
    listings = account["listings"]
    assert isinstance(listings, dict)
    assert listings["knm-1-b"] == [
        {
            "id": "I2",
            "reference": "knm-1-b",
            "store": "knm-1",
            "store_id": "S1",
            "title": "Kerupuk contoh",
            "description": "",
            "category": "1010",
            "state": "live",
            "reason": None,
            "photos": 0,
            "price": 12_500,
            "stock": 10,
            "offers": {"knm-1-b-x": {"price": 12_500, "stock": 10}},
            "by_hand": False,
        }
    ]
    assert brief == {name: value for name, value in account.items() if name in brief}
    assert "listings" not in brief


def _store(
    number: str, reference: str, state: str, *, complete: bool, listings: int
) -> dict[str, object]:
    return {
        "id": number,
        "reference": reference,
        "state": state,
        "reason": None,
        "complete": complete,
        "listings": listings,
    }


async def test_time_can_be_made_to_jump() -> None:
    async with practice(rules=Rules(store_review_seconds=3600)) as here:
        await here.raw.post("/v1/sellers", headers=PARTNER, json=application())
        await here.control("POST", "clock", {"advance_seconds": 3600})
        params = {"external_key": "knm-1"}
        found = await here.raw.get("/v1/sellers", headers=PARTNER, params=params)

    assert found.json()["sellers"][0]["phase"] == "trading"


class _Reader(HTMLParser):
    """The page's text, and every tag that could run something."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" or any(name.startswith("on") for name, _ in attrs):
            self.active.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_the_pages_say_what_they_are_and_run_nothing_a_merchant_wrote() -> None:
    evil = "<script>alert(1)</script>"
    async with practice(dials=[Dial(fault=Fault.SLOW, route="/v1/<b>", times=1)]) as here:
        headers = await raw_seller(here)
        body = item_body(headline=f"Kerupuk {evil}", choices=[_choice(label=evil)])
        await here.raw.post("/v1/items", headers=headers, json=body)
        await here.raw.post(
            "/v1/sellers", headers=PARTNER, json=application("knm-2", f"Toko {evil}")
        )
        await here.control("POST", "stores/knm-1/suspend", {"reason": evil})
        await here.control(
            "POST", "listings/knm-1-a/reject", {"reason": f"<img src=x onerror=1>{evil}"}
        )
        pages = [await here.raw.get(path) for path in ("/", "/toko/S1", "/?halaman=2", "/toko/S9")]

    for page in pages:
        reader = _Reader()
        reader.feed(page.text)
        assert "PASAR LATIHAN" in reader.text
        assert "bukan marketplace sungguhan" in reader.text
        assert reader.active == []
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert "Ibu Contoh" not in page.text
    assert [page.status_code for page in pages] == [200, 200, 200, 404]
    assert evil not in pages[0].text + pages[1].text


def _choice(label: str) -> dict[str, object]:
    return {"sku": "knm-1-a-x", "label": label, "amount_sen": 1_250_000, "on_hand": 3}


async def test_the_front_page_shows_stores_calls_dials_and_doubles() -> None:
    async with practice() as here:
        headers = await filled(here)
        await here.control("POST", "listings/knm-1-a/duplicate")
        await here.dial(Dial(fault=Fault.SLOW, probability=0.25, route="/v1/taxonomy"))
        await here.raw.get("/v1/taxonomy", headers=headers)
        page = _Reader()
        page.feed((await here.raw.get("/")).text)

    for told in ("Toko Contoh", "knm-1", "buka", "slow", "25%", "/v1/taxonomy", "1Ganda"):
        assert told in page.text


async def test_a_store_s_page_shows_listings_with_price_stock_and_photo() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        files = {"file": ("a.jpg", JPEG, "image/jpeg")}
        image = (await here.raw.post("/v1/images", headers=headers, files=files)).json()["image_id"]
        await here.raw.post("/v1/items", headers=headers, json=item_body(images=[image]))
        page = (await here.raw.get("/toko/S1")).text

    for told in ("Kerupuk contoh", "Rp12.500", "stok 10", "tayang", f"/gambar/{image}"):
        assert told in page


class _Receiver:
    """A webhook's receiving end."""

    def __init__(self) -> None:
        self.posts: list[httpx.Request] = []

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._receive)

    def _receive(self, request: httpx.Request) -> httpx.Response:
        self.posts.append(request)
        return httpx.Response(204)


async def posted(rules: Rules) -> list[httpx.Request]:
    """What arrives when ten applications are approved."""
    receiver = _Receiver()
    hooked = rules.model_copy(
        update={"webhook_url": "http://127.0.0.1:9/hook", "store_review_seconds": 5}
    )
    async with practice(rules=hooked, open_webhook_client=receiver.transport()) as here:
        for n in range(10):
            body = application(f"knm-{n}", f"Toko {n}")
            await here.raw.post("/v1/sellers", headers=PARTNER, json=body)
        here.clock.advance(5)
        await here.raw.get("/")
        await here.post_office.send_all()
    return receiver.posts


async def test_a_decision_is_posted_once_and_signed() -> None:
    posts = await posted(Rules(webhook_key="kunci"))

    assert len(posts) == 10
    first = posts[0]
    stamp, mark = first.headers["X-Pasar-Signature"].split(",")
    at = stamp.removeprefix("t=")
    signed = hmac.new(b"kunci", f"{at}.".encode() + first.content, hashlib.sha256).hexdigest()
    assert mark == f"v1={signed}"
    assert json.loads(first.content) == {
        "event": "seller",
        "seller": "knm-0",
        "external_key": "knm-0",
        "phase": "trading",
    }


async def test_posts_can_be_lost_or_doubled() -> None:
    lost = await posted(Rules(webhook_lost=1))
    doubled = await posted(Rules(webhook_doubled=1))
    some = await posted(Rules(webhook_lost=0.5))

    assert (len(lost), len(doubled)) == (0, 20)
    assert 0 < len(some) < 10


async def test_a_receiver_that_is_not_there_is_not_tried_again() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there", request=request)

    rules = Rules(webhook_url="http://127.0.0.1:9/hook")
    async with practice(rules=rules, open_webhook_client=httpx.MockTransport(refuse)) as here:
        await filled(here)
        await here.control("POST", "stores/knm-1/suspend")

        assert await here.post_office.send_all() == 0
        assert await here.post_office.send_all() == 0
