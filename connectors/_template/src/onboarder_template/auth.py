"""Keys to Template: the programme's, and one per store. Replace it by the marketplace's way of signing."""

from collections.abc import Generator

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import CredentialsExpired
from onboarder_template.errors import KEY_UNREADABLE


class KeyAuth(httpx.Auth):
    """`Authorization: Bearer KEY`."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        yield request


def store_auth(access: Access) -> KeyAuth:
    """The store's key; `CredentialsExpired` if the kept secret is not one of ours."""
    try:
        kept = _Kept.model_validate_json(access.credentials.secret.get_secret_value())
    except ValidationError:
        raise CredentialsExpired(KEY_UNREADABLE, detail="kept secret unreadable") from None
    return KeyAuth(kept.key)


def credentials(key: str) -> Credentials:
    """A store's key as the core keeps it; it does not expire by itself."""
    return Credentials(SecretStr(f'{{"key":"{key}"}}'))


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)

    key: SecretStr
