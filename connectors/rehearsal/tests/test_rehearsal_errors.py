"""Every refusal has its row, nothing unknown is swallowed, and the categories of config exist there."""

import ast
import tomllib
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import respx
from structlog.testing import capture_logs
from tests.support.practice import BASE, Clock, access_to, derived, draft, store_content

import onboarder_rehearsal.server
from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Access, Credentials, Equipment, OpenedStore
from onboarder.connector.errors import (
    ActionNeeded,
    MarketplaceError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ObservedStore, StoreState
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.auth import credentials
from onboarder_rehearsal.errors import ROWS
from onboarder_rehearsal.server.categories import TREE
from onboarder_rehearsal.server.visit import SellerPhase
from onboarder_rehearsal.wire import TokenAnswer

CONFIG = Path(__file__).parents[3] / "config" / "categories"
PASSING = {"broken", "maintenance", "too_fast", "act_unknown"}
"""Said with 429 or 5xx, which the shared HTTP door judges, or by the control API only."""


def access() -> Access:
    """As for a store opened before."""
    token = credentials(TokenAnswer(access_token="a-token", expires_in=60), Clock().now)
    observed = ObservedStore(RemoteId("S1"), StoreState.OPEN)
    return access_to(Reference("knm-1"), OpenedStore(observed, token))


def connector(market: respx.MockRouter) -> RehearsalConnector:
    """Over the client used in production; respx answers in its transport's place."""
    client = open_client(BASE, transport=httpx.MockTransport(market.async_handler))
    http = MarketplaceHttp(client, UnlimitedBudget(), marketplace="rehearsal", clock=Clock())
    return RehearsalConnector({}, Equipment(http, Clock(), derived))


async def refused_with(answer: httpx.Response) -> MarketplaceError:
    """What a create makes of that answer."""
    with respx.MockRouter(base_url=BASE) as market:
        market.post("/v1/items").mock(return_value=answer)
        with pytest.raises(MarketplaceError) as caught:
            await connector(market).create_listings(access(), [draft()])
    return caught.value


def kinds_the_server_says() -> set[str]:
    """The second argument of every `Refused(…)` in the server's source."""
    folder = Path(onboarder_rehearsal.server.__file__).parent
    kinds: set[str] = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused":
                kind = node.args[1]
                constant = isinstance(kind, ast.Constant)
                kinds |= {str(ast.literal_eval(kind))} if constant else _computed(kind)
    return kinds


def _computed(kind: ast.expr) -> set[str]:
    """`f"seller_{phase}"`, or the name in the table of forbidden doubles."""
    if isinstance(kind, ast.JoinedStr):
        closed = (SellerPhase.TURNED_DOWN, SellerPhase.FROZEN, SellerPhase.LEFT)
        return {f"seller_{phase}" for phase in closed}
    return {"key_taken", "name_taken"}


def test_every_refusal_the_server_can_say_has_a_row_and_every_row_is_said() -> None:
    known = {row.vendor_code for row in ROWS}

    assert kinds_the_server_says() - PASSING == known


def test_every_row_speaks_both_languages_and_names_who_acts() -> None:
    for row in ROWS:
        assert row.advice.code == f"rehearsal.{row.vendor_code}"
        assert row.advice.id.endswith(".")
        assert row.advice.en.endswith(".")
        assert row.advice.id != row.advice.en


async def test_an_unknown_refusal_is_reported_and_goes_to_the_operator() -> None:
    fault = {"kind": "moon_phase", "text": "Ibu Contoh +62811"}
    answer = httpx.Response(418, json={"fault": fault}, headers={"X-Request-Id": "R7"})

    with capture_logs() as logs:
        error = await refused_with(answer)

    assert isinstance(error, ActionNeeded)
    assert (error.advice.code, error.request_id) == ("marketplace.unmapped", "R7")
    assert [entry["code"] for entry in logs if entry["event"] == "rehearsal.unmapped"] == [
        "moon_phase"
    ]
    assert "Contoh" not in f"{error} {logs}"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"fault": 3}'])
