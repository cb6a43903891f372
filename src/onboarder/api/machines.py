"""The doors for machines: the marketplaces' messages, health, figures."""

import hmac
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import SecretStr

from onboarder.api.premises import Premises
from onboarder.api.problem import problem
from onboarder.connector.errors import ActionNeeded
from onboarder.connector.webhook import Delivery
from onboarder.consent.inbox import Receipt
from onboarder.records import presence
from onboarder.records.database import RecordsBusy
from onboarder.records.health import health

LARGEST_MESSAGE = 256 * 1024
"""Bytes of one delivery."""


def doors_for_machines(premises: Premises) -> APIRouter:
    """`/webhooks/MARKETPLACE`, `/livez`, `/readyz`, `/metrics`."""
    router = APIRouter()

    @router.post("/webhooks/{marketplace}")
    async def take(marketplace: str, request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LARGEST_MESSAGE} bytes")
        inbox = premises.inbox
        delivery = Delivery(inbox.door(marketplace), dict(request.headers.items()), body)
        try:
            receipt = await inbox.take(marketplace, delivery)
        except (RecordsBusy, ActionNeeded):
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "not stored; send it again")
        premises.figures.webhooks.labels(premises.doors.known(marketplace), receipt).inc()
        return _receipt(receipt)

    @router.get("/livez")
    async def live() -> Response:
        return JSONResponse({"alive": True})

    @router.get("/readyz")
    async def ready() -> Response:
        return await _readiness(premises)

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        if not _may_see(premises.metrics_token, request.headers.get("authorization", "")):
            return problem(HTTPStatus.NOT_FOUND, "no such door")
        around = premises.around
        text = await premises.figures.text(around)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def _receipt(receipt: Receipt) -> Response:
    """Taken: empty, as some marketplaces count any other answer as a failure."""
    match receipt:
        case Receipt.TAKEN | Receipt.UNREADABLE:
            return Response(status_code=HTTPStatus.OK)
        case Receipt.FORGED:
            return problem(HTTPStatus.UNAUTHORIZED, "the signature does not fit the body")
        case Receipt.NOBODY:
            return problem(HTTPStatus.NOT_FOUND, "no such door")


async def _body(request: Request) -> bytes | None:
    """The raw body; None as soon as it is too large."""
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_MESSAGE:
            return None
        parts.append(part)
    return b"".join(parts)


async def _readiness(premises: Premises) -> Response:
    """503 only without a usable database. Redis and workers away slow the work; a consent given now is not lost."""
    around = premises.around
    found = await health(around.database, around.clock)
    usable = found.up_to_date and not found.unwritable
    alive = 0
    if usable:
        async with around.database.read() as tx:
            alive = len(await presence.alive(tx, around.clock()))
    silence = await premises.redis_silence()
    document = {
        "ready": usable,
        "database": "ok" if usable else found.unreachable or found.unwritable or "schema",
        "redis": silence or "ok",
        "workers": alive,
    }
    status = HTTPStatus.OK if usable else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse(document, status_code=status)


def _may_see(token: SecretStr | None, given: str) -> bool:
    if token is None:
        return False
    wanted = f"Bearer {token.get_secret_value()}"
    return hmac.compare_digest(given.encode(), wanted.encode())
