"""A store that only its owner can open: a draft that waits, a store that runs, a draft again."""

from datetime import timedelta

from sqlalchemy import select

from onboarder.connector.contract import Access
from onboarder.connector.errors import CredentialsExpired
from onboarder.consent.doors import Arrival
from onboarder.converge.outlook import outlook
from onboarder.model.shop import ListingState, ObservedStore, StoreState
from onboarder.records import works
from onboarder.records.consent_tables import consent_link
from tests.support.consenting import GONE, Fair, message
from tests.support.town import PROGRAMME, REHEARSAL


async def test_a_draft_is_prepared_without_a_call_and_waits_for_nothing_but_its_owner(
    fair: Fair,
) -> None:
    store = await fair.draft()

    work = await fair.town.work_of(store)
    assert work.store.state is StoreState.AWAITING_OWNER
    assert work.store.due_at is None
    assert (await fair.town.account()).requests == {}
    [task] = await fair.town.tasks()
    assert (task.code, task.who) == ("consent.needed", "canvasser")
    assert "Daftar toko di HP sendiri." in task.id_text
    assert f"onboarder consent {store}" in task.id_text


async def test_preparing_again_makes_nothing_twice(fair: Fair) -> None:
    store = await fair.draft()
    await fair.town.order([(await fair.town.work_of(store)).merchant])
    await fair.town.run_until_quiet()

    async with fair.town.database.read() as tx:
        links = (await tx.execute(select(consent_link))).all()
    assert len(links) == 1
    assert await fair.codes_of_tasks() == ["consent.needed"]


async def test_an_untrained_merchant_gets_no_link(fair: Fair) -> None:
    [store] = await fair.town.order(await fair.town.settle(trained=False))
    await fair.town.pass_over(store)

    assert await fair.codes_of_tasks() == ["gate.untrained"]
    async with fair.town.database.read() as tx:
        assert (await tx.execute(select(consent_link))).all() == []


async def test_after_the_consent_the_catalogue_goes_up_by_itself(fair: Fair) -> None:
    store = await fair.draft(products=2)

    shop = await fair.open_shop(store)

    work = await fair.town.work_of(store)
    assert (work.store.state, work.store.remote_id) == (StoreState.OPEN, shop)
    assert {one.state for one in work.listings.values()} == {ListingState.LIVE}
    assert len((await fair.town.account()).states()) == 2
    assert await fair.town.tasks() == []


async def test_a_withdrawn_consent_stops_that_store_alone_and_loses_nothing(fair: Fair) -> None:
    one, other = await fair.drafts(2)
    shop = await fair.open_shop(one)
    await fair.open_shop(other)
    fair.withdraw(shop)
    await fair.town.change(one, price=14_000)
    await fair.town.change(other, price=15_000)

    await fair.town.run_until_quiet()

    lost, well = await fair.town.work_of(one), await fair.town.work_of(other)
    assert (lost.store.state, well.store.state) == (StoreState.AWAITING_OWNER, StoreState.OPEN)
    assert lost.store.due_at is None
    assert len(lost.listings) == 2
    [task] = await fair.town.tasks()
    assert (task.code, task.store_id) == ("consent.again", one)
    assert (await fair.town.listing(other)).applied is not None


async def test_consent_given_again_goes_on_where_it_stopped(fair: Fair) -> None:
    store = await fair.draft()
    shop = await fair.open_shop(store)
    fair.withdraw(shop)
    await fair.town.change(store, price=14_000)
    await fair.town.run_until_quiet()
    fair.connector.withdrawn.clear()

    assert await fair.authorise(store, shop) is Arrival.AUTHORISED
    await fair.town.run_until_quiet()

    work = await fair.town.work_of(store)
    assert work.store.state is StoreState.OPEN
    assert {
        one.price
        for listing in work.listings.values()
        if listing.applied
        for one in listing.applied.offers
    } == {12_500, 14_000}
    assert await fair.town.tasks() == []
    assert len((await fair.town.account()).states()) == 2


async def test_a_pending_identity_check_is_a_task_and_an_hourly_look(fair: Fair) -> None:
    store = await fair.draft()
    shop = await fair.sign_up("ani")
    fair.connector.unproven.add(shop)
    await fair.authorise(store, shop)
    await fair.town.pass_over(store)

    waiting = await fair.town.work_of(store)
    assert waiting.store.due_at == fair.town.clock() + timedelta(hours=1)
    assert await fair.codes_of_tasks() == ["practice.kyc"]

    fair.connector.unproven.clear()
    await fair.town.run_until_quiet()

    assert await fair.town.tasks() == []
    assert len((await fair.town.account()).states()) == 2


async def test_the_plan_counts_drafts_minutes_of_people_and_checked_products(fair: Fair) -> None:
    [merchant] = await fair.town.settle(products=3)
    async with fair.town.database.read() as tx:
        found = await works.works(tx, [merchant], REHEARSAL)

    seen = outlook(
        found,
        marketplace=REHEARSAL,
        manifest=fair.connector.manifest,
        categories={},
        programme=PROGRAMME,
        per_second=10,
        now=fair.town.clock(),
    )

    assert (seen.drafts, seen.stores, seen.person_minutes) == (1, 0, 20)
    assert len(seen.faults) == 3


async def test_consent_given_while_a_pass_fails_is_not_taken_for_the_lost_one(fair: Fair) -> None:
    store = await fair.draft()
    shop = await fair.open_shop(store)
    await fair.town.change(store, price=14_000)
    state, code = await fair.visit(store), fair.agree(shop, "kode-baru")
    arrivals = list[Arrival]()

    async def refused(access: Access) -> ObservedStore | None:
        arrivals.append(await fair.come_back(state, code))
        if len(arrivals) == 2:
            vars(fair.connector).pop("observe_store")
        raise CredentialsExpired(GONE)

    vars(fair.connector)["observe_store"] = refused
    fair.town.clock.pass_by(timedelta(minutes=11))
    await fair.town.pass_over(store)

    work = await fair.town.work_of(store)
    assert arrivals[0] is Arrival.AUTHORISED
    assert work.store.state is StoreState.OPEN
    assert work.credentials is not None
    assert work.credentials.lost_at is None
    await fair.town.run_until_quiet()
    assert await fair.town.tasks() == []


async def test_a_consent_lost_while_messages_arrive_is_asked_for_once(fair: Fair) -> None:
    """A withdrawal and the message about it come together: the pass that finds out is triggered meanwhile."""
    store = await fair.draft()
    shop = await fair.open_shop(store)
    told = list[str]()

    async def refused(access: Access) -> ObservedStore | None:
        told.append(f"e{len(told)}")
        if len(told) <= 2:
            await fair.inbox.take(REHEARSAL, message(told[-1], access.remote_id))
        raise CredentialsExpired(GONE)

    fair.withdraw(shop)
    vars(fair.connector)["observe_store"] = refused
    await fair.inbox.take(REHEARSAL, message("e", shop))
    await fair.town.run_until_quiet()

    assert await fair.codes_of_tasks() == ["consent.again"]
    assert (await fair.town.work_of(store)).store.state is StoreState.AWAITING_OWNER
