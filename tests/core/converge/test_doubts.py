"""When a write whose answer was lost is looked for, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from onboarder.connector.contract import Access, CreateOutcome, ListingDraft, OpenedStore, Page
from onboarder.converge.doubts import WORTH_A_PAGE
from onboarder.model.ids import Reference, StoreId
from onboarder.model.shop import ObservedListing, StoreContent
from onboarder.model.work import DriftClass, DriftPolicy
from onboarder.records.database import Database
from onboarder.rules.drift import Plausibility
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.support.fuse import Killed
from tests.support.mischief import small_pages, with_connector
from tests.support.town import Town, a_town

BATCH = 10
"""Listings that the practice marketplace creates with one call."""


async def test_a_listing_whose_answer_was_lost_is_found_soon_after_the_settle_time(
    town: Town,
) -> None:
    """Not only when its absence would prove something: somebody stands at the stall."""
    await town.dial(Dial(fault=Fault.LOST_AFTER, route="/v1/items*", method="POST", times=1))
    [store] = await town.order(await town.settle(1))
    await town.pass_over(store)
    lost = town.clock()

    await _next_pass(town, store)

    assert town.clock() - lost < town.around.call_deadline / 2
    assert (await town.work_of(store)).doubts == ()
    assert (await town.account()).creates == {"stores": 1, "listings": 3}


async def test_a_batch_whose_answer_was_lost_is_found_on_one_page(town: Town) -> None:
    store = await _with_a_batch_in_doubt(town, Fault.LOST_AFTER)
    asked = await _asked(town)

    await _next_pass(town, store)

    assert await _asked(town) == asked + 1
    assert (await town.work_of(store)).doubts == ()
    assert (await town.account()).creates == {"stores": 1, "listings": BATCH}


async def test_a_batch_that_never_arrived_is_asked_for_by_name_before_it_is_sent_again(
    town: Town,
) -> None:
    store = await _with_a_batch_in_doubt(town, Fault.LOST_BEFORE)
    asked = await _asked(town)
    await _next_pass(town, store)
    assert await _asked(town) == asked + 1
    assert len((await town.work_of(store)).doubts) == BATCH

    await _next_pass(town, store)

    assert await _asked(town) == asked + 2 + BATCH
    assert (await town.account()).creates == {"stores": 1, "listings": BATCH}


async def test_in_a_full_store_a_batch_is_asked_for_by_name_at_once(town: Town) -> None:
    """More pages than that would cost more, and the first show only what is known."""
    store = await _with_a_batch_in_doubt(town, Fault.LOST_AFTER)
    small_pages(town)
    asked = await _asked(town)

    await _next_pass(town, store)

    assert await _asked(town) == asked + BATCH
    assert (await town.work_of(store)).doubts == ()


async def test_what_unknown_listings_push_off_the_pages_is_asked_for_by_name_at_once(
    town: Town,
) -> None:
    """The merchant's own are not on record here, so nobody knows how many pages there are."""
    store = await _with_a_batch_in_doubt(town, Fault.LOST_AFTER)
    connector, half = with_connector(town, OthersFirst), BATCH // 2
    limits = replace(connector.manifest.limits, page_size=half)
    vars(connector)["manifest"] = replace(connector.manifest, limits=limits)
    asked = await _asked(town)

    await _next_pass(town, store)

    assert await _asked(town) == asked + 1 + half
    assert (await town.work_of(store)).doubts == ()


async def test_a_listing_created_anew_is_asked_for_by_name(town: Town) -> None:
    """A page of some marketplaces shows what never was on sale as taken off sale, and it would stay so."""
    [store] = await town.open_shops(products=WORTH_A_PAGE)
    gone = [(await town.listing(store, number)).reference for number in range(WORTH_A_PAGE)]
    for one in gone:
        await town.by_hand("DELETE", f"listings/{one}")
    await town.dial(Dial(fault=Fault.LOST_AFTER, route="/v1/items/batch", method="POST", times=1))
    connector = with_connector(town, Asking)
    connector.asked = []
    town.around = replace(town.around, drift_policy=dict.fromkeys(DriftClass, DriftPolicy.REPAIR))
    trusting = Plausibility(vanished_share=1, vanished_least=99)
    town.clock.pass_by(timedelta(hours=20))

    await town.night(rules=town.rules().model_copy(update={"plausibility": trusting}))
    await town.run_until_quiet()

    assert sorted(connector.asked) == sorted(gone)
    assert (await town.account()).states() == ["live"] * WORTH_A_PAGE


