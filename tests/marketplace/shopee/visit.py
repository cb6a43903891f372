"""One call at the marketplace's door: what came in, what goes out, how it is refused."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import QueryParams

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee.dials import Dial, Fault, Strikes
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.shelf import Shop, shop_of

PREFIXED = frozenset({"product", "shop", "logistics"})

AskedT = TypeVar("AskedT", bound=BaseModel)


class Level(StrEnum):
    """How a call is signed."""

    PUBLIC = "public"
    SHOP = "shop"
    UPLOAD = "upload"
    """As the rules say."""


class Asked(BaseModel):
    """A JSON body: exact types, and no field that the documentation does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before any fault spoils it."""

    content: Mapping[str, object]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def error(self) -> str:
        return str(self.content.get("error", ""))

    def encoded(self) -> bytes:
        return json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode()


class Refused(Exception):
    """The marketplace says no; nothing of the call was done."""

    def __init__(self, code: str, message: str, *, status: int = 200) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Visit:
    """A call whose caller is known."""

    state: State
    rules: Rules
    now: float
    number: int
    """Running number of the call, for chance and the request id."""
    path: str
    query: QueryParams
    body: bytes
    media_type: str
    base_url: str
    shop_id: int | None
    strikes: Strikes = field(default_factory=dict[Fault, Dial])

    @property
    def request_id(self) -> str:
        return f"{self.number:032x}"

    @property
    def prefix(self) -> str:
        """What the path's own errors begin with: `product.`, or nothing."""
        group = self.path.split("/")[3]
        return f"{group}." if self.rules.error_prefixes and group in PREFIXED else ""

    @property
    def shop(self) -> Shop:
        """The calling shop; the door has seen that it is there."""
        shop = shop_of(self.state, self.shop_id)
        assert shop is not None
        return shop

    def chance(self) -> random.Random:
        """Falls the same way in every run with the same seed."""
        return random.Random(f"{self.rules.seed}/call/{self.number}")

    def ok(self, response: object = None) -> Reply:
        """Success in the usual envelope; without a response where there is none."""
        return Reply(self.envelope() | ({} if response is None else {"response": response}))

    def flat(self, fields: Mapping[str, object]) -> Reply:
        """Success with the fields beside `error`."""
        plain = {"error": "", "message": "", "request_id": self.request_id}
        return Reply({**plain, **fields})

    def envelope(self, error: str = "", message: str = "") -> dict[str, object]:
        return {
            "error": error,
            "message": message,
            "warning": "",
            "request_id": self.request_id,
        }

    def no(self, refused: Refused) -> Reply:
        """A refusal that keeps what the call has done so far."""
        return Reply(self.envelope(refused.code, refused.message), refused.status)

    def refusal(self, code: str, message: str, *, status: int = 200) -> Refused:
        return Refused(self.prefix + code, message, status=status)

    def read(self, shape: type[AskedT]) -> AskedT:
        """The JSON body in that shape."""
        if self.media_type.partition(";")[0].strip() != "application/json":
            raise self.refusal("error_param", "Content-Type must be application/json")
        try:
            return shape.model_validate_json(self.body)
        except ValidationError as error:
            raise self.refusal("error_param", _sentence(error)) from None

    def integer(self, name: str, least: int = 0, most: int = 2**63) -> int:
        """A query parameter that must be there."""
        value = self.optional_integer(name, least, most)
        if value is None:
            raise self.refusal("error_param", f"{name}, value must Not Null")
        return value

    def optional_integer(self, name: str, least: int = 0, most: int = 2**63) -> int | None:
        text = self.query.get(name)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise self.refusal(
                "error_param", f"{name}, value must be an integer from {least} to {most}"
            )
        return int(text)

    def text(self, name: str) -> str:
        value = self.query.get(name)
        if not value:
            raise self.refusal("error_param", f"{name}, value must Not Null")
        return value

    def ids(self, name: str, most: int) -> list[int]:
        """A list of ids, in the forms that the rules allow: `1,2`, or the key repeated, or `[1,2]`."""
        texts = self.query.getlist(name)
        form = self.rules.item_ids
        if form == "repeated" or len(texts) > 1:
            parts = texts
        else:
            parts = ",".join(texts).strip("[]" if form == "any" else "").split(",")
        forbidden = form == "comma" and len(texts) > 1
        if forbidden or not all(part.isascii() and part.isdigit() for part in parts):
            raise self.refusal("error_param", f"{name}, value is invalid")
        if len(parts) > most:
            raise self.refusal("error_param", f"{name}, at most {most} ids")
        return [int(part) for part in parts]


Handle = Callable[[Visit], Reply]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`path` is also the route in the request log and in the dials' filters."""

    method: str
    path: str
    level: Level
    handle: Handle
    asks: frozenset[str] = frozenset()
    """Its own query parameters; any other is refused, as a misspelt one is worse than a missing one."""


def get(path: str, handle: Handle, *asks: str, level: Level = Level.SHOP) -> Endpoint:
    return Endpoint("GET", f"/api/v2/{path}", level, handle, frozenset(asks))


def post(path: str, handle: Handle, *, level: Level = Level.SHOP) -> Endpoint:
    return Endpoint("POST", f"/api/v2/{path}", level, handle)


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"])) or "body"
    if first["type"] == "missing":
        return f"{where}, value must Not Null"
    return f"{where}, value is invalid: {first['msg']}"
