"""Logins at Mercur: tokens that live a day, and the two headers every seller's call carries."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import ActionNeeded, CredentialsExpired
from onboarder.model.ids import RemoteId
from onboarder_mercur.advice import LOGGED_OUT, WRONG_LOGIN
from onboarder_mercur.wire import Claims

FAR = 4_102_444_800
"""The year 2100: what is said to last longer is renewed when it is refused."""


@dataclass(frozen=True, slots=True)
class Token:
    """A login token; its claims are read, not verified: only Mercur has to believe it."""

    secret: SecretStr
    claims: Claims

    @property
    def owns_stores(self) -> bool:
        """False: made before the login's first store; Mercur knows it as nobody."""
        return self.claims.actor_id != ""

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(min(max(self.claims.exp, 0), FAR), UTC)

    def is_fresh(self, now: datetime) -> bool:
        """Whether half of its life still lies ahead."""
        half = (self.claims.exp - self.claims.iat) / 2
        return (self.expires_at - now).total_seconds() > half


def read_token(text: str) -> Token:
    """ValueError if the text is not a JSON Web Token with the expected claims."""
    parts = text.split(".")
    if len(parts) != 3:
        raise ValueError("not a JSON Web Token")
    payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
    try:
        return Token(SecretStr(text), Claims.model_validate_json(payload))
    except ValidationError:
        raise ValueError("a JSON Web Token with other claims") from None


class Secret(BaseModel):
    """What the core keeps encrypted for a store."""

    model_config = ConfigDict(frozen=True)

    email: str
    token: str


def credentials(email: str, token: Token) -> Credentials:
    """The login as the core keeps it."""
    text = json.dumps({"email": email, "token": token.secret.get_secret_value()})
    return Credentials(SecretStr(text), token.expires_at)


def secret_of(access: Access) -> Secret:
    """`CredentialsExpired` if the kept text is not ours."""
    try:
        return Secret.model_validate_json(access.credentials.secret.get_secret_value())
    except ValidationError:
        raise CredentialsExpired(LOGGED_OUT, detail="kept credentials are unreadable") from None


class MemberAuth(httpx.Auth):
    """Bearer token, and the store it is meant for; without a store only the few calls that name none work."""

    def __init__(self, token: SecretStr, seller: RemoteId | None = None) -> None:
        self._token = token
        self._seller = seller

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        if self._seller is not None:
            request.headers["x-seller-id"] = self._seller
        yield request


def member_auth(access: Access) -> MemberAuth:
    """The headers for work in the store of `access`."""
    return MemberAuth(SecretStr(secret_of(access).token), access.remote_id)


class Login:
    """One e-mail and password. Several tasks may ask at once; they share one token as long as it is fresh."""

    def __init__(
        self,
        email: str,
        *,
        log_in: Callable[[], Awaitable[Token | None]],
        register: Callable[[], Awaitable[Token | None]],
        clock: Callable[[], datetime],
    ) -> None:
        self.email = email
        self._log_in = log_in
        self._register = register
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None

    async def known(self, *, instead_of: str | None = None) -> Token | None:
        """A token of an existing login, None if there is no such login (or not with our password).

        `instead_of` is a token that no longer does.
        """
        async with self._lock:
            token = self._token
            usable = token is not None and token.owns_stores and token.is_fresh(self._clock())
            if token is None or not usable or token.secret.get_secret_value() == instead_of:
                self._token = await self._log_in()
            return self._token

    async def made(self) -> Token:
        """A token of the login, registered now if it did not exist. `ActionNeeded` if its password is another."""
        token = await self.known() or await self._register() or await self.known()
        if token is None:
            raise ActionNeeded(WRONG_LOGIN, detail="the login exists with another password")
        return token
