"""The loop when something goes wrong: lost answers, limits, dead tokens, our own errors."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from onboarder.connector.contract import Access, ListingDraft, Page
from onboarder.converge.failures import PERSON_WAIT
from onboarder.converge.loop import MOST_INTERNAL
from onboarder.converge.outcomes import MOST_ATTEMPTS
from onboarder.model.shop import ListingState, ObservedStore, StoreContent
from onboarder.records.database import Database
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server.dials import Dial, Fault
from onboarder_rehearsal.server.rules import Rules
from tests.support.mischief import with_connector
from tests.support.town import KEY, Town, a_town, a_vault

ANSWER_LOST = [
    Fault.LOST_AFTER,
    Fault.LOST_BEFORE,
    Fault.ERROR_AFTER,
    Fault.ERROR_BEFORE,
    Fault.TRUNCATED,
    Fault.INVALID_JSON,
    Fault.HTML,
    Fault.UNAVAILABLE,
    Fault.LATE_COMMIT,
]


@pytest.mark.parametrize("fault", ANSWER_LOST)
@pytest.mark.parametrize("route", ["/v1/sellers", "/v1/seller/pickup", "/v1/items*", "/v1/images"])
async def test_an_answer_lost_on_the_way_to_an_open_shop_costs_only_time(
    town: Town, fault: Fault, route: str
) -> None:
    await town.dial(
        Dial(fault=fault, route=route, method="POST", times=1, seconds=1),
        Dial(fault=fault, route=route, method="PUT", times=1, seconds=1),
    )
    [store] = await town.open_shops()
    account = await town.account()
    assert account.creates == {"stores": 1, "listings": 3}
    assert account.states() == ["live"] * 3
    assert (await town.work_of(store)).doubts == ()
    assert await town.tasks() == []


@pytest.mark.parametrize("fault", [Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.HTML])
@pytest.mark.parametrize(
    ("changes", "state", "price"),
    [
        ({"price": 13_000}, "live", 13_000),
        ({"name": "Kerupuk baru"}, "live", 12_500),
        ({"active": False}, "withdrawn", 12_500),
    ],
)
async def test_an_update_or_withdrawal_whose_answer_was_lost_is_carried_through(
    town: Town, fault: Fault, changes: dict[str, object], state: str, price: int
) -> None:
    [store] = await town.open_shops()
    await town.dial(Dial(fault=fault, route="/v1/items/*", times=1))
    await town.change(store, **changes)
    await town.run_until_quiet()
    shown = (await town.account()).listing((await town.listing(store)).reference)
    assert (shown["state"], shown["price"]) == (state, price)
    assert (await town.work_of(store)).store.due_at is None
    assert (await town.listing(store)).failure is None


async def test_a_lost_update_is_not_sent_again_before_its_settle_time(town: Town) -> None:
    [store] = await town.open_shops()
    await town.dial(Dial(fault=Fault.LATE_COMMIT, route="/v1/items/*", times=1, seconds=2))
    await town.change(store, price=13_000)
    await town.pass_over(store)
    await town.change(store, price=14_000)
    await town.run_until_quiet()
    town.clock.pass_by(timedelta(seconds=10))
    shown = (await town.account()).listing((await town.listing(store)).reference)
    assert shown["price"] == 14_000


@pytest.mark.parametrize("fault", [Fault.BATCH_HALF, Fault.BATCH_MISSING, Fault.BATCH_SHUFFLED])
async def test_a_batch_answered_in_part_or_out_of_order_is_completed(
    town: Town, fault: Fault
) -> None:
    await town.dial(Dial(fault=fault, share=0.5, times=2))
    await town.open_shops(products=12)
    account = await town.account()
    assert account.faults[fault] > 0
    assert account.creates == {"stores": 1, "listings": 12}
    assert account.states() == ["live"] * 12


async def test_one_lost_batch_does_not_end_the_pass(town: Town) -> None:
    await town.dial(Dial(fault=Fault.LOST_BEFORE, route="/v1/items/batch", times=1))
    [store] = await town.order(await town.settle(products=20))
    await town.pass_over(store)
    assert (await town.account()).states() == ["live"] * 10


async def test_a_marketplace_that_loses_every_answer_is_left_alone_after_three_calls(
    town: Town,
) -> None:
    [store] = await town.order(await town.settle(products=60))
    await town.dial(Dial(fault=Fault.LOST_BEFORE, route="/v1/items/batch"))
    await town.pass_over(store)
    assert (await town.account()).faults["lost_before"] == 3
    assert (await town.work_of(store)).store.attempts == 1


async def test_a_listing_whose_answers_are_always_lost_is_parked_with_a_task(town: Town) -> None:
    await town.dial(Dial(fault=Fault.LOST_BEFORE, route="/v1/items", method="POST"))
    [store] = await town.order(await town.settle(products=1))
    await town.run_until_quiet()
    assert (await town.listing(store)).attempts == MOST_ATTEMPTS
    assert [(one.code, one.who) for one in await town.tasks()] == [("parked", "operator")]
    assert (await town.work_of(store)).store.due_at is None

    await town.control.delete("/_control/dials")
    await town.change(store, price=13_000)
    await town.run_until_quiet()
    assert (await town.account()).states() == ["live"]
    assert await town.tasks() == []


async def test_a_listing_not_found_within_the_settle_time_is_not_sent_again(town: Town) -> None:
    lost = Dial(fault=Fault.LOST_AFTER, route="/v1/items", method="POST", times=1)
    hidden = Dial(fault=Fault.DELAYED_VISIBILITY, route="/v1/items", times=1, seconds=1.9)
    await town.dial(lost, hidden)
    await town.open_shops(products=1)
    assert (await town.account()).creates["listings"] == 1


async def test_a_429_uses_up_no_attempt_and_parks_the_store_until_it_may_go_on(town: Town) -> None:
    [store] = await town.order(await town.settle())
    await town.dial(Dial(fault=Fault.LIMITED, times=1, seconds=90))
    await town.pass_over(store)
    held = (await town.work_of(store)).store
    assert held.attempts == 0
    assert held.failure is not None
    assert held.failure.kind == "RateLimited"
    assert held.due_at is not None
    assert timedelta(seconds=90) <= held.due_at - town.clock() <= timedelta(seconds=91)
    await town.run_until_quiet()
    assert (await town.account()).states() == ["live"] * 3


async def test_a_429_does_not_forget_the_failures_before_it(town: Town) -> None:
    [store] = await town.order(await town.settle())
    await town.dial(
        Dial(fault=Fault.UNAVAILABLE, route="/v1/sellers", method="GET", times=4),
        Dial(fault=Fault.LIMITED, route="/v1/sellers", method="GET", times=1),
    )
    attempts: list[int] = []
    for _ in range(3):
        await town.pass_over(store)
        attempts.append((await town.work_of(store)).store.attempts)
        town.clock.now = await town.next_due() or town.clock()
    assert attempts == [1, 2, 2]


async def test_an_outage_is_waited_out_on_widening_waits_and_an_operator_hears_of_a_long_one(
    town: Town,
) -> None:
    await town.dial(Dial(fault=Fault.UNAVAILABLE))
    [store] = await town.order(await town.settle())
    waits: list[timedelta] = []
    for _ in range(10):
        await town.pass_over(store)
        due = await town.next_due()
        assert due is not None
        waits.append(due - town.clock())
        town.clock.now = due
    assert waits[0] <= timedelta(seconds=5)
    assert timedelta(minutes=15) <= waits[-1] <= timedelta(minutes=30)
    assert [one.code for one in await town.tasks()] == ["marketplace.unavailable"]
    await town.control.delete("/_control/dials")
    await town.run_until_quiet()
    assert (await town.account()).states() == ["live"] * 3
    assert await town.tasks() == []


async def test_a_token_that_dies_mid_run_is_renewed_once(town: Town) -> None:
    await town.dial(Dial(fault=Fault.TOKEN_DEATH, route="/v1/items*", times=1))
    await town.open_shops()
    requests = (await town.account()).requests
    assert requests["POST /v1/sellers/{seller}/tokens 201"] == 2
    assert (await town.account()).states() == ["live"] * 3


async def test_tokens_shorter_than_the_early_renewal_are_not_renewed_before_every_call(
    database: Database,
) -> None:
    async with a_town(database, rules=Rules(token_seconds=120)) as town:
        await town.open_shops(products=9)
        requests = (await town.account()).requests
        assert requests["POST /v1/sellers/{seller}/tokens 201"] <= 2


async def test_access_withdrawn_for_good_is_a_task_and_looked_at_again_hours_later(
    town: Town,
) -> None:
    [store] = await town.open_shops()
    reference = (await town.work_of(store)).store.reference
    await town.by_hand("POST", f"stores/{reference}/revoke")
    await town.change(store, price=13_000)
    await town.run_until_quiet(most=timedelta(minutes=10))
    [task] = await town.tasks()
    assert (task.code, task.who) == ("rehearsal.authorisation_withdrawn", "merchant")
    due = await town.next_due()
    assert due is not None
    assert due - town.clock() > PERSON_WAIT - timedelta(minutes=20)

    await town.by_hand("POST", f"stores/{reference}/authorise")
    await town.answer("done")
    await town.run_until_quiet()
    assert await town.tasks() == []
    assert (await town.account()).listing((await town.listing(store)).reference)["price"] == 13_000


async def test_an_error_of_our_own_is_tried_a_few_times_and_then_parked_with_a_task(
    town: Town,
) -> None:
    BrokenConnector.calls = 0
    with_connector(town, BrokenConnector)
    [store] = await town.order(await town.settle())
    await town.run_until_quiet()
    record = (await town.work_of(store)).store
    assert BrokenConnector.calls <= MOST_INTERNAL
    assert record.due_at is None
    assert record.failure is not None
    assert record.failure.detail == "ZeroDivisionError"
    assert {one.code for one in await town.tasks()} == {"internal", "parked"}
    assert {one.who for one in await town.tasks()} == {"operator"}

    with_connector(town, RehearsalConnector)
    await town.order([(await town.work_of(store)).merchant])
    await town.run_until_quiet()
    assert await town.tasks() == []
    assert (await town.account()).states() == ["live"] * 3
    assert (await town.account()).duplicate_listings == []


async def test_a_long_review_does_not_bring_an_error_of_our_own_nearer_to_parking(
    database: Database,
) -> None:
    async with a_town(database, rules=Rules(store_review_seconds=None)) as town:
        [store] = await town.order(await town.settle())
        for _ in range(MOST_INTERNAL + 1):
            await town.pass_over(store)
            town.clock.now = await town.next_due() or town.clock()
        with_connector(town, BrokenConnector)
        await town.pass_over(store)
        record = (await town.work_of(store)).store
        assert record.attempts == 1
        assert record.due_at is not None


async def test_secrets_that_do_not_open_wait_for_the_operator_instead_of_breaking_the_worker(
    town: Town,
) -> None:
    [store] = await town.open_shops()
    other = a_vault(type(KEY)("A" * 43 + "="))
    town.around = replace(town.around, vault=other)
    await town.change(store, price=13_000)
    await town.pass_over(store)
    assert [one.code for one in await town.tasks()] == ["configuration.unusable"]
    assert (await town.work_of(store)).store.due_at is not None


async def test_what_went_well_and_is_still_not_done_is_tried_again_on_widening_waits(
    town: Town,
) -> None:
    [store] = await town.order(await town.settle())
    with_connector(town, NeverComplete)
    for attempt in range(1, 5):
        await town.pass_over(store)
        record = (await town.work_of(store)).store
        assert record.attempts == attempt
        assert record.due_at is not None
        town.clock.now = record.due_at
    with_connector(town, RehearsalConnector)
    await town.run_until_quiet()
    assert (await town.account()).states() == ["live"] * 3


async def test_a_listing_gone_when_we_update_it_is_found_by_the_night(town: Town) -> None:
    [store] = await town.open_shops(products=5)
    town.clock.pass_by(timedelta(minutes=1))
    await town.by_hand("DELETE", f"listings/{(await town.listing(store)).reference}")
    await town.change(store, price=13_000)
    await town.run_until_quiet()
    assert (await town.listing(store)).state is ListingState.VANISHED
    _, found = await town.night()
    assert [(one.kind, one.outcome) for one in found] == [("vanished", "asked")]


class NeverComplete(RehearsalConnector):
    """Says that all is well, and that the store is not complete."""

    async def complete_store(self, access: Access, content: StoreContent) -> ObservedStore:
        there = await self.observe_store(access)
        assert there is not None
        return replace(there, complete=False)


class BrokenConnector(RehearsalConnector):
    """Has an error of its own wherever it looks."""

    calls = 0

    async def observe_store(self, access: Access) -> None:
        raise ZeroDivisionError

    async def observe_listings(self, access: Access, cursor: str | None) -> Page:
        raise ZeroDivisionError

    async def create_listings(  # type: ignore[override]  # never returns
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> None:
        type(self).calls += 1
        raise ZeroDivisionError
