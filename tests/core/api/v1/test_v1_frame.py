"""What holds for every route: headers, where requests may come from, how large they may be, how faults are told."""

import ast
import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, Response

import onboarder.api
from onboarder.access.refused import Why
from onboarder.api.app import create_app
from onboarder.api.areas import AREAS
from onboarder.api.v1.refusal import problem_texts
from onboarder.records import sessions
from onboarder.records.database import RecordsBusy
from tests.core.api.v1.described import operations
from tests.support.consenting import PUBLIC
from tests.support.signed_in import Service, with_key

PEOPLE = "/api/v1/people"
BUDI = {"id": "C07", "name": "Budi", "role": "canvasser", "markets": ["KNM"]}
ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
    "strict-transport-security": "max-age=31536000",
}
OURS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


async def test_every_route_answers_with_the_headers_of_its_area(service: Service) -> None:
    described = {
        re.sub(r"\{\w+\}", "x", one.path): one.method for one in await operations(service.anybody)
    }
    others = {"/k/x": "GET", "/callback/x": "GET", "/webhooks/x": "POST", "/livez": "GET"}
    wrong = list[str]()
    for path, method in {**described, **others, "/readyz": "GET", "/x": "GET"}.items():
        headers = (await service.anybody.request(method, path)).headers
        wrong += [f"{path} {name}" for name, value in ALWAYS.items() if headers.get(name) != value]
        policy = headers["content-security-policy"]
        ours = path.startswith(tuple(one.prefix for one in AREAS))
        if ours != (policy == OURS) or "unsafe" in policy:
            wrong.append(f"{path} {policy}")

    assert wrong == []
    assert len(described) > 8


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none", "Origin": PUBLIC}, 201),
        ({"X-Onboarder": "1"}, 201),
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://jahat.example"}, 403),
        ({"Origin": f"{PUBLIC}.jahat.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"X-Onboarder": "0"}, 403),
    ],
)
async def test_what_changes_something_must_come_from_our_own_pages(
    service: Service, headers: dict[str, str], status: int
) -> None:
    del service.coordinator.headers["Sec-Fetch-Site"]

    answer = await service.coordinator.post(PEOPLE, json=BUDI, headers=with_key(1) | headers)

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "cross_site"
        assert (await service.coordinator.get(f"{PEOPLE}/C07")).status_code == 404


@pytest.mark.parametrize("path", ["/app/x", "/meja/x", "/api/v1/x"])
async def test_every_area_of_our_own_is_guarded_against_other_sites(
    service: Service, path: str
) -> None:
    del service.coordinator.headers["Sec-Fetch-Site"]

    assert (await service.coordinator.post(path)).status_code == 403
    assert (await service.coordinator.get(path)).status_code == 404


async def test_marketplaces_and_merchants_need_no_such_header(service: Service) -> None:
    del service.anybody.headers["Sec-Fetch-Site"]

    assert (await service.anybody.post("/k/00000000000000000000")).status_code == 404
    assert (await service.anybody.post("/webhooks/nowhere")).status_code == 404


