"""Words that only their bearer knows: a merchant's personal link, and the state of one visit to a marketplace.

Only digests of them are looked for in the database, so that whoever reads it cannot use them.
"""

import hashlib
import secrets

from pydantic import SecretStr

TOKEN_LENGTH = 20
"""Characters of 5 bits: 100 bits, short enough to read out at a stall."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_MISREAD = str.maketrans("oil", "011")


def new_token() -> SecretStr:
    """The word of a personal link, without letters that look alike."""
    return SecretStr("".join(secrets.choice(_ALPHABET) for _ in range(TOKEN_LENGTH)))


def as_typed(text: str) -> SecretStr:
    """A token as a person may have typed it: case, hyphens and look-alikes do not matter."""
    return SecretStr(text.strip().lower().replace("-", "").translate(_MISREAD))


def new_state() -> SecretStr:
    """The word that goes with a merchant to the marketplace and must come back: 256 bits, used once."""
    return SecretStr(secrets.token_urlsafe(32))


def digest(word: SecretStr) -> str:
    """What the database knows of a word."""
    return hashlib.sha256(word.get_secret_value().encode()).hexdigest()
