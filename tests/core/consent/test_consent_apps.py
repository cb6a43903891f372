"""Consent and messages where several apps share a marketplace: each merchant agrees to one of them."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import SecretStr

from onboarder.connector.consent import ConsentReturn
from onboarder.connector.manifest import Quotas
from onboarder.connector.webhook import Delivery
from onboarder.consent.doors import Arrival, LinkState
from onboarder.consent.inbox import Receipt
from onboarder.model.ids import StoreId
from onboarder.model.shop import StoreState
from onboarder.model.work import Lane
from onboarder.records import stores
from tests.support.apps import apps_of
from tests.support.consenting import DEVICE, Consenting, Fair, message, signature
from tests.support.town import REHEARSAL

SECOND_KEY = "push-key-of-the-second-app"


class Second(Consenting):
    """Its codes are good for itself only, as everywhere."""

    def consent_url(self, callback: str, state: SecretStr) -> SecretStr:
        return SecretStr(f"{super().consent_url(callback, state).get_secret_value()}&app=second")

    def read_return(self, query: Mapping[str, str]) -> ConsentReturn:
        assert query["code"].startswith("second-")
        return super().read_return(query)

    def genuine(self, delivery: Delivery) -> bool:
        return delivery.headers.get("x-signature") == signature(SECOND_KEY, delivery)


async def test_link_and_callback_go_through_the_app_that_the_store_was_given_to(fair: Fair) -> None:
    second = two_apps(fair)
    drafts = await fair.drafts(2)
    given = await apps_of(fair.town, drafts)
    one, other = drafts[given.index("")], drafts[given.index("second")]

    assert "app=second" not in await address(fair, one)
    assert "app=second" in await address(fair, other)
    shops = [await fair.sign_up("one"), await fair.sign_up("other")]
    fair.connector.codes["first-1"], second.codes["second-1"] = shops
    assert await fair.come_back(await fair.visit(one), "first-1") is Arrival.AUTHORISED
    assert await fair.come_back(await fair.visit(other), "second-1") is Arrival.AUTHORISED
    await fair.town.run_until_quiet()

    assert (fair.connector.exchanges, second.exchanges) == (1, 1)
    assert [(await fair.town.work_of(where)).store.remote_id for where in (one, other)] == shops
    assert (await fair.town.account()).states() == ["live"] * 4
    assert await apps_of(fair.town, drafts) == given


async def test_a_link_followed_before_the_first_pass_has_its_app_chosen_then(fair: Fair) -> None:
    two_apps(fair)
    merchants = await fair.town.settle(2)
    drafts = await fair.town.order(merchants)

    addresses = [await address(fair, one) for one in drafts]
    for one in drafts:
        await fair.town.pass_over(one)

    assert ["app=second" in one for one in addresses] == [False, True]
    assert await apps_of(fair.town, drafts) == ["", "second"]


async def test_no_draft_is_prepared_for_full_apps_and_the_operator_is_asked(fair: Fair) -> None:
    two_apps(fair)

    drafts = await fair.drafts(3)

    late = [
        one
        for one, app in zip(drafts, await apps_of(fair.town, drafts), strict=True)
        if app is None
    ]
    assert len(late) == 1
    assert await fair.codes_of_tasks() == ["consent.needed", "consent.needed", "quota.app_full"]
    two_apps(fair, limit=2)
    await wake(fair, late[0])
    await fair.town.pass_over(late[0])
    assert await apps_of(fair.town, late) == [""]
    assert await fair.codes_of_tasks() == ["consent.needed"] * 3


async def test_drafts_from_before_there_were_apps_are_the_first_s(fair: Fair) -> None:
    drafts = await fair.drafts(3)
    two_apps(fair)

    await fair.town.run_until_quiet()

    assert await apps_of(fair.town, drafts) == [None] * 3
    assert ["app=second" in await address(fair, one) for one in drafts] == [False] * 3


async def test_a_message_of_any_app_is_taken_and_a_forged_one_is_not(fair: Fair) -> None:
    two_apps(fair)
    of_the_first = message("e1", "nobody-s-shop")
    bare = replace(of_the_first, headers={})
    of_the_second = replace(bare, headers={"x-signature": signature(SECOND_KEY, bare)})
    forged = replace(bare, headers={"x-signature": signature("guessed", bare)})

    receipts = [
        await fair.inbox.take(REHEARSAL, one) for one in (of_the_first, of_the_second, forged)
    ]

    assert receipts == [Receipt.TAKEN, Receipt.TAKEN, Receipt.FORGED]


async def test_a_draft_whose_app_is_gone_sends_nobody_to_another_and_tells_the_operator(
    fair: Fair,
) -> None:
    two_apps(fair)
    drafts = await fair.drafts(2)
    other = drafts[(await apps_of(fair.town, drafts)).index("second")]
    state = await fair.visit(other)
    with_further(fair, {})

    link = await fair.link(other)
    followed = await fair.doors.follow(link.token.get_secret_value(), DEVICE)

    assert followed.state is LinkState.UNKNOWN
    assert "quota.app_missing" in await fair.codes_of_tasks()
    assert await fair.come_back(state, "first-1") is Arrival.FAILED
    assert fair.connector.exchanges == 0
    assert (await fair.town.work_of(other)).store.state is StoreState.AWAITING_OWNER

    two_apps(fair)
    await wake(fair, other)
    await fair.town.pass_over(other)
    assert "app=second" in await address(fair, other)


def two_apps(fair: Fair, limit: int = 1) -> Second:
    """A second app from now on, each for so many stores."""
    second = Second.__new__(Second)
    vars(second).update(vars(fair.connector))
    second.codes, second.exchanges = {}, 0
    with_further(fair, {"second": second}, limit)
    return second


def with_further(fair: Fair, apps: Mapping[str, Consenting], limit: int = 1) -> None:
    town = fair.town
    before = town.around.marketplaces[REHEARSAL]
    known = replace(before, quotas=Quotas(stores_per_app=limit), apps=apps)
    town.around = replace(town.around, marketplaces={REHEARSAL: known})
    fair.doors = replace(fair.doors, around=town.around)
    fair.inbox = replace(fair.inbox, around=town.around)


async def address(fair: Fair, store: StoreId) -> str:
    """Where the store's link leads."""
    link = await fair.link(store)
    visit = await fair.doors.follow(link.token.get_secret_value(), DEVICE)
    assert visit.address is not None
    return visit.address.get_secret_value()


async def wake(fair: Fair, store: StoreId) -> None:
    async with fair.town.database.write() as tx:
        await stores.wake(tx, [store], lane=Lane.STALL, now=fair.town.clock())
