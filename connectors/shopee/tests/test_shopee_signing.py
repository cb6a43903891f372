"""Every published vector: requests by level, and messages. Where they come from is said in each of them."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from pydantic import BaseModel, SecretStr, TypeAdapter

from onboarder.connector.webhook import Delivery
from onboarder_shopee.auth import (
    Keys,
    ShopeeClock,
    ShopToken,
    Signature,
    body_signature,
    push_signature,
    sign,
)
from onboarder_shopee.push import genuine
from onboarder_shopee.settings import PushFormula

VECTORS = Path(__file__).parent / "vectors" / "shopee.json"


class Vector(BaseModel):
    id: str
    kind: str
    inputs: dict[str, str | int]
    expected: dict[str, str]

    def text(self, name: str) -> str:
        return str(self.inputs.get(name, ""))


ALL = TypeAdapter(list[Vector]).validate_python(
    json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]
)
REQUESTS = [one for one in ALL if one.kind == "request_signature"]
MESSAGES = [one for one in ALL if one.kind == "push_signature"]


def test_no_vector_is_left_out() -> None:
    assert [one.id for one in ALL] == ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "P1", "P2"]
    assert len(REQUESTS) + len(MESSAGES) == len(ALL)


@pytest.mark.parametrize("vector", REQUESTS, ids=lambda one: one.id)
def test_a_request_is_signed_as_published(vector: Vector) -> None:
    signed = sign(
        vector.text("partner_key"),
        int(vector.text("partner_id")),
        vector.text("path"),
        int(vector.text("timestamp")),
        vector.text("access_token"),
        vector.text("shop_id") or vector.text("merchant_id"),
    )

    assert signed == vector.expected["sign"]


@pytest.mark.parametrize(
    "vector", [one for one in REQUESTS if one.id != "S7"], ids=lambda one: one.id
)
def test_a_request_carries_its_signature_and_the_common_parameters(vector: Vector) -> None:
    """Merchant-level calls (S7) are for cross-border sellers and never made."""
    moment = datetime.fromtimestamp(int(vector.text("timestamp")), UTC)
    shop = None
    if vector.text("shop_id"):
        token = SecretStr(vector.text("access_token"))
        shop = ShopToken(
            shop_id=int(vector.text("shop_id")), access_token=token, refresh_token=token
        )
    auth = Signature(
        _keys(vector.text("partner_key")),
        ShopeeClock(lambda: moment),
        int(vector.text("partner_id")),
        shop,
    )
    url = f"https://partner.example{vector.text('path')}?offset=0"

    sent = next(auth.auth_flow(httpx.Request("GET", url)))

    wanted = {
        "offset": "0",
        "partner_id": vector.text("partner_id"),
        "timestamp": vector.text("timestamp"),
        "sign": vector.expected["sign"],
    }
    if shop is not None:
        wanted |= {"access_token": vector.text("access_token"), "shop_id": vector.text("shop_id")}
    assert dict(sent.url.params) == wanted


@pytest.mark.parametrize("vector", MESSAGES, ids=lambda one: one.id)
def test_a_message_is_judged_as_published(vector: Vector) -> None:
    body = vector.text("raw_body").encode()
    header = vector.text("received_authorization_header")
    delivery = Delivery(vector.text("registered_url"), {"authorization": header}, body)
    keys = _keys("the app's key", push_key=vector.text("push_key"))

    accepted = genuine(keys, PushFormula.URL_AND_BODY, delivery)

    key, url = vector.text("push_key"), vector.text("registered_url")
    assert push_signature(key, url, body) == vector.expected["authorization_header"]
    assert accepted == (vector.expected["verdict"] == "accept")


def test_the_formula_without_the_address_is_accepted_only_where_it_is_set() -> None:
    delivery = Delivery(
        "https://x.example/hook", {"authorization": body_signature("k", b"{}")}, b"{}"
    )

    assert genuine(_keys("k"), PushFormula.BODY, delivery)
    assert not genuine(_keys("k"), PushFormula.URL_AND_BODY, delivery)


def test_without_push_keys_the_app_s_keys_sign_messages_and_two_are_active_while_one_changes() -> (
    None
):
    url = "https://x.example/hook"

    def accepted(key: str, **secrets: str) -> bool:
        signed = {"authorization": push_signature(key, url, b"{}")}
        keys = _keys(**secrets)
        return genuine(keys, PushFormula.URL_AND_BODY, Delivery(url, signed, b"{}"))

    assert accepted("old", partner_key="old", partner_key_next="new")
    assert accepted("new", partner_key="old", partner_key_next="new")
    assert accepted("p2", partner_key="old", push_key="p1", push_key_next="p2")
    assert not accepted("old", partner_key="old", push_key="p1")
    assert not accepted("", partner_key="old")


def test_the_key_is_used_as_text_and_not_decoded() -> None:
    assert sign("shpk6162", 1, "/p", 1) != sign("ab", 1, "/p", 1)
    assert sign("shpk6162", 1, "/p", 1) != sign("6162", 1, "/p", 1)


def test_the_clock_believes_an_answer_s_date_only_when_it_is_told_to() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    clock = ShopeeClock(lambda: now)
    clock.hear(format_datetime(now + timedelta(hours=3), usegmt=True))
    before = clock.now()

    corrected = clock.correct()

    assert (before, corrected) == (int(now.timestamp()), True)
    assert clock.now() == int((now + timedelta(hours=3)).timestamp())
    assert not clock.correct()


@pytest.mark.parametrize(
    "date", [None, "", "yesterday", "Mon, 01 Jan 2027 00:00:00 +99999999999999"]
)
def test_an_answer_without_a_readable_date_changes_no_clock(date: str | None) -> None:
    clock = ShopeeClock(lambda: datetime(2026, 11, 24, tzinfo=UTC))

    clock.hear(date)

    assert not clock.correct()


def test_tokens_that_are_said_to_last_for_ever_are_kept() -> None:
    token = ShopToken(shop_id=1, access_token=SecretStr("a"), refresh_token=SecretStr("r"))

    kept = token.kept(1_796_000_000_000, datetime(2026, 11, 24, tzinfo=UTC))

    assert kept.expires_at is not None
    assert kept.expires_at.year == 2100


def _keys(partner_key: str = "", **others: str) -> Keys:
    secrets = {"partner_key": partner_key, **others}
    return Keys(lambda name: SecretStr(secrets[name]) if secrets.get(name) else None)
