"""Signing, the clock it needs, and the tokens of one shop.

Source of the formulas: Shopee's api-calls and push-mechanism guides; every published vector is in tests/vectors.
"""

import hashlib
import hmac
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import ActionNeeded, CredentialsExpired
from onboarder_shopee.advice import NO_KEY, RECONSENT, UNREADABLE_TOKENS

EPOCH_FROM = 1_000_000_000
"""An `expire_in` above this is a moment and not a length: one official sample shows such a number."""
FAR = 4_102_444_800
"""The year 2100. A later moment makes no sense and is no reason to lose the tokens: a dead one is renewed when refused."""
REFRESH_LASTS = timedelta(days=30)
TOLERATED = timedelta(seconds=240)
"""Shopee accepts timestamps within 300 s; a clock that is further off is worth correcting."""


def sign(  # noqa: PLR0917  # the parts in the order in which they are joined
    key: str,
    partner_id: int,
    path: str,
    timestamp: int,
    access_token: str = "",
    owner: int | str = "",
) -> str:
    """A request's signature. Public calls leave the last two out, shop calls give token and shop id."""
    return _hmac(key, f"{partner_id}{path}{timestamp}{access_token}{owner}".encode())


def push_signature(key: str, url: str, body: bytes) -> str:
    """Of a message: `url` is the registered address, `body` the raw bytes."""
    return _hmac(key, url.encode() + b"|" + body)


def body_signature(key: str, body: bytes) -> str:
    """The other formula that is in use, without the address."""
    return _hmac(key, body)


def _hmac(key: str, message: bytes) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


class ShopeeClock:
    """Our clock, and by how much Shopee's differs, learned when a timestamp was refused."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._offset = timedelta()
        self._heard = timedelta()

    def now(self) -> int:
        """Unix seconds by Shopee's clock."""
        return int((self._clock() + self._offset).timestamp())

    def hear(self, date: str | None) -> None:
        """Remember the `Date` of an answer; it counts only once a timestamp is refused: gateways have clocks too."""
        try:
            there = parsedate_to_datetime(date or "")
        except (ValueError, OverflowError):
            self._heard = self._offset
            return
        self._heard = (there if there.tzinfo else there.replace(tzinfo=UTC)) - self._clock()

    def correct(self) -> bool:
        """Take what was heard last as the difference; False if that changes nothing worth another try."""
        if abs(self._heard - self._offset) < TOLERATED:
            return False
        self._offset = self._heard
        return True


class Keys:
    """The app's keys from the secrets folder: the one in use and, while the console changes it, the next one."""

    def __init__(self, secret: Callable[[str], SecretStr | None]) -> None:
        self._secret = secret
        self._names = ["partner_key", "partner_key_next"]

    def current(self) -> str:
        """`ActionNeeded` for the operator if there is none."""
        key = self._secret(self._names[0])
        if key is None:
            raise ActionNeeded(NO_KEY, detail=f"secret {self._names[0]} is missing")
        return key.get_secret_value()

    def turn(self) -> bool:
        """Use the other key from now on; False if there is only one."""
        if self._secret(self._names[1]) is None:
            return False
        self._names.reverse()
        return True

    def for_pushes(self) -> list[str]:
        """Keys that messages may be signed with: the push keys, else the app's."""
        for names in (("push_key", "push_key_next"), tuple(self._names)):
            keys = [key.get_secret_value() for name in names if (key := self._secret(name))]
            if keys:
                return keys
        return []


class Signature(httpx.Auth):
    """Adds the common parameters to the query, with the time of this very attempt."""

    def __init__(
        self, keys: Keys, clock: ShopeeClock, partner_id: int, shop: "ShopToken | None" = None
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._partner_id = partner_id
        self._shop = shop

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.url = request.url.copy_merge_params(self.parameters(request.url.path))
        response = yield request
        self._clock.hear(response.headers.get("date"))

    def parameters(self, path: str) -> dict[str, str]:
        """`partner_id`, `timestamp`, `sign` and, for a shop, `access_token` and `shop_id`."""
        now = self._clock.now()
        common = {"partner_id": str(self._partner_id), "timestamp": str(now)}
        key = self._keys.current()
        if self._shop is None:
            return {**common, "sign": sign(key, self._partner_id, path, now)}
        token, shop_id = self._shop.access_token.get_secret_value(), self._shop.shop_id
        signed = sign(key, self._partner_id, path, now, token, shop_id)
        return {**common, "access_token": token, "shop_id": str(shop_id), "sign": signed}


class ShopToken(BaseModel):
    """What the core keeps encrypted for a shop."""

    model_config = ConfigDict(frozen=True)

    shop_id: int
    access_token: SecretStr
    refresh_token: SecretStr

    def kept(self, expires_in: int, now: datetime) -> Credentials:
        """As the core keeps it. `expires_in` as Shopee says it: seconds, or a moment."""
        text = ShopTokenText(
            shop_id=self.shop_id,
            access_token=self.access_token.get_secret_value(),
            refresh_token=self.refresh_token.get_secret_value(),
        ).model_dump_json()
        moment = expires_in if expires_in > EPOCH_FROM else now.timestamp() + expires_in
        ends = datetime.fromtimestamp(min(moment, FAR), UTC)
        return Credentials(SecretStr(text), ends, now + REFRESH_LASTS)


class ShopTokenText(BaseModel):
    """The same, written out."""

    model_config = ConfigDict(frozen=True)

    shop_id: int
    access_token: str
    refresh_token: str


def token_of(access: Access) -> ShopToken:
    """`CredentialsExpired` if the kept text is not ours, or not of this shop."""
    try:
        token = ShopToken.model_validate_json(access.credentials.secret.get_secret_value())
    except ValidationError:
        raise CredentialsExpired(UNREADABLE_TOKENS, detail="kept tokens unreadable") from None
    if str(token.shop_id) != access.remote_id:
        raise CredentialsExpired(RECONSENT, detail="the kept tokens are of another shop")
    return token
