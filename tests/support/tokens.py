"""Credentials as a store's own: what they say, and how long they last."""

import json
from datetime import datetime, timedelta

from pydantic import SecretStr

from onboarder.connector.contract import Access, Credentials


def secret(number: int) -> SecretStr:
    """What a store's credentials say: the number of its refresh token."""
    return SecretStr(json.dumps({"refresh": number, "rahasia": f"token-rahasia-{number}"}))


def number_in(access: Access) -> int:
    return int(json.loads(access.credentials.secret.get_secret_value())["refresh"])


def pair(number: int, now: datetime, *, lives: timedelta = timedelta(hours=4)) -> Credentials:
    """An access token for some hours; the refresh token can be used within 30 days."""
    return Credentials(secret(number), now + lives, now + timedelta(days=30))
