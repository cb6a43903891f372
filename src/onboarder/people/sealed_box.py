"""Boxes that phones seal to the server's public key: a lost phone holds nothing readable, only the server opens them.

ECDH over P-256 with a key pair made for the one box, HKDF-SHA256, AES-256-GCM bound to the merchant: what every browser's
WebCrypto can do. The private keys lie in the secrets folder beside the key ring. Old ones stay there for the phones that
were without signal when a new one was made.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from onboarder.people.private_file import PrivateFile
from onboarder.problems import ConfigProblem

NAME = "boxes.json"
INFO = b"onboarder sealed box v1"
KEY_BYTES = 32
ID_LENGTH = 16
"""Hexadecimal digits of a key's id, the beginning of its public half's SHA-256."""


class KeyUnknown(ValueError):
    """The box was sealed to a key that is not ours (any more): the phone fetches the key anew and seals again."""


class BoxSpoilt(ValueError):
    """Cut, changed, or sealed for another merchant."""


@dataclass(frozen=True, slots=True)
class Box:
    """As it comes from the phone; all but `key_id` in base64."""

    key_id: str
    epk: str
    """The public half of the box's own key pair: an uncompressed point, 65 bytes."""
    nonce: str
    ct: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealingKey:
    """What phones seal to."""

    id: str
    spki: str
    """The public key (SubjectPublicKeyInfo) in base64."""


class BoxKeys:
    """The key pairs in FOLDER/boxes.json. A change by another process is seen at the next use."""

    def __init__(self, folder: Path) -> None:
        self._file = PrivateFile(folder / NAME)
        self.path = self._file.path
        self._known: tuple[object, _Pairs] | None = None

    def create(self) -> bool:
        """Make the first key pair where there is none; False if there was. Safe to repeat."""
        private = ec.generate_private_key(ec.SECP256R1())
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        name, text = _public(private).id, base64.b64encode(der).decode()
        return self._file.create(json.dumps({"active": name, "keys": {name: text}}))

    def public(self) -> SealingKey:
        """The key that phones seal to now; `ConfigProblem` if there is none."""
        pairs = self._read()
        return _public(pairs.keys[pairs.active])

    def open(self, box: Box, *, bound: str) -> bytes:
        """What is in the box that was sealed for the merchant `bound`; `KeyUnknown`, `BoxSpoilt`."""
        private = self._read().keys.get(box.key_id)
        if private is None:
            raise KeyUnknown(box.key_id[:ID_LENGTH])
        try:
            point, nonce, sealed = map(_bytes, (box.epk, box.nonce, box.ct))
            other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            shared = private.exchange(ec.ECDH(), other)
            key = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=INFO).derive(shared)
            return AESGCM(key).decrypt(nonce, sealed, bound.encode())
        except (InvalidTag, ValueError):
            raise BoxSpoilt from None

    def _read(self) -> "_Pairs":
        version = self._version()
        if self._known is None or self._known[0] != version:
            self._known = version, self._parsed()
        return self._known[1]

    def _version(self) -> object:
        try:
            return self._file.version()
        except FileNotFoundError:
            raise ConfigProblem(
                f"{self.path} does not exist, so phones cannot seal identity numbers",
                hint="put boxes.json there from its backup, or make a new one with: onboarder keys init",
                id_message=f"{self.path} tidak ada, jadi HP tidak bisa menyegel nomor identitas",
                id_hint="taruh boxes.json dari cadangan di situ, atau buat baru dengan: onboarder keys init",
            ) from None

    def _parsed(self) -> "_Pairs":
        try:
            read = json.loads(self._file.read())
            keys = {str(name): _private(text) for name, text in read["keys"].items()}
            pairs = _Pairs(str(read["active"]), keys)
            pairs.keys[pairs.active]  # KeyError if it is not among them
        except (OSError, ValueError, LookupError, AttributeError, TypeError):
            raise ConfigProblem(
                f"{self.path} cannot be read",
                hint="restore it from its backup",
                id_message=f"{self.path} tidak bisa dibaca",
                id_hint="pulihkan dari cadangan",
            ) from None
        return pairs


@dataclass(frozen=True, slots=True)
class _Pairs:
    active: str
    keys: Mapping[str, ec.EllipticCurvePrivateKey] = field(repr=False)


def _private(text: str) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(base64.b64decode(text), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ValueError("not a P-256 key")
    return key


def _public(private: ec.EllipticCurvePrivateKey) -> SealingKey:
    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SealingKey(hashlib.sha256(spki).hexdigest()[:ID_LENGTH], base64.b64encode(spki).decode())


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
