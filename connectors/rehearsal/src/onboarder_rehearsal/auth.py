"""Keys to the practice marketplace: the programme's partner key, and an access token per store."""

from collections.abc import Generator
from datetime import datetime, timedelta

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import CredentialsExpired
from onboarder_rehearsal.errors import TOKEN_UNREADABLE
from onboarder_rehearsal.wire import TokenAnswer

PARTNER_PURPOSE = "rehearsal partner key"
"""What the partner key is derived for; the same key after a restored backup, so the stores stay ours."""


class HeaderAuth(httpx.Auth):
    """`Authorization: KIND SECRET`."""

    def __init__(self, kind: str, secret: SecretStr) -> None:
        self._kind = kind
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = f"{self._kind} {self._secret.get_secret_value()}"
        yield request


def partner_auth(key: SecretStr) -> HeaderAuth:
    return HeaderAuth("Partner", key)


def seller_auth(access: Access) -> HeaderAuth:
    """The store's token; `CredentialsExpired` if the kept secret is not one of ours."""
    try:
        secret = _Secret.model_validate_json(access.credentials.secret.get_secret_value())
    except ValidationError:
        raise CredentialsExpired(TOKEN_UNREADABLE, detail="kept secret unreadable") from None
    return HeaderAuth("Bearer", secret.access_token)


def credentials(answer: TokenAnswer, now: datetime) -> Credentials:
    """What to keep of an issued token; it ends by our own clock, whatever the marketplace's says."""
    secret = SecretStr(f'{{"access_token":"{answer.access_token}"}}')
    return Credentials(secret, expires_at=now + timedelta(seconds=answer.expires_in))


class _Secret(BaseModel):
    model_config = ConfigDict(frozen=True)

    access_token: SecretStr
