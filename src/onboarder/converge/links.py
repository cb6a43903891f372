"""A merchant's personal link: made once per store and canvasser, shown again as often as needed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from onboarder.connector.errors import Advice
from onboarder.model.ids import CanvasserId, MerchantId, StoreId
from onboarder.model.recorded import StoreWork
from onboarder.people.links import digest, new_token
from onboarder.people.places import Place
from onboarder.people.vault import KeyGone, Vault
from onboarder.records import consent
from onboarder.records.consent import LinkRecord
from onboarder.records.database import Transaction
from onboarder.rules.agreements import WITHDRAWN
from onboarder.rules.gate import refusal


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who shows a link to whom, and for which store."""

    store: StoreId
    merchant: MerchantId
    canvasser: CanvasserId


@dataclass(frozen=True, slots=True)
class PersonalLink:
    """What the canvasser shows. Whoever holds the token can let a shop in under this store."""

    bearer: Bearer
    token: SecretStr
    expires_at: datetime

    def address(self, public_url: str) -> SecretStr:
        """The short link."""
        return SecretStr(f"{public_url}/k/{self.token.get_secret_value()}")


def bearer_of(work: StoreWork, canvasser: CanvasserId | None = None) -> Bearer:
    """By the canvasser named, else by the one who trained the merchant, else by whoever ordered the store."""
    shows = canvasser or work.merchant.trained_by or CanvasserId(work.store.requested_by)
    return Bearer(work.store.id, work.store.merchant_id, shows)


def no_link(work: StoreWork) -> Advice | None:
    """Why the merchant is not to be asked for consent at the marketplace; None if they may be."""
    return WITHDRAWN if work.store.withdrawn_at is not None else refusal(work.merchant)


async def personal_link(
    tx: Transaction, vault: Vault, bearer: Bearer, *, now: datetime, span: timedelta
) -> PersonalLink:
    """The bearer's link, made if there is none that works. Safe to repeat."""
    known = await consent.live_link(tx, bearer.store, bearer.canvasser, now=now)
    if known is not None:
        try:
            token = await vault.open(_place(bearer, known.digest), known.sealed)
            return PersonalLink(bearer, token, known.expires_at)
        except KeyGone:  # destroyed, and the records came back from a backup
            await consent.end_links(tx, bearer.store, now=now)
    token, until = new_token(), now + span
    name = digest(token)
    sealed = await vault.seal(_place(bearer, name), token)
    link = LinkRecord(name, bearer.store, bearer.canvasser, sealed, now, until)
    await consent.add_link(tx, link)
    return PersonalLink(bearer, token, until)


async def replacement(
    tx: Transaction, vault: Vault, bearer: Bearer, *, now: datetime, span: timedelta
) -> PersonalLink:
    """A new link; all others of the store end, with the visits begun through them."""
    await consent.end_links(tx, bearer.store, now=now)
    return await personal_link(tx, vault, bearer, now=now, span=span)


def _place(bearer: Bearer, name: str) -> Place:
    return Place(bearer.merchant, "consent_link", "sealed", name)
