"""The draft becomes the store: all that follows from a merchant's consent, in one transaction."""

from enum import StrEnum

from onboarder.connector.contract import OpenedStore
from onboarder.connector.errors import Advice
from onboarder.converge.pass_records import as_opened
from onboarder.converge.renewal import keep
from onboarder.converge.surroundings import Surroundings
from onboarder.model.ids import MerchantId, StoreId
from onboarder.model.work import Lane
from onboarder.records import consent, days, leases, stores, tasks, writes
from onboarder.records.consent import ShopTakenError, StateRecord
from onboarder.records.database import Transaction
from onboarder.rules.consent import FAMILY, OTHER_SHOP, SHOP_TAKEN


class Authorised(StrEnum):
    """Whether the shop that the merchant let us into is theirs."""

    DONE = "done"
    OTHER_SHOP = "other_shop"
    """Not the one they authorised before."""
    SHOP_TAKEN = "shop_taken"
    """On record for another merchant."""


async def authorise(around: Surroundings, visit: StateRecord, opened: OpenedStore) -> Authorised:
    """Keep the credentials and let the catalogue go up; or change nothing and tell the coordinator."""
    try:
        async with around.database.write() as tx:
            done = await _save(tx, around, visit, opened)
    except ShopTakenError:
        done = Authorised.SHOP_TAKEN
    if done is Authorised.DONE:
        return done
    async with around.database.write() as tx:
        await _report(tx, around, visit, _TASKS[done])
    return done


async def _save(
    tx: Transaction, around: Surroundings, visit: StateRecord, opened: OpenedStore
) -> Authorised:
    where, now, shop = visit.store_id, around.clock(), opened.store
    [there] = (await leases.lock(tx, [where])).values()
    values = days.of_a_store(as_opened(shop) | {"failure": None, "starts": 0}, there, now)
    if not await consent.authorise(tx, where, shop.remote_id, values):
        return Authorised.OTHER_SHOP
    await keep(tx, around.vault, owner_of(where), where, opened.credentials, now=now)
    await consent.end_links(tx, where, now=now)
    await tasks.settle(tx, where, now=now, family=FAMILY)
    await _note(tx, around, visit, "consent.given")
    await stores.wake(tx, [where], lane=Lane.STALL, now=now, look=True)
    return Authorised.DONE


async def _report(tx: Transaction, around: Surroundings, visit: StateRecord, why: Advice) -> None:
    where = visit.store_id
    owner = owner_of(where)
    now = around.clock()
    await tasks.ask(tx, where=where, owner=owner, subject=where, advice=why, now=now)
    await _note(tx, around, visit, why.code)


async def _note(tx: Transaction, around: Surroundings, visit: StateRecord, action: str) -> None:
    await writes.note(
        tx,
        at=around.clock(),
        actor="merchant",
        action=action,
        subject=visit.store_id,
        detail={"canvasser": visit.canvasser},
    )


def owner_of(where: StoreId) -> MerchantId:
    """Whose store it is."""
    return MerchantId(where.rpartition("@")[0])


_TASKS = {Authorised.OTHER_SHOP: OTHER_SHOP, Authorised.SHOP_TAKEN: SHOP_TAKEN}
