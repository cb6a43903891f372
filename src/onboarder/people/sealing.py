"""AES-256-GCM as base64 text: what is sealed under a key for one place opens with that key for that place alone."""

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12


class SpoiltError(ValueError):
    """Another key, another place, or changed text."""


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plain: bytes, *, bound: str) -> str:
    """Different each time."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, plain, bound.encode())).decode()


def unseal(key: bytes, sealed: str, *, bound: str) -> bytes:
    """`SpoiltError` if it does not open."""
    try:
        raw = base64.b64decode(sealed)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound.encode())
    except (InvalidTag, ValueError):
        raise SpoiltError(bound) from None


def derive(key: bytes, purpose: str, *, length: int) -> bytes:
    """The same again for the same key and purpose."""
    return HKDF(hashes.SHA256(), length, salt=None, info=purpose.encode()).derive(key)
