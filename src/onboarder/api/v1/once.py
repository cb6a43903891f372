"""Creates that a phone may send twice: `Idempotency-Key`.

The key is claimed, the work is done, what came of it is noted under the key; the answer is rendered from the records each
time. If we die in between, a later repeat claims the key and does the work again, which therefore must be safe to repeat:
it is keyed by the id that the phone made. What is refused frees its key.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Annotated

from fastapi import Depends, Header, Request

from onboarder.api.premises import Premises
from onboarder.api.v1.bodies import ULID, Ulid
from onboarder.api.v1.door import Present, premises_of
from onboarder.api.v1.refusal import Refusal
from onboarder.records import repeats
from onboarder.records.repeats import Create


@dataclass(frozen=True, slots=True)
class Once:
    """One create by one person."""

    premises: Premises
    create: Create

    async def do(self, work: Callable[[], Awaitable[str]]) -> str:
        """Carry `work` out unless it was; returns the id of what it made, then or now.

        `work` must be safe to repeat. Refused with 422 `key_reused` if the key came with something else before, with
        409 `in_progress` while another request carries it out.
        """
        name = token_hex(8)
        made = await self._claim(name)
        if made is not None:
            return made
        try:
            made = await work()
        except Exception:
            async with self.premises.around.database.write() as tx:
                await repeats.give_up(tx, self.create, name)
            raise
        async with self.premises.around.database.write() as tx:
            await repeats.finish(tx, self.create, made)
        return made

    async def _claim(self, name: str) -> str | None:
        around = self.premises.around
        now = around.clock()
        stale = now - timedelta(seconds=self.premises.deadline)
        async with around.database.write() as tx:
            held = await repeats.claim(tx, self.create, name, now=now, stale=stale)
        if held.digest != self.create.digest:
            raise Refusal("key_reused")
        if held.made is None and held.name != name:
            raise Refusal("in_progress")
        return held.made


async def once(
    request: Request,
    who: Present,
    key: Annotated[Ulid | None, Header(alias="Idempotency-Key", pattern=ULID)] = None,
) -> Once:
    """A dependency; 400 `key_missing` without the header. Put it behind the one for the role."""
    if key is None:
        raise Refusal("key_missing")
    create = Create(who.id, key, _digest(request.url.path, await request.body()))
    return Once(premises_of(request), create)


Repeatable = Annotated[Once, Depends(once)]


class Unkeyed:
    """Work that came without a key: it is carried out each time."""

    async def do(self, work: Callable[[], Awaitable[str]]) -> str:
        return await work()


async def once_if_keyed(
    request: Request,
    who: Present,
    key: Annotated[Ulid | None, Header(alias="Idempotency-Key", pattern=ULID)] = None,
) -> Once | Unkeyed:
    """A dependency, for edits and orders: with a key a repeat is known as one, and needs no version that still fits."""
    return Unkeyed() if key is None else await once(request, who, key)


PerhapsRepeatable = Annotated[Once | Unkeyed, Depends(once_if_keyed)]


def _digest(path: str, body: bytes) -> str:
    """Equal for the same address and content, however the JSON is laid out."""
    try:
        plain = json.dumps(json.loads(body or b"null"), sort_keys=True)
    except (ValueError, RecursionError):
        plain = body.hex()
    return hashlib.sha256(f"{path}\n{plain}".encode()).hexdigest()
