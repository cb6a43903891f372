"""Several apps of one marketplace: a store is given to the first with room before anything goes out for it, for good."""

from datetime import datetime

import structlog

from onboarder.connector.errors import ActionNeeded
from onboarder.converge.session import Session
from onboarder.converge.surroundings import Marketplace
from onboarder.model.ids import StoreId
from onboarder.records import apps, tasks
from onboarder.records.database import Transaction
from onboarder.rules.apps import APP_FULL, FAMILY

log = structlog.get_logger()


async def choose_app(session: Session) -> None:
    """Give the store to an app unless it has one. `ActionNeeded` if none has room for it. Safe to repeat.

    Where an app may serve any number of stores nothing is chosen: all are the first's.
    """
    if session.store.app is None and session.marketplace.quotas.stores_per_app is not None:
        async with session.commit() as tx:
            app = await given_app(tx, session.marketplace, session.store.id, now=session.now)
            if app is None:
                raise ActionNeeded(APP_FULL, detail=f"{len(session.marketplace.connectors)} full")
        await session.reload()
        log.info("store.given_to_app", store=session.store.id, app=app)
    failure = session.store.failure
    if failure is not None and failure.code.startswith(FAMILY):
        async with session.commit() as tx:
            await tasks.settle(tx, session.store.id, now=session.now, family=FAMILY)


async def given_app(
    tx: Transaction, marketplace: Marketplace, where: StoreId, *, now: datetime
) -> str | None:
    """The store's app, chosen and written now if it has none; None if none has room or none needs choosing."""
    limit = marketplace.quotas.stores_per_app
    if limit is None:
        return await apps.app_of(tx, where)
    names = ("", *marketplace.apps)
    return await apps.take_place(tx, where, marketplace.name, names, limit, now=now)
