"""The merchant's consent: the link, what it brings back, and the tokens that it gives."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from onboarder.connector.advice import UNAVAILABLE, UNMAPPED
from onboarder.connector.consent import ConsentReturn
from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import (
    ActionNeeded,
    CredentialsExpired,
    Gone,
    MarketplaceError,
    OutcomeUnknown,
    Rejected,
    Unsupported,
)
from onboarder.model.ids import RemoteId
from onboarder_shopee import advice, wire
from onboarder_shopee.api import ShopeeApi
from onboarder_shopee.auth import ShopToken, token_of
from onboarder_shopee.settings import ConsentLink, ShopeeSettings

SIGNED_PATH = "/api/v2/shop/auth_partner"
MOST_REMEMBERED = 2000
"""Renewed pairs that a process remembers, for callers that still hold the old one."""


def consent_url(api: ShopeeApi, callback: str, state: SecretStr) -> SecretStr:
    """The page on which the merchant agrees, in the form that the settings choose."""
    settings = api.settings
    match settings.consent_link:
        case ConsentLink.OPEN:
            query = {
                "auth_type": "seller",
                "partner_id": str(settings.partner_id),
                "redirect_uri": callback,
                "response_type": "code",
                "state": state.get_secret_value(),
            }
            return SecretStr(f"{settings.consent_page}?{urlencode(query)}")
        case ConsentLink.SIGNED:
            joint = "&" if "?" in callback else "?"
            back = f"{callback}{joint}state={quote(state.get_secret_value(), safe='')}"
            query = {**api.signature().parameters(SIGNED_PATH), "redirect": back}
            return SecretStr(f"{settings.api_host}{SIGNED_PATH}?{urlencode(query)}")


def read_return(query: Mapping[str, str]) -> ConsentReturn:
    """`code` with `shop_id` or `main_account_id`; `ActionNeeded` without them: whoever refuses brings no code."""
    code, shop = query.get("code", ""), query.get("shop_id", "")
    main = query.get("main_account_id", "")
    if not code or not (shop or main):
        raise ActionNeeded(advice.NOT_GIVEN, detail="no code or no shop in the callback")
    if not (shop or main).isdecimal():
        raise ActionNeeded(advice.NOT_GIVEN, detail="the shop in the callback is no number")
    return ConsentReturn(SecretStr(code), RemoteId(shop) if shop else None, main or None)


class TokenDesk:
    """Exchanges codes and refreshes pairs. A refresh token works once, so each is spent by one task of a process only."""

    def __init__(self, api: ShopeeApi, settings: ShopeeSettings) -> None:
        self._api = api
        self._partner_id = settings.partner_id
        self._renewed: OrderedDict[str, Credentials] = OrderedDict()
        self._locks: dict[RemoteId, asyncio.Lock] = {}

    async def redeem(self, given: ConsentReturn) -> tuple[RemoteId, Credentials]:
        """`OutcomeUnknown` after a lost answer: the code may be used up."""
        whose = (
            {"shop_id": int(given.remote_id)}
            if given.remote_id
            else {"main_account_id": int(given.account or "0")}
        )
        body = {"code": given.code.get_secret_value(), "partner_id": self._partner_id, **whose}
        try:
            tokens = await self._api.post_token("auth/token/get", body)
        except MarketplaceError as error:
            raise _of_the_code(error) from None
        shop_id = _shop_of(given, tokens)
        if given.remote_id is None:
            # The pair of a main account serves each shop once; from the first refresh on it is this shop's own.
            return await self._refreshed(shop_id, tokens.refresh_token)
        return self._kept(shop_id, tokens)

    async def renew(self, access: Access) -> Credentials:
        """The next pair. `CredentialsExpired` for the merchant if the refresh token is over or its shop unlinked."""
        token = token_of(access)
        spent = _digest(token.refresh_token.get_secret_value())
        async with self._locks.setdefault(access.remote_id, asyncio.Lock()):
            known = self._renewed.get(spent)
            if known is not None:
                return known
            _, fresh = await self._refreshed(token.shop_id, token.refresh_token.get_secret_value())
            self._remember(spent, fresh)
            return fresh

    async def _refreshed(self, shop_id: int, refresh_token: str) -> tuple[RemoteId, Credentials]:
        body = {
            "refresh_token": refresh_token,
            "partner_id": self._partner_id,
            "shop_id": shop_id,
        }
        try:
            tokens = await self._api.post_token("auth/access_token/get", body)
        except OutcomeUnknown as error:
            raise _renewal(error) from None
        except CredentialsExpired as error:
            raise CredentialsExpired(
                advice.RECONSENT, detail=error.detail, request_id=error.request_id
            ) from None
        return self._kept(shop_id, tokens)

    def _kept(self, shop_id: int, tokens: wire.Tokens) -> tuple[RemoteId, Credentials]:
        token = ShopToken(
            shop_id=shop_id,
            access_token=SecretStr(tokens.access_token),
            refresh_token=SecretStr(tokens.refresh_token),
        )
        return RemoteId(str(shop_id)), token.kept(tokens.expire_in, self._api.now())

    def _remember(self, spent: str, fresh: Credentials) -> None:
        self._renewed[spent] = fresh
        while len(self._renewed) > MOST_REMEMBERED:
            self._renewed.popitem(last=False)


def _of_the_code(error: MarketplaceError) -> MarketplaceError:
    """Whatever Shopee has against a code, only a new one helps. What the operator, the seller or time mends stays."""
    refused = isinstance(error, CredentialsExpired | Rejected | Gone | Unsupported)
    if not refused and error.advice is not UNMAPPED:
        return error
    return CredentialsExpired(
        advice.CODE_REFUSED,
        detail=f"{error.advice.code}: {error.detail}",
        request_id=error.request_id,
    )


def _shop_of(given: ConsentReturn, tokens: wire.Tokens) -> int:
    """The one shop that was let in; a main account may name several, and then nobody knows which is meant."""
    if given.remote_id is not None:
        return int(given.remote_id)
    if len(tokens.shop_id_list) == 1:
        return tokens.shop_id_list[0]
    raise ActionNeeded(advice.SEVERAL_SHOPS, detail=f"{len(tokens.shop_id_list)} shops let us in")


def _renewal(error: OutcomeUnknown) -> MarketplaceError:
    """A lost answer is no refusal: the old token may still work, once."""
    if error.advice.code in {UNAVAILABLE.code, UNMAPPED.code}:
        return error  # not lost: the marketplace itself said that it failed
    return OutcomeUnknown(
        advice.RENEWAL_UNCLEAR,
        detail=f"{error.advice.code}: {error.detail}",
        request_id=error.request_id,
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
