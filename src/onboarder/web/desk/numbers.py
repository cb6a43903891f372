"""Ids for what a form is about to make: sending it twice makes it once."""

import re
import secrets
from datetime import datetime

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def new_ulid(now: datetime) -> str:
    """26 characters: the time in milliseconds, then 80 random bits."""
    number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    return "".join(_LETTERS[(number >> (5 * place)) & 31] for place in reversed(range(26)))


def is_ulid(text: str) -> bool:
    return bool(_ULID.fullmatch(text))
