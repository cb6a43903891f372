"""Rows and JSON of another release in the database: what can be read is worked on, the rest is left alone and told of."""

from collections.abc import Mapping
from typing import cast

import pytest
from sqlalchemy import ColumnElement, Select, Table, func, insert, select, update
from structlog.testing import capture_logs

from onboarder.converge.doorbell import SilentDoorbell
from onboarder.converge.loop import MOST_INTERNAL, PassEnd
from onboarder.converge.orders import redrive
from onboarder.converge.parked import UNREADABLE
from onboarder.model.ids import StoreId
from onboarder.model.work import Lane
from onboarder.records import stores
from onboarder.records.tables import drift, intent, listing, run, store
from tests.support.town import MORNING, Town


async def test_rows_as_the_first_release_wrote_them_are_worked_on(town: Town) -> None:
    """What had a default when it was added is missing from the older JSON, and newer releases added what we ignore."""
    [where] = await town.open_shops(products=2)
    async with town.database.write() as tx:
        for row in (await tx.execute(select(listing))).mappings().all():
            older = {name: aged(row[name]) for name in ("applied", "baseline", "observed")}
            await tx.execute(update(listing).where(listing.c.id == row["id"]).values(older))
        failure = {"code": "x", "kind": "Unavailable", "who": "nobody", "id": "a", "en": "b"}
        failure |= {"detail": "", "at": MORNING.isoformat()}
        await tx.execute(update(store).values(failure=failure))

    await town.change(where, price=13_000)
    await town.run_until_quiet()

    assert (await town.account()).states() == ["live", "live"]
    assert (await town.account()).listing((await town.listing(where)).reference)["price"] == 13_000


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (store, {"state": "unheard of"}),
        (store, {"failure": {"code": 1}}),
        (listing, {"state": "unheard of"}),
        (listing, {"observed": {"shape": "other"}}),
        (intent, {"kind": "unheard of", "state": "pending"}),
    ],
)
async def test_a_store_that_cannot_be_read_is_parked_untouched_and_others_go_on(
    table: Table, values: dict[str, object], town: Town
) -> None:
    foreign, neighbour = await town.open_shops(2, products=1)
    before = await seen(town, table, values, foreign)
    await put(town, table, values, foreign)
    await wake(town, foreign)
    await town.change(neighbour, price=13_000)

    with capture_logs() as logs:
        await town.run_until_quiet()

    [asked] = await town.tasks()
    told = [one for one in logs if one["event"] == "store.unreadable"]
    assert (asked.code, asked.who, asked.store_id) == ("parked.unreadable", "operator", foreign)
    assert asked.id_text == UNREADABLE.id
    assert len(told) == MOST_INTERNAL
    assert "unheard of" not in str(told)
    assert await seen(town, table, values, foreign) == values
    reference = (await town.listing(neighbour)).reference
    assert (await town.account()).listing(reference)["price"] == 13_000

    await put(town, table, before, foreign)
    woken = await redrive(town.database, SilentDoorbell(), None, by="ani", clock=town.clock)
    await town.run_until_quiet()
    assert woken == [foreign]
    assert await town.tasks() == []
    assert (await town.account()).creates == {"stores": 2, "listings": 2}


async def test_a_newer_worker_that_can_read_the_store_goes_on_before_it_is_parked(
    town: Town,
) -> None:
    [where] = await town.open_shops()
    await put(town, store, {"state": "unheard of"}, where)
    await wake(town, where)
    for _ in range(MOST_INTERNAL - 1):
        assert await town.pass_over(where) is PassEnd.UNREADABLE
        assert await town.pass_over(where) is PassEnd.NOT_OURS  # not at once again
        town.clock.now = await town.next_due() or town.clock.now

    await put(town, store, {"state": "open"}, where)
    assert await town.pass_over(where) is PassEnd.DONE

    assert await town.tasks() == []
    assert (await town.work_of(where)).store.attempts == 0


async def test_a_night_goes_on_beside_runs_and_drifts_of_an_unknown_kind(town: Town) -> None:
    [where] = await town.open_shops()
    foreign: dict[str, object] = {
        "id": "later",
        "state": "unheard of",
        "scope": {},
        "requested_by": "x",
    }
    strange = {"store_id": where, "kind": "unheard of", "wanted": "", "observed": "", "detail": ""}
    async with town.database.write() as tx:
        await tx.execute(insert(run).values(started_at=MORNING, stores=1, totals={}, **foreign))
        held = {"run_id": "later", "policy": "repair", "outcome": "approved"}
        await tx.execute(insert(drift).values(**strange, **held))

    record, found = await town.night()

    assert (record.state, found) == ("done", [])
    assert (await town.work_of(where)).store.failure is None
    assert await town.tasks() == []
    async with town.database.read() as tx:
        assert await tx.scalar(select(drift.c.outcome)) == "approved"
        assert await tx.scalar(select(run.c.state).where(run.c.id == "later")) == "unheard of"


def aged(value: object) -> object:
    """A model value as an older release wrote it: without what has a default, with something we never heard of."""
    if not isinstance(value, dict):
        return value
    whole = cast("dict[str, object]", value)
    kept = {name: one for name, one in whole.items() if one is not None}
    return kept | {"unheard_of": {"x": 1}}


async def put(town: Town, table: Table, values: Mapping[str, object], where: StoreId) -> None:
    async with town.database.write() as tx:
        await tx.execute(update(table).where(of(table, where)).values(values))


async def seen(
    town: Town, table: Table, values: Mapping[str, object], where: StoreId
) -> dict[str, object]:
    query = select(*(table.c[name] for name in values)).where(of(table, where))
    async with town.database.read() as tx:
        return dict((await tx.execute(query)).mappings().one())


def of(table: Table, where: StoreId) -> ColumnElement[bool]:
    """The store's only row in the table; of its intents, that for the listing."""
    if table is store:
        return store.c.id == where
    if table is intent:
        return (intent.c.store_id == where) & (intent.c.id.in_(_last_of(where)))
    return table.c.store_id == where


def _last_of(where: StoreId) -> Select[str]:
    return select(func.max(intent.c.id)).where(intent.c.store_id == where)


async def wake(town: Town, where: StoreId) -> None:
    async with town.database.write() as tx:
        await stores.wake(tx, [where], lane=Lane.STALL, now=town.clock())
