"""Turning the key ring: every merchant's key is sealed anew under a new one, in small steps, while work goes on.

The new key is on the ring, durably, before anything is sealed under it, and an old one leaves the ring only once nothing
is sealed under it any more. So whatever dies in between, everything opens, and doing it again finishes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from onboarder.people.key_ring import KeyRingFile
from onboarder.people.places import Place
from onboarder.people.vault import MerchantKey, Vault
from onboarder.problems import RefusedProblem

STEP = 500
"""Keys per transaction: short enough that nobody waits noticeably for one."""


class KeyBook(Protocol):
    """The key store as a whole."""

    async def not_under(self, ring_key: str, *, most: int) -> Sequence[MerchantKey]: ...

    async def replace(self, changes: Sequence[tuple[MerchantKey, MerchantKey]]) -> None: ...

    async def count(self) -> Mapping[str, int]: ...


class OldValues(Protocol):
    """What the first release sealed under the ring's own keys."""

    async def some(self, *, most: int) -> Sequence[tuple[Place, str]]: ...

    async def replace(self, changes: Sequence[tuple[Place, str, str]]) -> None: ...

    async def count(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class RingKey:
    """One key of the ring, and how much is sealed under it."""

    name: str
    active: bool
    root: bool
    merchants: int
    values: int
    """Values of the first release."""

    @property
    def idle(self) -> bool:
        """Whether it can leave the ring."""
        return not (self.active or self.root or self.merchants or self.values)


class Rotation:
    """One key ring with all that is sealed under it."""

    def __init__(self, ring: KeyRingFile, vault: Vault, book: KeyBook, old: OldValues) -> None:
        self._ring = ring
        self._vault = vault
        self._book = book
        self._old = old

    async def keys(self) -> list[RingKey]:
        """Every key of the ring, oldest first; and keys that are missing from it while something is sealed under them."""
        ring, merchants, values = (
            self._ring.read(),
            await self._book.count(),
            await self._old.count(),
        )
        names = dict.fromkeys([*ring.keys, *sorted(merchants), *sorted(values)])
        return [
            RingKey(
                name,
                name == ring.active,
                name == ring.root,
                merchants.get(name, 0),
                values.get(name, 0),
            )
            for name in names
        ]

    def prepare(self) -> str:
        """Put the next key on the ring without using it, so that it can be brought to every host first. Safe to repeat."""
        ring = self._ring.read()
        if ring.prepared is None:
            self._ring.write(ring.with_new_key())
        return self._ring.read().prepared or ""

    async def turn(self) -> int:
        """Finish a rotation that was broken off, else begin with a new key; returns how many values were sealed anew."""
        if await self._settled():
            name = self.prepare()
            self._ring.write(replace(self._ring.read(), active=name))
        return await self._merchants() + await self._values()

    async def retire(self, name: str) -> None:
        """Take a key off the ring; `RefusedProblem` while anything needs it."""
        ring = self._ring.read().without(name)
        used = next((one for one in await self.keys() if one.name == name and not one.idle), None)
        if used is not None:
            raise RefusedProblem(
                f"{used.merchants + used.values} secrets are still sealed under key {name!r}",
                hint="run: onboarder keys rotate",
                id_message=f"masih ada {used.merchants + used.values} rahasia di bawah kunci {name!r}",
                id_hint="jalankan: onboarder keys rotate",
            )
        self._ring.write(ring)

    async def _settled(self) -> bool:
        return all(one.active or not one.merchants + one.values for one in await self.keys())

    async def _merchants(self) -> int:
        done, active = 0, self._ring.read().active
        while found := await self._book.not_under(active, most=STEP):
            await self._book.replace([(one, self._vault.rewrapped(one)) for one in found])
            done += len(found)
        return done

    async def _values(self) -> int:
        done = 0
        while found := await self._old.some(most=STEP):
            fresh = [
                (
                    place,
                    sealed,
                    await self._vault.seal(place, await self._vault.open(place, sealed)),
                )
                for place, sealed in found
            ]
            await self._old.replace(fresh)
            done += len(found)
        return done
