"""Pushes are signed as documented, and come late, twice, in another order, without an id, or never."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from tests.marketplace.shopee.inside import Inside, at, inside
from tests.marketplace.shopee.launch import DICT
from tests.marketplace.shopee.pushes import PostOffice
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.signing import body_only_signature, push_signature

DOOR = "http://127.0.0.1:9/webhooks/shopee"
PUBLIC = "https://onboarder.example.id/webhooks/shopee"
LOST = "push/get_lost_push_message"


@dataclass
class Listener:
    """What answers at the push address."""

    answer: httpx.Response = field(default_factory=lambda: httpx.Response(204))
    heard: list[httpx.Request] = field(default_factory=list[httpx.Request])

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request)
        return self.answer

    def bodies(self) -> list[dict[str, object]]:
        return [DICT.validate_json(request.content) for request in self.heard]

    def codes(self) -> list[object]:
        return [body["code"] for body in self.bodies()]


@asynccontextmanager
async def listening(**rules: object) -> AsyncGenerator[tuple[Inside, Listener, PostOffice]]:
    listener = Listener()
    async with inside({**rules, "push_url": DOOR}, ear=listener) as here:
        yield here, listener, here.post_office


async def push(here: Inside, *codes: int) -> None:
    for code in codes:
        await here.control("POST", "pushes", {"code": code, "shop_id": 14701711, "data": {}})


async def test_a_push_is_signed_over_the_registered_url_and_the_raw_body() -> None:
    async with listening(push_registered_url=PUBLIC, push_key="kunci-push") as (here, ear, office):
        await push(here, 5)
        await office.send_all()
        [request] = ear.heard

        signed = push_signature("kunci-push", PUBLIC, request.content)
        assert request.headers["authorization"] == signed


async def test_the_key_is_the_partner_key_and_the_formula_may_be_the_other_one() -> None:
    async with listening(push_formula="body") as (here, ear, office):
        await push(here, 5)
        await office.send_all()
        [request] = ear.heard

        signed = body_only_signature(Rules().partner_key, request.content)
        assert request.headers["authorization"] == signed


async def test_a_withdrawn_authorization_is_pushed_with_or_without_an_id() -> None:
    for without, key in ((False, "shop_id"), (True, "none")):
        async with listening(push_cancel_without_id=without) as (here, ear, office):
            await here.befall("authorization_withdrawn")
            await office.send_all()
            data = DICT.validate_python(ear.bodies()[0]["data"])

            assert ear.codes() == [2]
            assert data["authorize_type"] == "user cancel shop authorization"
            assert (key in data) != without
            assert "14701711" in str(data["extra"])


async def test_the_end_of_an_authorization_is_announced_a_week_before_and_when_it_comes() -> None:
    async with listening() as (here, ear, office):
        for days in (359, 7):
            await here.control("POST", "clock", {"advance_seconds": days * 86_400})
            await here.control("GET", "account")
            await office.send_all()

        assert ear.codes() == [12, 2]
        assert at(ear.bodies()[0], "data", "shop_expire_soon") == [14701711]
        assert at(ear.bodies()[1], "data", "shopid") == 14701711


async def test_a_banned_item_is_pushed_with_its_reasons() -> None:
    async with listening() as (here, ear, office):
        number = await here.item()
        await here.control("POST", f"items/{number}/ban")
        await office.send_all()

        assert ear.codes() == [16]
        assert at(ear.bodies()[0], "data", "item_status_details", 0, "violation_type") == (
            "Prohibited Listing"
        )


async def test_pushes_may_come_twice_and_in_another_order_after_being_held() -> None:
    async with listening(push_doubled=1, push_shuffled=True, push_held=True) as (here, ear, office):
        await push(here, *range(5, 12))
        nothing = await office.send_all()
        await here.rules(push_held=False)
        await office.send_all()

        assert nothing == 0
        assert sorted(map(str, ear.codes())) == sorted([*map(str, range(5, 12))] * 2)
        assert ear.codes() != sorted(ear.codes(), key=lambda code: int(str(code)))


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(200, content=b"ok")])
async def test_an_answer_that_is_no_empty_success_is_followed_by_three_more_tries(
    answer: httpx.Response,
) -> None:
    async with listening() as (here, ear, office):
        ear.answer = answer
        await push(here, 5)
        heard: list[int] = []
        for seconds in (0, 299, 1, 1800, 10_800, 10_800):
            here.clock.advance(seconds)
            await office.send_all()
            heard.append(len(ear.heard))

        assert heard == [1, 1, 2, 3, 4, 4]
        assert (await here.control("GET", "account"))["pushes"] == {"lost": 1}


async def test_a_push_that_was_taken_is_not_sent_again() -> None:
    async with listening() as (here, ear, office):
        await push(here, 5)
        await office.send_all()
        here.clock.advance(86_400)
        await office.send_all()

        assert len(ear.heard) == 1


async def test_lost_pushes_can_be_fetched_until_they_are_confirmed() -> None:
    async with listening(push_lost=1) as (here, ear, office):
        await push(here, 5, 16)
        await office.send_all()
        lost = await here.app.get(LOST)
        last = at(lost, "response", "last_message_id")
        path = "push/confirm_consumed_lost_push_message"
        await here.app.post(path, {"last_message_id": last})
        after = await here.app.get(LOST)
        message = json.loads(str(at(lost, "response", "push_message_list", 1, "data")))

        assert ear.heard == []
        assert (message["code"], message["shop_id"]) == (16, 14701711)
        assert at(after, "response", "push_message_list") == []
