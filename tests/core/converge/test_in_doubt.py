"""What is in doubt for long: it is looked for whatever else happens to its store, and nothing suffers from the wait."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from onboarder.connector.advice import UNAVAILABLE
from onboarder.connector.contract import (
    Access,
    CreateOutcome,
    ListingDraft,
    OpenedStore,
)
from onboarder.connector.errors import ActionNeeded
from onboarder.converge.outlook import outlook
from onboarder.model.ids import Reference
from onboarder.model.people import Merchant
from onboarder.model.shop import StoreContent
from onboarder.model.work import DriftClass, DriftPolicy
from onboarder.records import runs, works
from onboarder.records.database import Database
from onboarder.rules.drift import Plausibility
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server.dials import Dial, Fault
from onboarder_rehearsal.server.rules import Rules
from tests.support.fuse import Killed
from tests.support.mischief import with_connector
from tests.support.town import PROGRAMME, REHEARSAL, Clock, Town, a_town

LATE = timedelta(seconds=55)
"""Near the end of a lease."""


@pytest.mark.parametrize("what", ["store", "listing"])
async def test_a_write_in_doubt_is_looked_for_though_its_merchant_is_refused_meanwhile(
    database: Database, what: str
) -> None:
    async with a_town(database, settings={"settle_seconds": 10}) as town:
        if what == "store":
            with_connector(town, DiesOpening).clock = town.clock
        else:
            with_connector(town, DiesCreating).clock = town.clock
        route = "/v1/sellers" if what == "store" else "/v1/items*"
        await town.dial(Dial(fault=Fault.DELAYED_VISIBILITY, route=route, method="POST", seconds=9))
        [owner] = await town.settle(1, 1)
        [store] = await town.order([owner])
        with suppress(Killed):
            await town.pass_over(store)
        with_connector(town, RehearsalConnector)
        await town.keep([replace(owner, trained_on=None, trained_by=None)], [])
        town.clock.pass_by(timedelta(seconds=6))
        await town.restart()

        await town.run_until_quiet()

        work = await town.work_of(store)
        assert work.doubts == ()
        assert work.store.remote_id is not None
        assert work.store.due_at is None
        if what == "listing":
            assert (await town.listing(store)).remote_id is not None


async def test_a_write_in_doubt_is_looked_for_while_a_person_is_waited_for(town: Town) -> None:
    await town.dial(Dial(fault=Fault.LOST_AFTER, route="/v1/items/batch", method="POST", times=1))
    [store] = await town.order(await town.settle(1, 20))
    with_connector(town, OneBatch).ending = ActionNeeded(UNAVAILABLE)

    await town.pass_over(store)

    work = await town.work_of(store)
    assert len(work.doubts) == 10
    assert work.store.due_at is not None
    assert work.store.due_at - town.clock() < timedelta(minutes=1)


async def test_passes_that_wait_for_a_doubt_are_no_looks_at_a_review(database: Database) -> None:
    rungs = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15))
    rules = Rules(listing_review_seconds=100)
    async with a_town(database, rules=rules, look_again=rungs) as town:
        [store] = await town.order(await town.settle(1, 14))
        with_connector(town, OneBatch).ending = Killed()
        with suppress(Killed):
            await town.pass_over(store)
        with_connector(town, RehearsalConnector)
        town.clock.pass_by(timedelta(seconds=61))

        await town.pass_over(store)

        work = await town.work_of(store)
        assert len(work.doubts) == 4
        assert work.store.looks == 0


async def test_an_outlook_counts_what_is_in_doubt_as_still_to_do(town: Town) -> None:
    merchants = await town.settle(1, 8)
    before = await planned(town, merchants)
    await town.dial(Dial(fault=Fault.LOST_BEFORE, route="/v1/sellers", method="POST", times=1))
    [store] = await town.order(merchants)
    await town.pass_over(store)
    assert len((await town.work_of(store)).doubts) == 1
    assert await planned(town, merchants) == before


@pytest.mark.parametrize("dies", [False, True])
async def test_a_drift_is_repaired_though_its_create_was_lost_and_is_found_again(
    town: Town, *, dies: bool
) -> None:
    [store] = await town.open_shops(products=1)
    await town.by_hand("DELETE", f"listings/{(await town.listing(store)).reference}")
    repair = dict.fromkeys(DriftClass, DriftPolicy.REPAIR)
    town.around = replace(town.around, drift_policy=repair)
    if dies:
        with_connector(town, DiesCreating).clock = town.clock
    else:
        await town.dial(Dial(fault=Fault.LOST_AFTER, route="/v1/items*", method="POST", times=1))
    town.clock.pass_by(timedelta(hours=20))
    plausible = Plausibility(vanished_share=1, vanished_least=99)
    rules = town.rules().model_copy(update={"plausibility": plausible})
    try:
        run, _ = await town.night(rules=rules)
    except Killed:
        with_connector(town, RehearsalConnector)
        town.clock.pass_by(timedelta(seconds=61))
        run, _ = await town.night(rules=rules)
    await town.run_until_quiet()

    async with town.database.read() as tx:
        outcomes = [one.outcome for one in await runs.drifts(tx, run.id)]
    assert outcomes == ["repaired"]
    assert (await town.account()).states() == ["live"]


async def planned(town: Town, owners: Sequence[Merchant]) -> tuple[int, int]:
    """Stores to open and listings to create."""
    there = town.around.marketplaces[REHEARSAL]
    async with town.database.read() as tx:
        known = await works.works(tx, owners, REHEARSAL)
    seen = outlook(
        known,
        marketplace=REHEARSAL,
        manifest=there.connector.manifest,
        categories=there.categories,
        programme=PROGRAMME,
        per_second=1.0,
        now=town.clock(),
    )
    return seen.stores, seen.listings


class DiesOpening(RehearsalConnector):
    """Late in the lease, once the store stands."""

    clock: Clock

    async def open_store(self, content: StoreContent) -> OpenedStore:
        self.clock.pass_by(LATE)
        await super().open_store(content)
        raise Killed


class DiesCreating(RehearsalConnector):
    """The same with listings."""

    clock: Clock

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        self.clock.pass_by(LATE)
        await super().create_listings(access, drafts)
        raise Killed


class OneBatch(RehearsalConnector):
    """The second ends in its way."""

    batches = 0
    ending: BaseException

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        self.batches += 1
        if self.batches == 2:
            raise self.ending
        return await super().create_listings(access, drafts)