@pytest.mark.parametrize("waited", [25, 59])
async def test_a_create_that_waited_long_for_its_turn_stays_in_doubt_from_when_it_was_sent(
    town: Town, waited: int
) -> None:
    slow = with_connector(town, Slow)
    slow.town, slow.creating = town, waited
    await town.dial(*_lost_and_unseen("/v1/items*"))
    [store] = await town.order(await town.settle(1, 1))

    await town.pass_over(store)
    await town.run_until_quiet()

    assert (await town.account()).creates == {"stores": 1, "listings": 1}


async def test_a_worker_that_died_after_a_long_wait_leaves_its_create_in_doubt(town: Town) -> None:
    """The next worker may come before the marketplace shows what the dead one sent last."""
    slow = with_connector(town, Slow)
    slow.town, slow.creating, slow.dies = town, 59, True
    await town.dial(*_lost_and_unseen("/v1/items*")[1:])
    [store] = await town.order(await town.settle(1, 1))
    with pytest.raises(Killed):
        await town.pass_over(store)
    slow.creating, slow.dies = 0, False
    town.clock.pass_by(timedelta(seconds=1.2))  # the lease has just run out

    await town.restart()
    await town.run_until_quiet()

    assert (await town.account()).creates == {"stores": 1, "listings": 1}


async def test_a_store_opened_after_a_long_look_stays_in_doubt_from_when_it_was_sent(
    database: Database,
) -> None:
    async with a_town(database, settings={"settle_seconds": 10}) as town:
        slow = with_connector(town, Slow)
        slow.town, slow.finding = town, 30
        await town.dial(*_lost_and_unseen("/v1/sellers", unseen=9))
        [store] = await town.order(await town.settle(1, 1))

        await town.pass_over(store)
        slow.finding = 0
        await town.run_until_quiet()

        assert (await town.account()).creates == {"stores": 1, "listings": 1}


class OthersFirst(RehearsalConnector):
    """Its first page shows listings that nobody knows."""

    async def observe_listings(self, access: Access, cursor: str | None) -> Page:
        if cursor is None:
            return Page((), "ours")
        return await super().observe_listings(access, None if cursor == "ours" else cursor)


class Asking(RehearsalConnector):
    """Remembers what it was asked for by name."""

    asked: list[Reference]

    async def find_listing(self, access: Access, reference: Reference) -> ObservedListing | None:
        self.asked.append(reference)
        return await super().find_listing(access, reference)


class Slow(RehearsalConnector):
    """Waits for its turn: so many seconds before what was found or created."""

    town: Town
    finding = creating = 0
    dies = False

    async def find_store(self, content: StoreContent) -> OpenedStore | None:
        self.town.clock.pass_by(timedelta(seconds=self.finding))
        return await super().find_store(content)

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        self.town.clock.pass_by(timedelta(seconds=self.creating))
        outcomes = await super().create_listings(access, drafts)
        if self.dies:
            raise Killed
        return outcomes


def _lost_and_unseen(route: str, *, unseen: float = 1.9) -> tuple[Dial, Dial]:
    """The answer gets lost, and what was made shows only just before the settle time is over."""
    struck = Dial(fault=Fault.LOST_AFTER, route=route, method="POST", times=1)
    hidden = {"fault": Fault.DELAYED_VISIBILITY, "seconds": unseen}
    return struck, struck.model_copy(update=hidden)


async def _with_a_batch_in_doubt(town: Town, fault: Fault) -> StoreId:
    await town.dial(Dial(fault=fault, route="/v1/items/batch", method="POST", times=1))
    [store] = await town.order(await town.settle(1, BATCH))
    await town.pass_over(store)
    assert len((await town.work_of(store)).doubts) == BATCH
    return store


async def _asked(town: Town) -> int:
    """How often listings were looked for, by page or by name."""
    return (await town.account()).requests.get("GET /v1/items 200", 0)


async def _next_pass(town: Town, store: StoreId) -> None:
    town.clock.now = await town.next_due() or town.clock.now
    await town.pass_over(store)


async def test_what_is_slow_by_nature_stays_in_doubt_longer(town: Town) -> None:
    own = timedelta(minutes=3)
    connector = with_connector(town, RehearsalConnector)
    vars(connector)["manifest"] = replace(connector.manifest, call_deadline=own)
    await town.dial(Dial(fault=Fault.LOST_AFTER, route="/v1/items*", method="POST", times=1))
    [store] = await town.order(await town.settle(1))
    await town.pass_over(store)
    lost = town.clock()

    doubts = (await town.work_of(store)).doubts

    assert {one.until - lost for one in doubts} == {own + connector.manifest.settle}
