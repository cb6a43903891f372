"""Shopee's door: send, decide by the body, mend what a refused signature tells, read `response`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from onboarder.connector.contract import Access, Equipment, Photo
from onboarder.connector.errors import MarketplaceError, RateLimited
from onboarder.connector.http import Answer, Effect, Request
from onboarder.model.ids import Reference
from onboarder_shopee import advice, item_wire, wire
from onboarder_shopee.auth import Keys, ShopeeClock, ShopToken, Signature, token_of
from onboarder_shopee.errors import FIRST_BACK_OFF, is_lock, locked, photo_refusal, refusal
from onboarder_shopee.settings import ShopeeSettings, UploadSignature

M = TypeVar("M", bound=BaseModel)
Body = Mapping[str, object]
Query = Sequence[tuple[str, str]]

LONGEST_BACK_OFF = timedelta(seconds=60)
UPLOAD = "/api/v2/media_space/upload_image"


class ShopeeApi:
    """Every method raises `MarketplaceError`s only. Names are Shopee's, without the version."""

    def __init__(self, settings: ShopeeSettings, equipment: Equipment) -> None:
        self.settings = settings
        self.keys = Keys(equipment.secret)
        self._clock = ShopeeClock(equipment.clock)
        self._now = equipment.clock
        self._http = equipment.http
        self._back_off = FIRST_BACK_OFF

    def now(self) -> datetime:
        return self._now()

    def signature(self, token: ShopToken | None = None) -> Signature:
        return Signature(self.keys, self._clock, self.settings.partner_id, token)

    async def get(self, access: Access | None, name: str, shape: type[M], query: Query = ()) -> M:
        """A read; without access a public one."""
        return await self.ask(self._request("GET", access, name, Effect.READ, query=query), shape)

    async def post(
        self, access: Access, name: str, shape: type[M], body: Body, reference: Reference | None
    ) -> M:
        """A write: never sent again after a lost answer."""
        request = self._request("POST", access, name, Effect.WRITE, body=body)
        return await self.ask(replace(request, reference=reference), shape)

    async def post_token(self, name: str, body: Body) -> wire.Tokens:
        """Both token calls: public, and each uses up what it sends."""
        request = self._request("POST", None, name, Effect.WRITE, body=body)
        return await self.ask(request, wire.Tokens)

    async def upload(self, access: Access, photo: Photo) -> wire.Upload:
        """One photo a call, so that the answer is this photo's. At worst an unused copy stays behind."""
        public = self.settings.upload_signature is UploadSignature.PUBLIC
        suffix = photo.media_type.rpartition("/")[2].replace("jpeg", "jpg")
        part = (f"{photo.hash[:32]}.{suffix}", photo.content, photo.media_type)
        request = Request(
            "POST",
            UPLOAD,
            UPLOAD,
            Effect.READ,
            files=[(self.settings.upload_field, part)],
            auth=self.signature(None if public else token_of(access)),
        )
        token_of(access)  # a shop without tokens uploads nothing, even where the call needs none
        answer = await self.ask(request, wire.Upload)
        for one in answer.image_info_list:
            if one.error:
                said = wire.Envelope(error=one.error, message=one.message)
                raise await self._slowed(photo_refusal(said, request, self._now()))
        return answer

    async def ask(self, request: Request, shape: type[M]) -> M:
        """Send and read; a refused signature is tried once more if the clock or the key can be mended."""
        try:
            return await self._once(request, shape)
        except MarketplaceError as error:
            mended = (error.advice is advice.SIGNATURE and self._clock.correct()) or (
                error.advice in {advice.SIGNATURE, advice.KEY_EXPIRED} and self.keys.turn()
            )
            if not mended:
                raise
        return await self._once(request, shape)

    async def _once(self, request: Request, shape: type[M]) -> M:
        answer = await self._http.send(request)
        envelope = self._envelope(request, answer, shape)
        if envelope.error:
            raise await self._refused(request, answer, envelope, shape)
        self._back_off = FIRST_BACK_OFF
        return self._read(request, answer, shape)

    def _envelope(self, request: Request, answer: Answer, shape: type[M]) -> wire.Envelope:
        """Anything but Shopee's own JSON is a failure of transport, whatever its status."""
        try:
            envelope = answer.read(wire.ENVELOPE)
        except ValueError as error:
            raise self._http.unreadable(request, f"{answer.status} {error}") from None
        if envelope.error is None and (not answer.ok or shape not in _WITHOUT_ERROR):
            raise self._http.unreadable(request, f"{answer.status} without `error`")
        return envelope

    async def _refused(
        self, request: Request, answer: Answer, said: wire.Envelope, shape: type[M]
    ) -> MarketplaceError:
        failures = _failures(answer, shape)
        if is_lock(failures):
            return locked(failures, said.request_id or answer.request_id)
        message = "; ".join(filter(None, [said.message or said.msg, failures]))
        said = said.model_copy(update={"message": message})
        error = refusal(said, answer.status, request, self._now(), answer.request_id)
        return await self._slowed(error)

    async def _slowed(self, error: MarketplaceError) -> MarketplaceError:
        """Whoever shares a limit that was told is slowed down with us."""
        if not isinstance(error, RateLimited):
            return error
        if error.advice is advice.RATE:
            error.retry_after, self._back_off = (
                self._back_off,
                min(2 * self._back_off, LONGEST_BACK_OFF),
            )
        await self._http.slow_down(error.scope, error.retry_after)
        return error

    def _read(self, request: Request, answer: Answer, shape: type[M]) -> M:
        adapter = TypeAdapter(dict[str, object])
        try:
            body = answer.read(adapter)
            inner = body if shape in _FLAT else body.get("response", _absent(shape))
            beside = {name: body[name] for name in _BESIDE if name in body}
            if isinstance(inner, dict):
                return shape.model_validate({**beside, **inner})
        except (ValueError, ValidationError):
            pass
        raise self._http.unreadable(request, f"unexpected answer of {request.route}") from None

    def _request(
        self,
        method: str,
        access: Access | None,
        name: str,
        effect: Effect,
        *,
        query: Query = (),
        body: Body | None = None,
    ) -> Request:
        path = f"/api/v2/{name}"
        auth = self.signature(token_of(access) if access else None)
        return Request(method, path, path, effect, params=query, json=body, auth=auth)


_FLAT: frozenset[type[BaseModel]] = frozenset({wire.Tokens, wire.ShopInfo})
"""Answers that have no `response`."""
_WITHOUT_ERROR: frozenset[type[BaseModel]] = frozenset({item_wire.Violations})
"""Answers whose success says nothing of `error`."""
_MAY_BE_EMPTY: frozenset[type[BaseModel]] = frozenset({item_wire.Written})
"""Answers whose success may come without `response`."""
_BESIDE = ("gtin_limit", "is_mandatory", "has_next_page", "next_offset")
"""Members that some pages draw beside `response` and others inside."""


def _absent(shape: type[BaseModel]) -> object:
    return {} if shape in _MAY_BE_EMPTY else None


def _failures(answer: Answer, shape: type[M]) -> str:
    """The reasons in a `failure_list` that came with an error."""
    if shape is not item_wire.Written:
        return ""
    try:
        body = answer.read(TypeAdapter(dict[str, object]))
        written = item_wire.Written.model_validate(body.get("response") or {})
    except (ValueError, ValidationError):
        return ""
    return written.reasons
