"""One-time codes from an authenticator app (TOTP, RFC 6238: six digits, half a minute each)."""

import hmac
from datetime import datetime

from pydantic import SecretStr
from pyotp import random_base32
from pyotp.totp import TOTP

DRIFT = 1
"""Codes before and after the present one that are taken too: phones' clocks are not exact."""


def new_secret() -> SecretStr:
    """160 bits in base 32."""
    return SecretStr(random_base32())


def address(secret: SecretStr, *, account: str, issuer: str) -> SecretStr:
    """The otpauth:// address that an authenticator app takes as a QR code."""
    totp = TOTP(secret.get_secret_value())
    return SecretStr(totp.provisioning_uri(name=account, issuer_name=issuer))


def code_of(secret: SecretStr, now: datetime) -> str:
    """What the app shows at `now`."""
    return TOTP(secret.get_secret_value()).at(now)


def counter_of(secret: SecretStr, code: str, now: datetime) -> int | None:
    """The counter whose code this is; None if it is none of those around `now`. Each may be used once."""
    totp = TOTP(secret.get_secret_value())
    present = totp.timecode(now)
    around = range(present - DRIFT, present + DRIFT + 1)
    right = [
        counter
        for counter in around
        if hmac.compare_digest(totp.generate_otp(counter).encode(), code.encode())
    ]
    return right[-1] if right else None
