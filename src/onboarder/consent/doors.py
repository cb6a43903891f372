"""What follows a merchant through a personal link, to the marketplace and back.

Nothing is burnt by looking at a link: chat programmes fetch it for their previews. Only following it begins a visit, and a
visit's state is used up before the code is exchanged, so that of two callbacks one wins. If we die in between, the
merchant follows the link again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from pydantic import SecretStr

from onboarder.connector.budget import in_lane
from onboarder.connector.consent import ConsentConnector, ConsentReturn, asks_consent
from onboarder.connector.contract import Connector, OpenedStore
from onboarder.connector.errors import (
    ActionNeeded,
    Advice,
    CredentialsExpired,
    MarketplaceError,
    OutcomeUnknown,
    Rejected,
)
from onboarder.consent.authorising import Authorised, authorise, owner_of
from onboarder.converge.apps import given_app
from onboarder.converge.doorbell import Doorbell
from onboarder.converge.surroundings import Surroundings
from onboarder.model.ids import MarketplaceName, StoreId, marketplace_of
from onboarder.model.people import Actor
from onboarder.model.work import Lane
from onboarder.people.links import as_typed, digest, new_state
from onboarder.records import consent, tasks, writes
from onboarder.records.apps import app_of
from onboarder.records.consent import LinkRecord, StateRecord
from onboarder.records.database import RecordsBusy, Transaction
from onboarder.records.field import mark_device

log = structlog.get_logger()


class LinkState(StrEnum):
    """How it stands with a personal link."""

    LIVE = "live"
    EXPIRED = "expired"
    ENDED = "ended"
    """The merchant authorised through it, or a new link took its place."""
    UNKNOWN = "unknown"


class Arrival(StrEnum):
    """How a merchant came back from the marketplace."""

    AUTHORISED = "authorised"
    REFUSED = "refused"
    """The merchant did not agree, or the marketplace did not let them."""
    EXPIRED = "expired"
    REPLAYED = "replayed"
    """This visit came back before."""
    UNKNOWN = "unknown"
    """Not a visit of ours, or one to another marketplace."""
    OTHER_SHOP = "other_shop"
    SHOP_TAKEN = "shop_taken"
    NOT_ACCEPTED = "not_accepted"
    """The marketplace no longer takes the code."""
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    """Only our operator can mend it, and has been told."""
    BUSY = "busy"
    """Our own records could not take it in time."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A link as followed or looked at. `address` is the marketplace's page, once the visit has begun."""

    state: LinkState
    marketplace: str = ""
    """As people call it."""
    address: SecretStr | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Doors:
    """Personal links out, callbacks in. `public_url` has no slash at its end."""

    around: Surroundings
    doorbell: Doorbell
    public_url: str
    state_span: timedelta

    async def look(self, token: str) -> Visit:
        """How it stands with a link. Changes nothing."""
        async with self.around.database.read() as tx:
            link = await consent.link_by_digest(tx, digest(as_typed(token)))
        state = _standing(link, self)
        connector = self._asking(marketplace_of(link.store_id)) if link else None
        if connector is None:
            return Visit(LinkState.UNKNOWN)
        return Visit(state, connector.manifest.title)

    async def follow(self, token: str, device: SecretStr) -> Visit:
        """Begin a visit: a state of its own goes along. Any number of visits may be under way.

        `device` is the mark of the phone it began on; only its digest is kept, with the merchant.
        """
        now = self.around.clock()
        async with self.around.database.write() as tx:
            link = await consent.link_by_digest(tx, digest(as_typed(token)))
            standing = _standing(link, self)
            connector = self._asking(marketplace_of(link.store_id)) if link else None
            if link is None or connector is None:
                return Visit(LinkState.UNKNOWN)
            if standing is not LinkState.LIVE:
                return Visit(standing, connector.manifest.title)
            state = new_state()
            try:
                serving = await self._serving(tx, link.store_id)
                address = serving.consent_url(self.callback(marketplace_of(link.store_id)), state)
            except ActionNeeded as error:
                await _tell(tx, link.store_id, error.advice, now)
                return Visit(LinkState.UNKNOWN)
            until = now + self.state_span
            await consent.add_state(
                tx, StateRecord(digest(state), link.store_id, link.canvasser, now, until)
            )
            await mark_device(tx, link.store_id, digest(device))
        log.info("consent.followed", store=link.store_id)
        return Visit(LinkState.LIVE, connector.manifest.title, address)

    async def arrive(self, marketplace: str, query: Mapping[str, str]) -> Arrival:
        """Take in what a browser brought back. Never raises for what the merchant or the marketplace did."""
        try:
            arrival = await self._arrive(MarketplaceName(marketplace), query)
        except RecordsBusy:
            arrival = Arrival.BUSY
        log.info("consent.arrived", marketplace=self.known(marketplace), outcome=arrival)
        return arrival

    def callback(self, marketplace: MarketplaceName) -> str:
        """The address that is registered with the marketplace."""
        return f"{self.public_url}/callback/{marketplace}"

    def known(self, marketplace: str) -> str:
        """The name as it may be logged and counted: anybody can ask for any."""
        return marketplace if marketplace in self.around.marketplaces else "unknown"

    def _asking(self, marketplace: MarketplaceName) -> ConsentConnector | None:
        found = self.around.marketplaces.get(marketplace)
        return None if found is None else asks_consent(found.connector)

    async def _serving(self, tx: Transaction, where: StoreId) -> ConsentConnector:
        """The connector of the store's app, which is chosen now if the link was faster than the first pass.

        If no app has room then, the first takes it: the marketplace refuses, and a pass tells the operator.
        """
        known = self.around.marketplaces[marketplace_of(where)]
        app = await given_app(tx, known, where, now=self.around.clock())
        return _by_consent(known.serving(app))

    async def _that_was_visited(self, visit: StateRecord) -> ConsentConnector:
        """Only the app that the merchant agreed to can exchange the code."""
        async with self.around.database.read() as tx:
            app = await app_of(tx, visit.store_id)
        return _by_consent(self.around.marketplaces[marketplace_of(visit.store_id)].serving(app))

    async def _arrive(self, marketplace: MarketplaceName, query: Mapping[str, str]) -> Arrival:
        if self._asking(marketplace) is None:
            return Arrival.UNKNOWN
        visit = await self._claim(marketplace, query.get("state", ""))
        if isinstance(visit, Arrival):
            return visit
        try:
            serving = await self._that_was_visited(visit)
            given = serving.read_return(query)
            with in_lane(Lane.STALL, visit.store_id):
                opened = await _redeemed(serving, given)
        except MarketplaceError as error:
            return await self._turned_down(visit.store_id, error)
        ended = await authorise(self.around, visit, opened)
        if ended is Authorised.DONE:
            await self.doorbell.ring([(visit.store_id, Lane.STALL)])
        return _ARRIVALS[ended]

    async def _claim(self, marketplace: MarketplaceName, state: str) -> StateRecord | Arrival:
        """The visit that the state belongs to, its state used up durably; or why there is none."""
        name, now = digest(SecretStr(state)), self.around.clock()
        async with self.around.database.write() as tx:
            visit = await consent.state_by_digest(tx, name)
            if visit is None or marketplace_of(visit.store_id) != marketplace:
                return Arrival.UNKNOWN
            if visit.used_at is not None:
                return Arrival.REPLAYED
            if visit.expires_at <= now:
                return Arrival.EXPIRED
            if await consent.live_link(tx, visit.store_id, visit.canvasser, now=now) is None:
                return Arrival.EXPIRED
            return visit if await consent.use_state(tx, name, now=now) else Arrival.REPLAYED

    async def _turned_down(self, where: StoreId, error: MarketplaceError) -> Arrival:
        arrival = _why(error)
        log.info("consent.not_given", store=where, code=error.advice.code, outcome=arrival)
        async with self.around.database.write() as tx:
            await writes.note(
                tx,
                at=self.around.clock(),
                actor="merchant",
                action=f"consent.{arrival}",
                subject=where,
                detail={"code": error.advice.code},
            )
            if arrival is Arrival.FAILED:
                await _tell(tx, where, error.advice, self.around.clock())
        return arrival