async def test_too_large_a_body_is_dropped_announced_or_not(service: Service) -> None:
    sent = list[int]()

    async def endless() -> AsyncGenerator[bytes]:
        for _ in range(1000):
            sent.append(1)
            yield b"[" * 65_536

    headers = with_key(1) | {"Content-Type": "application/json"}
    announced = await service.coordinator.post(PEOPLE, content=b"[" * 700_000, headers=headers)
    streamed = await service.coordinator.post(PEOPLE, content=endless(), headers=headers)

    assert [(one.status_code, one.json()["code"]) for one in (announced, streamed)] == [
        (413, "too_large"),
        (413, "too_large"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/v1/nothing", b"", 404, "not_found"),
        ("GET", "/api/v1/people/%00", b"", 404, "not_found"),
        ("PUT", "/api/v1/session", b"", 405, "no_such_method"),
        ("GET", "/api/v1/session?x=" + "y" * 5000, b"", 413, "too_large"),
        ("GET", "/api/v1/people?limit=0", b"", 422, "invalid"),
        ("POST", PEOPLE, b"{", 422, "invalid"),
        ("POST", PEOPLE, b"[" * 100_000, 400, "unreadable"),
        ("POST", PEOPLE, b'{"id":"C07","name":"\\ud800","role":"viewer"}', 422, "invalid"),
        ("POST", PEOPLE, b"\xff\xfe", 422, "invalid"),
    ],
)
async def test_whatever_cannot_be_done_is_a_problem(
    service: Service, method: str, path: str, body: bytes, *, status: int, code: str
) -> None:
    headers = with_key(1) | {"Content-Type": "application/json"}

    answer = await service.coordinator.request(method, path, content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_what_was_sent_is_never_repeated(service: Service) -> None:
    body = {"id": "0812 3456", "name": 7, "role": "rahasia", "0812-RAHASIA": "rahasia"}

    answer = await service.coordinator.post(PEOPLE, json=body, headers=with_key(1))

    assert answer.status_code == 422
    assert "rahasia" not in answer.text.lower()
    assert "0812" not in answer.text
    assert {one["field"] for one in answer.json()["errors"]} == {"id", "name", "role", "…"}


async def test_a_busy_database_is_told_so_and_nothing_is_lost(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object, **__: object) -> None:
        raise RecordsBusy("disk")

    monkeypatch.setattr(sessions, "living", busy)

    answer = await service.coordinator.get(PEOPLE)

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"] == "5"


async def test_a_fault_of_ours_is_a_problem_too_and_logged_without_values(
    service: Service, monkeypatch: pytest.MonkeyPatch, heard: list[dict[str, object]]
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("rahasia")

    monkeypatch.setattr(sessions, "living", broken)

    answer = await service.coordinator.get(PEOPLE)

    assert (answer.status_code, answer.json()["code"]) == (500, "failed")
    assert [one["event"] for one in heard][-2:] == ["http.failed", "http.answered"]


async def test_the_log_names_whole_routes_and_no_addresses(
    service: Service, heard: list[dict[str, object]]
) -> None:
    await service.coordinator.get(f"{PEOPLE}/C01/devices?rahasia=1")
    await service.coordinator.get("/api/v1/rahasia")

    lines = [one["route"] for one in heard if one["event"] == "http.answered"]
    assert lines == ["/api/v1/people/{person}/devices", "unmatched"]


async def test_a_page_may_be_kept_where_its_route_says_so(service: Service) -> None:
    pages = APIRouter()

    @pages.get("/app/kept")
    async def kept() -> Response:
        return Response("x", headers={"Cache-Control": "public, max-age=60"})

    transport = httpx.ASGITransport(create_app(service.premises, pages=[pages]))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as browser:
        answer = await browser.get("/app/kept")

    assert answer.headers.get_list("cache-control") == ["public, max-age=60"]
    assert answer.headers["content-security-policy"] == OURS


async def test_plain_http_is_only_for_this_machine(service: Service) -> None:
    local = replace(
        service.premises, doors=replace(service.premises.doors, public_url="http://127.0.0.1:8791")
    )
    transport = httpx.ASGITransport(create_app(local))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8791") as browser:
        headers = (await browser.get("/api/v1/session")).headers

    assert "strict-transport-security" not in headers


def test_every_code_has_its_text_and_every_text_its_code() -> None:
    texts, said = problem_texts(), set(_codes())

    assert set(Why) <= texts.keys()
    assert said - texts.keys() == set()
    for code, text in texts.items():
        assert 400 <= text.status < 600, code
        assert all((text.title, text.next, text.detail)), code


def _codes() -> list[str]:
    """Constants that are refused with in the API's own modules."""
    folder = Path(str(onboarder.api.__file__)).parent
    found = list[str]()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Refusal" and node.args:
                found += re.findall(r"^'(\w+)'$", ast.unparse(node.args[0]))
    assert len(found) > 8
    return found
