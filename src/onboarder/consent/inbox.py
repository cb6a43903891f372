"""The marketplaces' messages: verified before anything else, stored once, applied by waking the loop.

A message is a hint: what happened is looked up, so that order, repeats and losses change nothing but the time.
"""

from dataclasses import dataclass
from enum import StrEnum

import structlog

from onboarder.connector.webhook import Delivery, Event, WebhookConnector, tells_by_itself
from onboarder.converge.doorbell import Doorbell
from onboarder.converge.surroundings import Marketplace, Surroundings
from onboarder.model.ids import MarketplaceName, StoreId
from onboarder.model.work import Lane
from onboarder.records import inbox, stores

log = structlog.get_logger()


class Receipt(StrEnum):
    """What became of a delivery."""

    TAKEN = "taken"
    """Stored and applied, or known before."""
    UNREADABLE = "unreadable"
    """Genuine, and not understood: answered as taken, as sending it again would not help. The night sees what it meant."""
    FORGED = "forged"
    NOBODY = "nobody"
    """No marketplace of that name sends messages here."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """`public_url` is the address under which the marketplaces know us."""

    around: Surroundings
    doorbell: Doorbell
    public_url: str

    def door(self, marketplace: str) -> str:
        """The address that is registered with the marketplace, and that some of them sign."""
        return f"{self.public_url}/webhooks/{marketplace}"

    async def take(self, marketplace: str, delivery: Delivery) -> Receipt:
        """Take a delivery in. `RecordsBusy` if it could not be stored, `ActionNeeded` if it could not be checked without a
        secret that the operator has to put in order: the marketplace sends it again.
        """
        known = self.around.marketplaces.get(MarketplaceName(marketplace))
        if known is None or tells_by_itself(known.connector) is None:
            return Receipt.NOBODY
        connector = _signed_for(known, delivery)
        if connector is None:
            return Receipt.FORGED
        try:
            events = connector.read_events(delivery)
        except ValueError:
            log.warning("webhook.unreadable", marketplace=known.name)
            return Receipt.UNREADABLE
        woken = await self._keep(known.name, events)
        await self.doorbell.ring([(one, Lane.NIGHT) for one in woken])
        return Receipt.TAKEN

    async def _keep(self, marketplace: MarketplaceName, events: tuple[Event, ...]) -> list[StoreId]:
        """Store the new ones and mark their stores due for a look, in one transaction."""
        async with self.around.database.write() as tx:
            now = self.around.clock()
            shops = [
                shop
                for one in events
                if await inbox.keep(
                    tx, marketplace, one.id, kind=one.kind, stores=one.stores, now=now
                )
                for shop in one.stores
            ]
            named = await inbox.named(tx, marketplace, sorted(set(shops)))
            await stores.wake(tx, named, lane=Lane.NIGHT, now=now, look=True)
        log.info("webhook.taken", marketplace=marketplace, events=len(events), stores=len(named))
        return named


def _signed_for(known: Marketplace, delivery: Delivery) -> WebhookConnector | None:
    """The first app whose secrets signed it: all apps share a door, and a message does not say whose it is."""
    tellers = map(tells_by_itself, known.connectors)
    return next((one for one in tellers if one is not None and one.genuine(delivery)), None)
