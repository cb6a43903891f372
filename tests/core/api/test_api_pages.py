"""What a merchant sees: the way out, the way back, and what to do when something went wrong."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from sqlalchemy import select

from onboarder.api.pages import read_pages
from onboarder.connector.advice import UNAVAILABLE
from onboarder.connector.errors import Unavailable
from onboarder.consent.doors import Arrival, Doors, LinkState
from onboarder.records.consent_tables import consent_state
from onboarder.records.tables import merchant, store
from tests.core.api.conftest import House

BACK = "/callback/rehearsal"


async def test_a_link_leads_from_its_page_to_the_marketplace_and_back_to_success(
    house: House,
) -> None:
    store = await house.fair.draft()
    link = (await house.fair.link(store)).address("").get_secret_value()
    shop = await house.fair.sign_up("ani")

    shown = await house.knock.get(link)
    sent = await house.knock.post(link)
    state = dict(parse_qsl(urlsplit(sent.headers["location"]).query))["state"]
    back = await house.knock.get(
        BACK, params={"code": house.fair.agree(shop), "state": state, "shop_id": "1"}
    )

    assert (shown.status_code, sent.status_code, back.status_code) == (200, 303, 200)
    assert "<form method=post>" in shown.text
    assert "Lanjut ke Pasar Latihan" in shown.text
    assert "Berhasil" in back.text
    assert (await house.fair.town.work_of(store)).store.remote_id == shop


async def test_a_preview_of_a_link_begins_nothing(house: House) -> None:
    link = (await house.fair.link(await house.fair.draft())).address("").get_secret_value()

    previews = [await house.knock.get(link), await house.knock.head(link)]

    assert [one.status_code for one in previews] == [200, 200]
    assert "location" not in previews[0].headers
    async with house.fair.town.database.read() as tx:
        assert (await tx.execute(select(consent_state))).all() == []


async def test_one_phone_behind_two_merchants_is_noticed(house: House) -> None:
    """By a random mark in the phone, of which only the digest is on record."""
    stores = await house.fair.drafts(3)
    links = [(await house.fair.link(one)).address("").get_secret_value() for one in stores]

    sent = [await house.knock.post(one) for one in links[:2]]
    house.knock.cookies.clear()
    await house.knock.post(links[2])

    async with house.fair.town.database.read() as tx:
        query = select(merchant.c.device).join(store, store.c.merchant_id == merchant.c.id)
        marks = [await tx.scalar(query.where(store.c.id == one)) for one in stores]
    cookie = sent[0].headers["set-cookie"]
    assert marks[0] == marks[1] != marks[2]
    assert cookie.startswith("__Host-hp=")
    assert {"HttpOnly", "Secure", "SameSite=lax"} <= set(cookie.split("; "))
    assert cookie.partition("=")[2].partition(";")[0] not in str(marks)


async def refused(house: House) -> httpx.Response:
    return await back(house, await house.fair.visit(await house.fair.draft()), None)


async def expired(house: House) -> httpx.Response:
    state = await house.fair.visit(await house.fair.draft())
    house.fair.town.clock.pass_by(timedelta(hours=2))
    return await back(house, state, "kode")


async def replayed(house: House) -> httpx.Response:
    state = await house.fair.visit(await house.fair.draft())
    await back(house, state, "kode")
    return await back(house, state, "kode")


async def foreign(house: House) -> httpx.Response:
    return await back(house, "made-up", "kode")


async def said_twice(house: House) -> httpx.Response:
    state = await house.fair.visit(await house.fair.draft())
    return await house.knock.get(f"{BACK}?state=other&state={state}&code=kode")


async def other_shop(house: House) -> httpx.Response:
    store = await house.fair.draft()
    await house.fair.open_shop(store)
    code = house.fair.agree(await house.fair.sign_up("lain"))
    return await back(house, await house.fair.visit(store), code)


async def shop_taken(house: House) -> httpx.Response:
    mine, hers = await house.fair.drafts(2)
    code = house.fair.agree(await house.fair.open_shop(hers))
    return await back(house, await house.fair.visit(mine), code)


async def no_answer(house: House) -> httpx.Response:
    house.fair.connector.troubles.append(Unavailable(UNAVAILABLE))
    return await back(house, await house.fair.visit(await house.fair.draft()), "kode")


async def not_accepted(house: House) -> httpx.Response:
    return await back(house, await house.fair.visit(await house.fair.draft()), "kode-palsu")


@pytest.mark.parametrize(
    ("case", "status", "title", "step"),
    [
        (refused, 200, "Toko belum terhubung", "buka lagi tautan pribadi Anda"),
        (expired, 410, "Waktunya habis", "Buka lagi tautan pribadi Anda"),
        (replayed, 409, "Halaman ini sudah pernah dibuka", "buka lagi tautan pribadi Anda"),
        (foreign, 400, "Izin ini tidak kami kenal", "Buka tautan pribadi Anda"),
        (said_twice, 400, "Izin ini tidak kami kenal", "Buka tautan pribadi Anda"),
        (other_shop, 409, "Ini toko yang lain", "akun toko yang dulu"),
        (shop_taken, 409, "Toko ini milik pedagang lain", "akun toko Anda sendiri"),
        (no_answer, 503, "Pasar Latihan sedang tidak menjawab", "Tunggu beberapa menit"),
        (not_accepted, 410, "Izin tidak diterima Pasar Latihan", "Buka lagi tautan pribadi"),
    ],
)
async def test_every_bad_return_says_what_to_do(
    house: House,
    case: Callable[[House], Awaitable[httpx.Response]],
    status: int,
    title: str,
    step: str,
) -> None:
    answer = await case(house)

    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in answer.text
    assert step in answer.text


async def test_links_that_do_not_work_say_what_to_do(house: House) -> None:
    store = await house.fair.draft()
    link = (await house.fair.link(store)).address("").get_secret_value()
    unknown = await house.knock.post("/k/00000000000000000000")
    await house.fair.authorise(store, await house.fair.sign_up("ani"))
    ended = await house.knock.get(link)

    assert (unknown.status_code, ended.status_code) == (404, 410)
    assert "Tautan tidak dikenal" in unknown.text
    assert "Tautan ini sudah selesai" in ended.text


async def test_pages_are_small_ask_nobody_and_tell_nobody(house: House) -> None:
    link = (await house.fair.link(await house.fair.draft())).address("").get_secret_value()

    page = await house.knock.get(link)

    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self' https:;" in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["strict-transport-security"]
    assert not re.findall(r"(src|href)=|<script|url\(|@import", page.text)
    assert min(map(int, re.findall(r"(\d+)px", page.text))) >= 16
    assert 'content="width=device-width,initial-scale=1"' in page.text
    assert len(page.content) < 5000


async def test_a_fault_of_ours_is_a_page_too_and_logged_without_values(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: Doors, marketplace: str, query: object) -> Arrival:
        raise RuntimeError(f"{marketplace} {query}")

    monkeypatch.setattr(Doors, "arrive", broken)

    answer = await house.knock.get(BACK, params={"code": "rahasia-1", "state": "rahasia-2"})

    assert answer.status_code == 500
    assert "Ada kesalahan di sistem kami" in answer.text
    assert "rahasia" not in answer.text
    assert [one["event"] for one in house.log][-2:] == ["http.failed", "http.answered"]


async def test_too_long_a_query_is_not_looked_at(house: House) -> None:
    answer = await house.knock.get(BACK, params={"state": "x" * 5000})

    assert answer.status_code == 400
    assert "tidak kami kenal" in answer.text
    assert house.fair.connector.exchanges == 0


async def test_the_log_names_routes_and_no_addresses(house: House) -> None:
    link = (await house.fair.link(await house.fair.draft())).address("").get_secret_value()
    await house.knock.post(link)
    await house.knock.get(BACK, params={"code": "rahasia", "state": "rahasia"})
    await house.knock.get("/k-rahasia/rahasia")

    lines = [one for one in house.log if one["event"] == "http.answered"]
    assert [one["route"] for one in lines] == ["/k/{token}", "/callback/{marketplace}", "unmatched"]
    assert "rahasia" not in str(house.log)
    assert link.rpartition("/")[2] not in str(house.log)


def test_every_way_things_can_go_has_its_page() -> None:
    pages = read_pages()
    links = {"link_live", "link_expired", "link_ended", "link_unknown"}

    assert pages.keys() == {*Arrival} | links | {"failed"}
    assert len(LinkState) == len(links)
    assert not [name for name, page in pages.items() if not page.steps or not page.text]


async def back(house: House, state: str, code: str | None) -> httpx.Response:
    query = {"state": state} | ({"code": code} if code else {})
    return await house.knock.get(BACK, params=query)