async def test_a_refusal_that_cannot_be_read_goes_to_the_operator(body: bytes) -> None:
    error = await refused_with(httpx.Response(400, content=body))

    assert isinstance(error, ActionNeeded)
    assert error.advice.code == "marketplace.unmapped"


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_a_redirect_is_not_followed(status: int) -> None:
    error = await refused_with(httpx.Response(status, headers={"Location": "http://example.org/"}))

    assert isinstance(error, ActionNeeded)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b'{"item": {"item_no": "../S1"}}',
        b'{"item": {"item_no": "I1", "phase": "unheard-of"}}',
    ],
)
async def test_a_create_answered_with_nonsense_is_unknown(body: bytes) -> None:
    error = await refused_with(httpx.Response(201, content=body))

    assert isinstance(error, OutcomeUnknown)
    assert (error.advice.code, error.reference) == ("marketplace.unreadable", "knm-1-a")


async def test_refused_fields_are_told_in_our_words() -> None:
    spots = [
        {"at": "choices.0.amount_sen", "why": "too low"},
        {"at": "images.3", "why": "unknown"},
        {"at": "mass_kg", "why": "missing"},
        {"at": "moon", "why": "full"},
    ]
    fault = {"kind": "fields_refused", "text": "", "spots": spots}

    error = await refused_with(httpx.Response(422, json={"fault": fault}))

    assert isinstance(error, Rejected)
    assert [(one.field, one.reason) for one in error.fields] == [
        ("price", "too low"),
        ("photos", "unknown"),
        ("weight_grams", "missing"),
        ("moon", "full"),
    ]


async def test_a_429_without_a_readable_body_is_the_app_s() -> None:
    error = await refused_with(httpx.Response(429, headers={"Retry-After": "3"}))

    assert isinstance(error, RateLimited)
    assert (error.scope, error.retry_after) == ("app", timedelta(seconds=3))


async def test_a_result_of_a_batch_that_was_never_sent_is_left_out_and_told() -> None:
    alien = {"external_key": "somebody-else", "status": "refused", "fault": {"kind": "busy"}}
    with respx.MockRouter(base_url=BASE) as market, capture_logs() as logs:
        market.post("/v1/items/batch").respond(json={"results": [alien]})
        outcomes = await connector(market).create_listings(access(), [draft(), draft("knm-1-b")])

    assert outcomes == {}
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == [
        "rehearsal.alien_result"
    ]


async def test_the_keys_travel_in_the_header_and_nowhere_else() -> None:
    with respx.MockRouter(base_url=BASE) as market, capture_logs() as logs:
        looked = market.get("/v1/sellers").respond(json={"sellers": []})
        observed = market.get("/v1/seller").respond(503)
        await connector(market).find_store(store_content())
        with pytest.raises(Unavailable) as caught:
            await connector(market).observe_store(access())

    partner, seller = looked.calls.last.request, observed.calls.last.request
    assert partner.headers["Authorization"] == "Partner derived for rehearsal partner key"
    assert seller.headers["Authorization"] == "Bearer a-token"
    told = f"{partner.url} {seller.url} {logs} {caught.value} {access()!r}"
    assert "derived for" not in told
    assert "a-token" not in told


def test_the_kept_secret_is_never_printed() -> None:
    kept: Credentials = access().credentials

    assert "a-token" in kept.secret.get_secret_value()
    assert "a-token" not in repr(kept)


def test_every_category_of_ours_has_an_open_leaf_there() -> None:
    ours = tomllib.loads((CONFIG / "goods.toml").read_text(encoding="utf-8"))
    mapped = tomllib.loads((CONFIG / "rehearsal.toml").read_text(encoding="utf-8"))
    leaves = {code for children in TREE.values() for code in children}

    assert set(mapped) == set(ours)
    assert set(mapped.values()) <= leaves
