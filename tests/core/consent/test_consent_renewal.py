"""Consent that runs out, is used up or ends: renewed in time, told of in time, and lost for one store alone."""

from dataclasses import replace
from datetime import datetime, timedelta

from onboarder.connector.advice import UNREACHABLE
from onboarder.connector.consent import ConsentReturn
from onboarder.connector.contract import Access, Credentials, OpenedStore
from onboarder.connector.errors import MarketplaceError, OutcomeUnknown
from onboarder.consent.doors import Doors
from onboarder.converge.erasure import forget_merchant
from onboarder.converge.links import bearer_of
from onboarder.converge.renewal import MOST_TRIES
from onboarder.model.ids import StoreId
from onboarder.model.shop import ObservedStore, StoreState
from onboarder.model.work import DriftClass
from tests.support.consenting import PUBLIC, Consenting, Fair
from tests.support.mischief import copy_of, restore, with_connector
from tests.support.town import Town

KEY_LIVES = timedelta(hours=1)
RENEWABLE = timedelta(days=30)


class Renewing(Consenting):
    """Its consents can be renewed for 30 days, end on a day of their own, and can be made to fail."""

    town: Town
    renewals: dict[str, int]
    errors: dict[str, MarketplaceError]
    """Raised for that shop instead of an answer."""
    ends: datetime | None = None

    async def redeem(self, given: ConsentReturn) -> OpenedStore:
        opened = await super().redeem(given)
        return replace(opened, credentials=self._renewable(opened.credentials))

    async def renew(self, access: Access) -> Credentials:
        self.renewals[access.remote_id] = self.renewals.get(access.remote_id, 0) + 1
        if access.remote_id in self.errors:
            raise self.errors[access.remote_id]
        return self._renewable(await super().renew(access))

    async def observe_store(self, access: Access) -> ObservedStore | None:
        seen = await super().observe_store(access)
        return None if seen is None else replace(seen, authorised_until=self.ends)

    def _renewable(self, credentials: Credentials) -> Credentials:
        return replace(credentials, renewable_until=self.town.clock() + RENEWABLE)


def renewing(fair: Fair) -> Renewing:
    connector = with_connector(fair.town, Renewing)
    connector.town, connector.renewals, connector.errors = fair.town, {}, {}
    fair.connector = connector
    fair.doors = Doors(fair.town.around, fair.bell, PUBLIC, timedelta(minutes=60))
    return connector


async def test_what_ends_within_half_an_hour_is_renewed_before_it_is_refused(fair: Fair) -> None:
    connector = renewing(fair)
    store = await fair.draft()
    shop = await fair.open_shop(store)
    fair.town.clock.pass_by(KEY_LIVES - timedelta(minutes=29))
    await fair.town.change(store, price=13_000)
    await fair.town.run_until_quiet()

    assert connector.renewals == {shop: 1}
    assert not any(call.endswith(" 401") for call in (await fair.town.account()).requests)


async def test_while_a_renewal_is_in_doubt_work_goes_on_with_what_still_opens(fair: Fair) -> None:
    connector = renewing(fair)
    store = await fair.draft()
    shop = await fair.open_shop(store)
    connector.errors[shop] = OutcomeUnknown(UNREACHABLE)
    fair.town.clock.pass_by(KEY_LIVES - timedelta(minutes=20))
    await fair.town.change(store, price=13_000)
    await fair.town.pass_over(store)

    assert (await fair.town.listing(store)).applied is not None
    assert connector.renewals == {shop: 1}
    assert await fair.town.tasks() == []
    connector.errors.clear()
    fair.town.clock.pass_by(timedelta(minutes=6))
    await fair.town.change(store, price=14_000)
    await fair.town.run_until_quiet()
    assert connector.renewals == {shop: 2}
    assert (await fair.town.work_of(store)).store.state is StoreState.OPEN


