"""Passwords and PINs at rest: Argon2id with OWASP's second set of costs (19 MiB, 2 passes, 1 lane; Password Storage
Cheat Sheet, 2026). A few tens of milliseconds each, so they are reckoned beside the event loop.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import SecretStr

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$4KULHuNNkXoJceT30mrgag$+FLO4kYzq6/LGjXNYI2FDrUralkRe7ALrkasPO0TeSg"
"""The hash of a password that nobody knows: comparing with it takes as long as with a real one."""


async def hashed(word: SecretStr) -> str:
    """What is kept of a password or PIN. Different each time."""
    return await asyncio.to_thread(_HASHER.hash, word.get_secret_value())


async def fits(kept: str | None, word: SecretStr) -> bool:
    """Whether it is the one that was kept. Takes as long when nothing was."""
    right = await asyncio.to_thread(_verify, kept or _NOBODY, word.get_secret_value())
    return right and kept is not None


def _verify(kept: str, word: str) -> bool:
    try:
        return _HASHER.verify(kept, word)
    except (VerificationError, InvalidHashError):
        return False
