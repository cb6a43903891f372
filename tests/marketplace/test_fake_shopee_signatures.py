"""The published-style vectors hold for the fake's own checker, and whatever differs from them is refused."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel
from starlette.datastructures import QueryParams

from tests.marketplace.shopee.door import check_signature
from tests.marketplace.shopee.inside import Inside, inside
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.signing import (
    body_only_signature,
    is_same,
    push_signature,
    request_signature,
)
from tests.marketplace.shopee.visit import Refused

INFO = "shop/get_shop_info"


class Inputs(BaseModel):
    partner_key: str = ""
    partner_id: int = 0
    path: str = ""
    timestamp: int = 0
    access_token: str = ""
    shop_id: int | None = None
    merchant_id: int | None = None
    push_key: str = ""
    registered_url: str = ""
    raw_body: str = ""
    received_authorization_header: str = ""


class Vector(BaseModel):
    id: str
    kind: str
    level: str = ""
    inputs: Inputs
    expected: dict[str, str]


def vectors(kind: str) -> list[Vector]:
    text = (Path(__file__).parent / "shopee" / "vectors" / "signatures.json").read_text()
    every = [Vector.model_validate(one) for one in json.loads(text)["vectors"]]
    return [one for one in every if one.kind == kind]


REQUESTS = vectors("request_signature")
PUSHES = vectors("push_signature")


def query_of(vector: Vector, **changes: str) -> QueryParams:
    given = vector.inputs
    fields: dict[str, str] = {
        "partner_id": str(given.partner_id),
        "timestamp": str(given.timestamp),
        "sign": vector.expected["sign"],
    }
    if vector.level == "shop":
        fields |= {"access_token": given.access_token, "shop_id": str(given.shop_id)}
    return QueryParams({**fields, **changes})


def check(vector: Vector, *, path: str = "", **changes: str) -> None:
    given = vector.inputs
    rules = Rules(partner_id=given.partner_id, partner_key=given.partner_key)
    query = query_of(vector, **changes)
    of_shop = vector.level == "shop"
    check_signature(rules, path or given.path, query, given.timestamp, of_shop=of_shop)


def test_there_are_vectors_of_every_level() -> None:
    assert [vector.level for vector in REQUESTS] == ["public"] * 3 + ["shop"] * 3 + ["merchant"]
    assert [vector.id for vector in PUSHES] == ["P1", "P2"]


@pytest.mark.parametrize("vector", REQUESTS, ids=lambda vector: vector.id)
def test_a_request_vector_is_reproduced(vector: Vector) -> None:
    given = vector.inputs
    owner = given.shop_id if given.merchant_id is None else given.merchant_id

    sign = request_signature(
        given.partner_key,
        given.partner_id,
        given.path,
        given.timestamp,
        token=given.access_token,
        owner=owner,
    )

    assert sign == vector.expected["sign"]


@pytest.mark.parametrize("vector", REQUESTS[:6], ids=lambda vector: vector.id)
def test_the_door_lets_a_vector_in(vector: Vector) -> None:
    check(vector)


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "1655714432"},
        {"access_token": "59777174636562737266615546704c6e"},
        {"shop_id": "14701712"},
        {"sign": "0" * 64},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_door_refuses_a_vector_with_another_value(changes: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        check(REQUESTS[3], **changes)

    assert refused.value.code == "error_sign"


@pytest.mark.parametrize("vector", REQUESTS[:6], ids=lambda vector: vector.id)
def test_the_door_refuses_an_upper_case_signature_and_another_path(vector: Vector) -> None:
    for changes in ({"sign": vector.expected["sign"].upper()}, {"path": f"{vector.inputs.path}s"}):
        with pytest.raises(Refused, match="error_sign"):
            check(vector, **changes)


def test_the_key_is_used_as_text_and_not_as_hexadecimal() -> None:
    given = REQUESTS[0].inputs
    decoded = bytes.fromhex(given.partner_key).decode()
    sign = request_signature(decoded, given.partner_id, given.path, given.timestamp)

    assert sign != REQUESTS[0].expected["sign"]


@pytest.mark.parametrize("vector", PUSHES, ids=lambda vector: vector.id)
def test_a_push_vector_is_reproduced_and_judged(vector: Vector) -> None:
    given = vector.inputs
    right = push_signature(given.push_key, given.registered_url, given.raw_body.encode())
    is_accepted = is_same(given.received_authorization_header, right)

    assert right == vector.expected["authorization_header"]
    assert is_accepted == (vector.expected["verdict"] == "accept")


def test_the_refused_push_vector_is_the_body_only_formula() -> None:
    given = PUSHES[1].inputs

    made = body_only_signature(given.push_key, given.raw_body.encode())

    assert made == given.received_authorization_header


async def told(here: Inside, **changes: str | int) -> object:
    """The error of get_shop_info whose signed parameters were changed afterwards."""
    query = {name: one for name, one in here.shop.signed(INFO, **changes).items() if one != ""}
    return (await here.raw.get(f"/api/v2/{INFO}", params=query)).json()["error"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sign": "0" * 64}, "error_sign"),
        ({"sign": ""}, "error_param"),
        ({"partner_id": 2001888}, "invalid_partner_id"),
        ({"partner_id": "satu"}, "error_param"),
        ({"partner_id": 4294967296}, "error_param"),
        ({"access_token": ""}, "error_param"),
        ({"shop_id": "14701711.0"}, "error_param"),
        ({"lain": "1"}, "error_param"),
    ],
)
async def test_a_call_with_a_wrong_parameter_is_refused(
    changes: dict[str, str | int], code: str
) -> None:
    async with inside() as here:
        assert await told(here, **changes) == code


@pytest.mark.parametrize(("seconds", "code"), [(-300, ""), (300, ""), (-301, "x"), (301, "x")])
async def test_timestamps_are_good_for_five_minutes(seconds: int, code: str) -> None:
    async with inside() as here:
        signed = here.shop.signed(INFO)
        here.clock.advance(seconds)
        answer = (await here.raw.get(f"/api/v2/{INFO}", params=signed)).json()

        expected = ("error_param", "Invalid timestamp") if code else ("", "")
        assert (answer["error"], answer["message"]) == expected


async def test_a_public_signature_does_not_open_a_shop_and_the_other_way_round() -> None:
    async with inside() as here:
        as_app = (await here.raw.get(f"/api/v2/{INFO}", params=here.app.signed(INFO))).json()
        path = "public/get_shops_by_partner"
        page = {"page_no": 1, "page_size": 10}
        as_shop = (
            await here.raw.get(f"/api/v2/{path}", params=here.shop.signed(path, **page))
        ).json()

        assert (as_app["error"], as_shop["error"]) == ("error_param", "error_param")


async def test_a_clock_of_the_servers_that_is_wrong_is_seen_in_the_date_and_in_the_refusals() -> (
    None
):
    async with inside(clock_skew_seconds=900) as here:
        answer = await here.raw.get(f"/api/v2/{INFO}", params=here.shop.signed(INFO))

        assert answer.json()["message"] == "Invalid timestamp"
        assert answer.headers["date"] == "Mon, 23 Nov 2026 02:15:00 GMT"
