"""Signatures of requests and pushes, and their comparison in constant time."""

import hashlib
import hmac


def request_signature(
    key: str,
    partner_id: int,
    path: str,
    timestamp: int,
    *,
    token: str = "",
    owner: int | None = None,
) -> str:
    """Public calls have neither token nor owner; the owner is a shop's id, or a merchant's."""
    base = f"{partner_id}{path}{timestamp}{token}{'' if owner is None else owner}"
    return _hmac(key, base.encode())


def push_signature(key: str, registered_url: str, body: bytes) -> str:
    return _hmac(key, registered_url.encode() + b"|" + body)


def body_only_signature(key: str, body: bytes) -> str:
    """What one public receiver expects in place of `push_signature`; most must refuse it."""
    return _hmac(key, body)


def is_same(given: str, expected: str) -> bool:
    """Compares in constant time; anything that is not the exact lower-case text is different."""
    return hmac.compare_digest(given.encode(), expected.encode())


def _hmac(key: str, message: bytes) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