async def test_answers_lost_twice_close_one_store_with_its_link_and_no_other(fair: Fair) -> None:
    connector = renewing(fair)
    one, other = await fair.drafts(2)
    shop = await fair.open_shop(one)
    await fair.open_shop(other)
    connector.errors[shop] = OutcomeUnknown(UNREACHABLE)
    fair.town.clock.pass_by(2 * KEY_LIVES)
    for store in (one, other):
        await fair.town.change(store, price=13_000)
    await fair.town.run_until_quiet(most=timedelta(days=2))

    lost, well = await fair.town.work_of(one), await fair.town.work_of(other)
    assert (lost.store.state, well.store.state) == (StoreState.AWAITING_OWNER, StoreState.OPEN)
    assert connector.renewals[shop] == MOST_TRIES
    [task] = await fair.town.tasks()
    assert (task.code, task.store_id) == ("consent.again", one)
    assert f"onboarder consent {one}" in task.id_text
    assert (await fair.link(one)).token.get_secret_value()
    assert (await fair.town.listing(other)).applied is not None


async def test_after_a_merchants_key_is_destroyed_only_a_new_consent_opens_the_store(
    fair: Fair,
) -> None:
    renewing(fair)
    store = await fair.draft()
    await fair.open_shop(store)
    before = await copy_of(fair.town)
    await forget(fair, store)
    await restore(fair.town, before)  # an older backup, with what it held of her
    fair.town.clock.pass_by(KEY_LIVES)
    await fair.town.change(store, price=13_000)
    await fair.town.run_until_quiet()

    assert (await fair.town.work_of(store)).store.state is StoreState.AWAITING_OWNER
    assert await fair.codes_of_tasks() == ["consent.again"]


async def test_a_link_sealed_under_a_destroyed_key_is_replaced_when_it_is_asked_for(
    fair: Fair,
) -> None:
    store = await fair.draft()
    first = await fair.link(store)
    before = await copy_of(fair.town)
    await forget(fair, store)
    await restore(fair.town, before)

    second = await fair.link(store)

    assert second.token != first.token
    assert (await fair.link(store)).token == second.token


async def test_a_consent_that_ends_soon_is_told_of_until_it_lasts_again(fair: Fair) -> None:
    connector = renewing(fair)
    store = await fair.draft()
    shop = await fair.open_shop(store)
    connector.ends = fair.town.clock() + timedelta(days=25)
    await look(fair, store)

    [task] = await fair.town.tasks()
    assert (task.code, task.who) == ("consent.ends_soon", "canvasser")
    assert f"{connector.ends:%d-%m-%Y}" in task.id_text
    assert (await fair.town.work_of(store)).store.authorised_until == connector.ends
    await look(fair, store)
    assert await fair.codes_of_tasks() == ["consent.ends_soon"]

    connector.ends = fair.town.clock() + timedelta(days=365)
    await fair.authorise(store, shop)
    await look(fair, store)
    assert await fair.town.tasks() == []


async def test_an_idle_store_is_renewed_by_the_night_before_its_refresh_token_ends(
    fair: Fair,
) -> None:
    connector = renewing(fair)
    store = await fair.draft()
    shop = await fair.open_shop(store)
    fair.town.clock.pass_by(RENEWABLE * 0.8)
    await fair.town.night()

    known = (await fair.town.work_of(store)).credentials
    assert connector.renewals == {shop: 1}
    assert known is not None
    assert known.renewable_until is not None
    assert known.renewable_until > fair.town.clock() + timedelta(days=29)


async def test_a_consent_that_the_night_s_glance_finds_withdrawn_stands_in_its_report(
    fair: Fair,
) -> None:
    store = await fair.draft()
    fair.withdraw(await fair.open_shop(store))

    _, found = await fair.town.night()
    _, again = await fair.town.night()

    assert [(one.kind, one.store_id) for one in found] == [(DriftClass.AUTHORISATION_LOST, store)]
    assert again == []
    assert [one.code for one in await fair.town.tasks()] == ["consent.again"]
    assert (await fair.town.work_of(store)).store.state is StoreState.AWAITING_OWNER


async def forget(fair: Fair, store: StoreId) -> None:
    """The operator destroys the key of the store's merchant."""
    town = fair.town
    owner = bearer_of(await town.work_of(store)).merchant
    await forget_merchant(town.database, town.keys, owner, by="test", clock=town.clock)


async def look(fair: Fair, store: StoreId) -> None:
    """The next look at the store, as every night."""
    fair.town.clock.pass_by(timedelta(minutes=11))
    await fair.town.order([(await fair.town.work_of(store)).merchant])
    await fair.town.run_until_quiet()