_ARRIVALS = {
    Authorised.DONE: Arrival.AUTHORISED,
    Authorised.OTHER_SHOP: Arrival.OTHER_SHOP,
    Authorised.SHOP_TAKEN: Arrival.SHOP_TAKEN,
}


def _standing(link: LinkRecord | None, doors: Doors) -> LinkState:
    if link is None:
        return LinkState.UNKNOWN
    if link.ended_at is not None:
        return LinkState.ENDED
    return LinkState.LIVE if link.expires_at > doors.around.clock() else LinkState.EXPIRED


def _by_consent(connector: Connector) -> ConsentConnector:
    asking = asks_consent(connector)
    if asking is None:
        raise TypeError("apps of one marketplace differ in how they are let in")
    return asking


async def _redeemed(connector: ConsentConnector, given: ConsentReturn) -> OpenedStore:
    """The code's exchange, asked once more if the answer was lost: at worst the code is used up."""
    try:
        return await connector.redeem(given)
    except OutcomeUnknown:
        return await connector.redeem(given)


async def _tell(tx: Transaction, where: StoreId, advice: Advice, now: datetime) -> None:
    owner = owner_of(where)
    await tasks.ask(tx, where=where, owner=owner, subject=where, advice=advice, now=now)


def _why(error: MarketplaceError) -> Arrival:
    match error:
        case _ if error.advice.who is Actor.OPERATOR:
            return Arrival.FAILED
        case ActionNeeded() | Rejected():
            return Arrival.REFUSED
        case CredentialsExpired():
            return Arrival.NOT_ACCEPTED
        case _:
            return Arrival.NO_ANSWER
