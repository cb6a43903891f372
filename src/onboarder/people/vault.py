"""Secrets at rest: sealed under a key of the merchant's own, bound to the place where they stand.

The merchant's key is itself sealed under the key ring and lies in a key store apart from the records. A value copied to
another place does not open; once a merchant's key is destroyed none of her values opens, in no backup of the records.
`derive` gives stable secrets (a login's password) that survive the restore of an older backup, because they follow from
the ring's root and not from a stored value.
"""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import SecretStr

from onboarder.model.ids import MerchantId
from onboarder.people import sealing
from onboarder.people.key_ring import KeyRing
from onboarder.people.places import Place
from onboarder.problems import ConfigProblem

DERIVED_BYTES = 24


@dataclass(frozen=True, slots=True)
class MerchantKey:
    """A merchant's key as stored: sealed under one key of the ring. `id` differs for every key ever made."""

    owner: MerchantId
    id: str
    ring_key: str
    sealed: str = field(repr=False)


class KeyStore(Protocol):
    """Where merchants' keys lie."""

    async def find(self, owner: MerchantId) -> MerchantKey | None: ...

    async def keep(self, fresh: MerchantKey) -> MerchantKey:
        """Keep it durably unless the merchant has a key; returns the one she has."""
        ...

    async def forget(self, owner: MerchantId) -> bool:
        """Destroy the merchant's key for good; False if there was none. Safe to repeat."""
        ...


class KeyGone(ConfigProblem):
    """The key that a value was sealed under is not in the key store: destroyed, or this is not the store it was made in."""


class Vault:
    """Seals and opens values. Nothing it knows is kept between two calls: a destroyed key is gone for every process."""

    def __init__(self, ring: Callable[[], KeyRing], keys: KeyStore) -> None:
        self._ring = ring
        self._keys = keys

    async def seal(self, place: Place, value: SecretStr) -> str:
        """The value encrypted for one place. Different each time. A merchant's first value makes her key."""
        key = await self._keys.find(place.owner) or await self._keys.keep(self._fresh(place.owner))
        plain = value.get_secret_value().encode()
        return f"v2.{key.id}.{sealing.seal(self._bare(key), plain, bound=_bound(place))}"

    async def open(self, place: Place, sealed: str) -> SecretStr:
        """The value again. `KeyGone` if its key is; `ConfigProblem` if it was sealed for another place or spoilt."""
        version, name, text = sealed.split(".", 2)
        if version == "v1":  # as the first release wrote: under the ring's own key
            key, bound = self._ring().key(name), str(place)
        else:
            key, bound = self._bare(await self._found(place, name)), _bound(place)
        try:
            return SecretStr(sealing.unseal(key, text, bound=bound).decode())
        except sealing.SpoiltError:
            raise _does_not_open(str(place), name) from None

    def derive(self, purpose: str) -> SecretStr:
        """A stable 192-bit secret for a purpose, as URL-safe text."""
        ring = self._ring()
        derived = sealing.derive(ring.key(ring.root), purpose, length=DERIVED_BYTES)
        return SecretStr(base64.urlsafe_b64encode(derived).decode())

    def rewrapped(self, key: MerchantKey) -> MerchantKey:
        """The same key, sealed under the ring's active key."""
        return self._wrapped(key.owner, key.id, self._bare(key))

    async def _found(self, place: Place, name: str) -> MerchantKey:
        key = await self._keys.find(place.owner)
        if key is None or key.id != name:
            raise KeyGone(
                f"the key {name!r} that {place} was sealed under is not in the key store",
                hint="unless it was destroyed on purpose: restore the key store; all hosts must use the same one",
                id_message=f"kunci {name!r} untuk {place} tidak ada di gudang kunci",
                id_hint="kecuali memang dimusnahkan: pulihkan gudang kunci; semua mesin harus memakai gudang yang sama",
            )
        return key

    def _fresh(self, owner: MerchantId) -> MerchantKey:
        return self._wrapped(owner, secrets.token_hex(8), sealing.new_key())

    def _wrapped(self, owner: MerchantId, name: str, key: bytes) -> MerchantKey:
        ring = self._ring()
        sealed = sealing.seal(ring.key(ring.active), key, bound=f"merchant_key|{owner}|{name}")
        return MerchantKey(owner, name, ring.active, sealed)

    def _bare(self, key: MerchantKey) -> bytes:
        bound = f"merchant_key|{key.owner}|{key.id}"
        try:
            return sealing.unseal(self._ring().key(key.ring_key), key.sealed, bound=bound)
        except sealing.SpoiltError:
            raise _does_not_open(f"merchant_key|{key.owner}", key.ring_key) from None


def _bound(place: Place) -> str:
    return f"{place.owner}|{place}"


def _does_not_open(what: str, key: str) -> ConfigProblem:
    return ConfigProblem(
        f"the secret stored for {what} does not open with key {key!r}",
        hint="restore keys.json or the database from the same backup",
        id_message=f"rahasia untuk {what} tidak terbuka dengan kunci {key!r}",
        id_hint="pulihkan keys.json atau basis data dari cadangan yang sama",
    )
