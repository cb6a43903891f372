"""One call to a marketplace, as connectors describe it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import httpx

from onboarder.connector.answer import Answer
from onboarder.model.ids import Reference

FilePart = tuple[str, bytes, str]
"""File name, content, media type."""


class Effect(StrEnum):
    """Whether a call changes something there. Only reads are repeated inside a call."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `route` is the path as a template without ids, for logs; `path` must be relative."""

    method: str
    path: str = field(repr=False)
    route: str
    effect: Effect
    params: Sequence[tuple[str, str]] = field(default=(), repr=False)
    json: object = field(default=None, repr=False)
    files: Sequence[tuple[str, FilePart]] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    auth: httpx.Auth | None = field(default=None, repr=False)
    scope: str = "app"
    """Rate scope that pays for the call and is slowed by its 429."""
    limited_scope: Callable[[Answer], str] | None = field(default=None, repr=False)
    """Which scope a 429 speaks of, where the marketplace says so; a store's own limit then slows no other store."""
    reference: Reference | None = None
    """Our Reference that a write concerns."""
