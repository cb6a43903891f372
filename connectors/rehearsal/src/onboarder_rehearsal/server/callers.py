"""Who calls, and which store the call is about."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from onboarder_rehearsal.server.endpoints import Endpoint
from onboarder_rehearsal.server.sellers import token_digest
from onboarder_rehearsal.server.state import State
from onboarder_rehearsal.server.visit import Refused, Who


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came in."""

    endpoint: Endpoint
    places: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    media_type: str
    authorization: str
    base_url: str


@dataclass(frozen=True, slots=True)
class Caller:
    partner: str
    seller_no: int | None
    store: str
    """The reference of the store the call is about, as far as known."""
    refusal: Refused | None = None


def identify(state: State, call: Call, now: float) -> Caller:
    """Who calls; what is wrong with the key is remembered, so that dials see refused calls too."""
    kind, _, key = call.authorization.partition(" ")
    if call.endpoint.who is Who.PARTNER:
        partner = hashlib.sha256(key.encode()).hexdigest()[:16]
        if kind != "Partner" or len(key) < 16:
            no_key = Refused(401, "partner_key_missing", "a partner key of 16 characters is needed")
            return Caller("", None, "", no_key)
        return Caller(partner, None, _store_meant(state, call))
    row = state.one(
        "SELECT t.expires_at, s.no, s.partner, s.external_key FROM token t JOIN seller s"
        " ON s.no = t.seller_no WHERE t.digest = ?",
        token_digest(key),
    )
    if row is None:
        return Caller("", None, "", Refused(401, "token_unknown", "unknown access token"))
    expired = Refused(401, "token_expired", "access token expired")
    refusal = expired if row["expires_at"] <= now else None
    return Caller(row["partner"], row["no"], row["external_key"], refusal)


def _store_meant(state: State, call: Call) -> str:
    """The store a partner's call is about; empty if it does not say."""
    if "seller" in call.places:
        number = call.places["seller"].removeprefix("S")
        row = state.one("SELECT external_key FROM seller WHERE no = ?", number)
        return "" if row is None else str(row["external_key"])
    return call.query.get("external_key") or _text_in(call.body, "external_key")


def _text_in(body: bytes, name: str) -> str:
    try:
        value: object = json.loads(body)[name]
    except (ValueError, KeyError, TypeError):
        return ""
    return value if isinstance(value, str) else ""
