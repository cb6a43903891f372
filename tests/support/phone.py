"""How a phone seals a box. Written from the contract, apart from the product's own code."""

import base64
import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from onboarder.people.sealed_box import Box, SealingKey


def sealed(key: SealingKey, plain: bytes, *, bound: str) -> Box:
    """As WebCrypto does it: ECDH's x coordinate, HKDF (RFC 5869) by hand, AES-GCM."""
    server = load_der_public_key(base64.b64decode(key.spki))
    assert isinstance(server, ec.EllipticCurvePublicKey)
    own, nonce = ec.generate_private_key(ec.SECP256R1()), os.urandom(12)
    shared = own.exchange(ec.ECDH(), server)
    once = _hmac(_hmac(b"\0" * 32, shared), b"onboarder sealed box v1" + b"\x01")
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    ct = AESGCM(once).encrypt(nonce, plain, bound.encode())
    return Box(key.id, *(base64.b64encode(one).decode() for one in (point, nonce, ct)))


def _hmac(key: bytes, message: bytes) -> bytes:
    made = HMAC(key, SHA256())
    made.update(message)
    return made.finalize()
