"""Personal links, the states of visits through them, and the store that comes back authorised."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from onboarder.model.ids import CanvasserId, RemoteId, StoreId
from onboarder.model.shop import StoreState
from onboarder.records.codec import Row, reader
from onboarder.records.consent_tables import consent_link, consent_state
from onboarder.records.database import Transaction
from onboarder.records.tables import credential, store


class ShopTakenError(Exception):
    """Another store of ours on that marketplace is this very shop."""


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """A personal link. Ended when the merchant authorised through it or a new one took its place."""

    digest: str = field(repr=False)
    store_id: StoreId
    canvasser: CanvasserId
    sealed: str = field(repr=False)
    """The token, sealed, so that the canvasser can be shown it again."""
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StateRecord:
    """One visit to the marketplace, begun through a link."""

    digest: str = field(repr=False)
    store_id: StoreId
    canvasser: CanvasserId
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


async def add_link(tx: Transaction, link: LinkRecord) -> None:
    await tx.execute(insert(consent_link).values(_row(link)))


async def link_by_digest(tx: Transaction, digest: str) -> LinkRecord | None:
    query = select(consent_link).where(consent_link.c.digest == digest)
    row = (await tx.execute(query)).mappings().first()
    return None if row is None else _read_link(row)


async def live_link(
    tx: Transaction, where: StoreId, canvasser: CanvasserId, *, now: datetime
) -> LinkRecord | None:
    """The canvasser's link for the store that still works, the one that lasts longest; None if there is none."""
    query = (
        select(consent_link)
        .where(
            consent_link.c.store_id == where,
            consent_link.c.canvasser == canvasser,
            consent_link.c.ended_at.is_(None),
            consent_link.c.expires_at > now,
        )
        .order_by(consent_link.c.expires_at.desc())
    )
    row = (await tx.execute(query)).mappings().first()
    return None if row is None else _read_link(row)


async def end_links(tx: Transaction, where: StoreId, *, now: datetime) -> None:
    """No link of the store works any more, nor any visit begun through one. Safe to repeat."""
    links = (consent_link.c.store_id == where, consent_link.c.ended_at.is_(None))
    await tx.execute(update(consent_link).where(*links).values(ended_at=now))
    visits = (consent_state.c.store_id == where, consent_state.c.used_at.is_(None))
    await tx.execute(update(consent_state).where(*visits).values(used_at=now))


async def add_state(tx: Transaction, state: StateRecord) -> None:
    await tx.execute(insert(consent_state).values(_row(state)))


async def state_by_digest(tx: Transaction, digest: str) -> StateRecord | None:
    query = select(consent_state).where(consent_state.c.digest == digest)
    row = (await tx.execute(query)).mappings().first()
    return None if row is None else _read_state(row)


async def use_state(tx: Transaction, digest: str, *, now: datetime) -> bool:
    """Use the state up; False if somebody did before. Of any number at once exactly one gets True."""
    unused = (consent_state.c.digest == digest, consent_state.c.used_at.is_(None))
    done = await tx.execute(update(consent_state).where(*unused).values(used_at=now))
    return bool(done.rowcount)


async def authorise(tx: Transaction, where: StoreId, remote_id: RemoteId, values: Row) -> bool:
    """Make the draft the shop that the merchant let us into; False if it is another shop than before.

    `ShopTakenError` if another store of ours is that shop; the transaction is over then.
    """
    same = store.c.remote_id.is_(None) | (store.c.remote_id == remote_id)
    try:
        done = await tx.execute(
            update(store)
            .where(store.c.id == where, same)
            .values({**values, "remote_id": remote_id})
        )
    except IntegrityError:
        raise ShopTakenError from None
    return bool(done.rowcount)


async def lose(tx: Transaction, where: StoreId, *, generation: int, now: datetime) -> bool:
    """The consent is gone: the store waits for its owner. False, and nothing is changed, if it was triggered meanwhile.

    New credentials trigger it in the transaction that saves them, so they are never taken for the lost ones.
    """
    still = (store.c.id == where, store.c.generation == generation)
    moved = await tx.execute(update(store).where(*still).values(state=StoreState.AWAITING_OWNER))
    if not moved.rowcount:
        return False
    kept = (credential.c.store_id == where, credential.c.lost_at.is_(None))
    lost = {"lost_at": now, "renewer": None, "renewer_until": None}
    await tx.execute(update(credential).where(*kept).values(lost))
    return True


async def prune(tx: Transaction, before: datetime) -> None:
    """Forget visits and links that were over before that time. Safe to repeat."""
    await tx.execute(delete(consent_state).where(consent_state.c.expires_at < before))
    await tx.execute(delete(consent_link).where(consent_link.c.expires_at < before))


def _row(one: LinkRecord | StateRecord) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}


_read_link = reader(LinkRecord)
_read_state = reader(StateRecord)
