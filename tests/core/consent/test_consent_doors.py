"""Personal links out, callbacks in: single use, expiry, binding, the same shop, nobody else's shop."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from onboarder.connector.advice import UNAVAILABLE, UNMAPPED
from onboarder.connector.errors import (
    ActionNeeded,
    MarketplaceError,
    OutcomeUnknown,
    Unavailable,
)
from onboarder.consent.doors import Arrival, LinkState
from onboarder.converge.links import bearer_of, replacement
from onboarder.model.ids import MarketplaceName
from onboarder.model.shop import StoreState
from onboarder.model.work import Lane
from onboarder.people.links import as_typed, digest, new_token
from onboarder.records import consent, tables
from onboarder.records.consent import ShopTakenError
from onboarder.records.consent_tables import consent_link, consent_state
from tests.support.consenting import DEVICE, PAGE, PUBLIC, Fair
from tests.support.fuse import Killed
from tests.support.town import REHEARSAL


async def test_looking_at_a_link_burns_nothing(fair: Fair) -> None:
    link = await fair.link(await fair.draft())
    token = link.token.get_secret_value()

    looks = [await fair.doors.look(token) for _ in range(5)]

    assert {one.state for one in looks} == {LinkState.LIVE}
    async with fair.town.database.read() as tx:
        assert (await tx.execute(select(consent_state))).all() == []


async def test_following_a_link_leads_to_the_marketplace_with_a_state_of_its_own(
    fair: Fair,
) -> None:
    link = await fair.link(await fair.draft())

    first = await fair.doors.follow(link.token.get_secret_value(), DEVICE)
    second = await fair.doors.follow(link.token.get_secret_value(), DEVICE)

    assert first.address is not None
    assert second.address is not None
    assert first.address.get_secret_value().startswith(PAGE)
    assert first.address != second.address
    assert fair.doors.callback(REHEARSAL) == f"{PUBLIC}/callback/rehearsal"


async def test_a_link_that_cannot_be_signed_just_now_tells_the_operator(
    fair: Fair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsigned(*_: object) -> SecretStr:
        raise ActionNeeded(UNMAPPED)

    link = await fair.link(await fair.draft())
    [connector] = fair.town.around.marketplaces[REHEARSAL].connectors
    monkeypatch.setattr(connector, "consent_url", unsigned)

    visit = await fair.doors.follow(link.token.get_secret_value(), DEVICE)

    assert (visit.state, visit.address) == (LinkState.UNKNOWN, None)
    assert UNMAPPED.code in {one.code for one in await fair.town.tasks()}
    async with fair.town.database.read() as tx:
        assert (await tx.execute(select(consent_state))).all() == []


async def test_neither_token_nor_state_stands_in_the_database(fair: Fair) -> None:
    store = await fair.draft()
    link, state = await fair.link(store), await fair.visit(store)

    async with fair.town.database.read() as tx:
        held = [
            repr(row)
            for table in (consent_link, consent_state, tables.task, tables.audit)
            for row in (await tx.execute(select(table))).all()
        ]

    assert not [row for row in held if link.token.get_secret_value() in row or state in row]


async def test_a_link_is_shown_again_for_the_same_canvasser_and_made_anew_for_another(
    fair: Fair,
) -> None:
    store = await fair.draft()

    one, again, other = await fair.link(store), await fair.link(store), await fair.link(store, "c9")

    assert one.token == again.token
    assert one.token != other.token
    assert other.bearer.canvasser == "c9"


async def test_a_token_may_be_typed_with_look_alikes_and_capitals() -> None:
    token = new_token()
    typed = token.get_secret_value().upper().replace("0", "O").replace("1", "I")

    assert as_typed(f" {typed[:5]}-{typed[5:]} ") == token


async def test_a_new_link_ends_the_old_one_and_the_visits_begun_through_it(fair: Fair) -> None:
    store = await fair.draft()
    old, state = await fair.link(store), await fair.visit(store)
    around, work = fair.town.around, await fair.town.work_of(store)
    async with fair.town.database.write() as tx:
        fresh = await replacement(
            tx, around.vault, bearer_of(work), now=fair.town.clock(), span=around.link_span
        )

    shop = await fair.sign_up("ani")
    assert (await fair.doors.look(old.token.get_secret_value())).state is LinkState.ENDED
    assert (await fair.doors.look(fresh.token.get_secret_value())).state is LinkState.LIVE
    assert await fair.come_back(state, fair.agree(shop)) is Arrival.REPLAYED
    assert fair.connector.exchanges == 0


async def test_a_link_expires(fair: Fair) -> None:
    link = await fair.link(await fair.draft())
    token = link.token.get_secret_value()
    fair.town.clock.pass_by(timedelta(days=30))

    assert (await fair.doors.look(token)).state is LinkState.EXPIRED
    assert (await fair.doors.follow(token, DEVICE)).address is None
    assert (await fair.doors.look("0" * 20)).state is LinkState.UNKNOWN


async def test_success_rings_ends_the_link_and_is_noted(fair: Fair) -> None:
    store = await fair.draft()
    link, shop = await fair.link(store), await fair.sign_up("ani")

    assert await fair.authorise(store, shop) is Arrival.AUTHORISED

    assert fair.bell.rung == [(store, Lane.STALL)]
    assert (await fair.doors.look(link.token.get_secret_value())).state is LinkState.ENDED
    work = await fair.town.work_of(store)
    assert (work.store.remote_id, work.store.due_at) == (shop, fair.town.clock())
    assert await fair.town.tasks() == []
    assert "consent.given" in await audited(fair)


async def test_a_state_is_taken_once(fair: Fair) -> None:
    store = await fair.draft()
    state, shop = await fair.visit(store), await fair.sign_up("ani")

    first = await fair.come_back(state, fair.agree(shop))
    second = await fair.come_back(state, fair.agree(shop))

    assert (first, second) == (Arrival.AUTHORISED, Arrival.REPLAYED)
    assert fair.connector.exchanges == 1


async def test_the_database_itself_gives_a_state_away_once(fair: Fair) -> None:
    name, now = digest(SecretStr(await fair.visit(await fair.draft()))), fair.town.clock()

    async with fair.town.database.write() as tx:
        first = await consent.use_state(tx, name, now=now)
    async with fair.town.database.write() as tx:
        second = await consent.use_state(tx, name, now=now)

    assert (first, second) == (True, False)


async def test_of_callbacks_at_once_with_one_state_one_wins(fair: Fair) -> None:
    store = await fair.draft()
    state, shop = await fair.visit(store), await fair.sign_up("ani")
    code = fair.agree(shop)

    arrivals = await asyncio.gather(*(fair.come_back(state, code) for _ in range(8)))

    assert sorted(arrivals) == sorted([Arrival.AUTHORISED, *[Arrival.REPLAYED] * 7])
    assert fair.connector.exchanges == 1


async def test_a_state_expires(fair: Fair) -> None:
    state, shop = await fair.visit(await fair.draft()), await fair.sign_up("ani")
    fair.town.clock.pass_by(timedelta(minutes=60))

    assert await fair.come_back(state, fair.agree(shop)) is Arrival.EXPIRED
    assert fair.connector.exchanges == 0


@pytest.mark.parametrize("state", ["", "made-up", "0" * 43])
async def test_a_state_nobody_issued_is_refused(fair: Fair, state: str) -> None:
    await fair.draft()

    assert await fair.come_back(state, fair.agree(await fair.sign_up("ani"))) is Arrival.UNKNOWN
    assert fair.connector.exchanges == 0


async def test_a_state_is_bound_to_its_marketplace(fair: Fair) -> None:
    state = await fair.visit(await fair.draft())
    known = fair.town.around.marketplaces
    two = {**known, MarketplaceName("other"): known[REHEARSAL]}
    doors = replace(fair.doors, around=replace(fair.town.around, marketplaces=two))

    assert await doors.arrive("other", {"state": state, "code": "x"}) is Arrival.UNKNOWN
    assert await doors.arrive("nowhere", {"state": state, "code": "x"}) is Arrival.UNKNOWN
    assert fair.connector.exchanges == 0


async def test_a_state_is_bound_to_its_store(fair: Fair) -> None:
    mine, hers = await fair.drafts(2)
    state, shop = await fair.visit(mine), await fair.sign_up("ani")
    await fair.visit(hers)

    await fair.come_back(state, fair.agree(shop))

    assert (await fair.town.work_of(mine)).store.remote_id == shop
    assert (await fair.town.work_of(hers)).store.remote_id is None


async def test_a_state_is_bound_to_its_canvasser(fair: Fair) -> None:
    """When no link of the canvasser who began the visit works any more, the visit is over."""
    store = await fair.draft()
    state, shop = await fair.visit(store), await fair.sign_up("ani")
    await fair.link(store, "c9")
    async with fair.town.database.write() as tx:
        theirs = consent_link.c.canvasser != "c9"
        await tx.execute(consent_link.update().where(theirs).values(ended_at=fair.town.clock()))

    assert await fair.come_back(state, fair.agree(shop)) is Arrival.EXPIRED


async def test_a_merchant_who_does_not_agree_changes_nothing_and_may_try_again(fair: Fair) -> None:
    store = await fair.draft()

    assert await fair.come_back(await fair.visit(store), None) is Arrival.REFUSED

    assert (await fair.town.work_of(store)).store.state is StoreState.AWAITING_OWNER
    assert await fair.codes_of_tasks() == ["consent.needed"]
    assert await fair.authorise(store, await fair.sign_up("ani")) is Arrival.AUTHORISED


async def test_a_lost_answer_is_asked_for_once_more(fair: Fair) -> None:
    store, shop = await fair.draft(), await fair.sign_up("ani")
    fair.lost_answer(used=False)

    assert await fair.authorise(store, shop) is Arrival.AUTHORISED
    assert fair.connector.exchanges == 2


async def test_a_code_used_up_by_a_lost_answer_leads_back_to_the_link(fair: Fair) -> None:
    store, shop = await fair.draft(), await fair.sign_up("ani")
    fair.lost_answer(used=True)

    assert await fair.authorise(store, shop) is Arrival.NOT_ACCEPTED
    assert await fair.authorise(store, shop) is Arrival.AUTHORISED


async def test_a_marketplace_that_does_not_answer_leads_back_to_the_link(fair: Fair) -> None:
    store, shop = await fair.draft(), await fair.sign_up("ani")
    fair.connector.troubles.append(Unavailable(UNAVAILABLE))

    assert await fair.authorise(store, shop) is Arrival.NO_ANSWER
    assert await fair.authorise(store, shop) is Arrival.AUTHORISED


@pytest.mark.parametrize(
    "errors",
    [[ActionNeeded(UNMAPPED)], [OutcomeUnknown(UNMAPPED)] * 2],
    ids=["refused", "and nobody knows what it means"],
)
async def test_what_only_the_operator_can_mend_is_no_refusal_of_the_merchant_and_becomes_a_task(
    fair: Fair, errors: list[MarketplaceError]
) -> None:
    store, shop = await fair.draft(), await fair.sign_up("ani")
    fair.connector.troubles += errors

    assert await fair.authorise(store, shop) is Arrival.FAILED

    assert [one.who for one in await fair.town.tasks()] == ["canvasser", "operator"]
    assert await fair.codes_of_tasks() == ["consent.needed", UNMAPPED.code]
    assert await fair.authorise(store, shop) is Arrival.AUTHORISED
    await fair.town.run_until_quiet()
    assert await fair.town.tasks() == []


async def test_another_shop_than_before_is_refused_and_reported(fair: Fair) -> None:
    store = await fair.draft()
    shop = await fair.open_shop(store)
    before = await fair.town.work_of(store)

    assert await fair.authorise(store, await fair.sign_up("lain")) is Arrival.OTHER_SHOP

    after = await fair.town.work_of(store)
    assert after.store.remote_id == shop
    assert after.credentials == before.credentials
    assert after.store == before.store
    [task] = await fair.town.tasks()
    assert (task.code, task.who) == ("consent.other_shop", "coordinator")


async def test_the_report_of_another_shop_outlasts_passes_and_ends_with_the_right_one(
    fair: Fair,
) -> None:
    store = await fair.draft()
    shop = await fair.open_shop(store)
    await fair.authorise(store, await fair.sign_up("lain"))
    await fair.town.change(store, price=14_000)
    await fair.town.run_until_quiet()

    assert await fair.codes_of_tasks() == ["consent.other_shop"]
    assert await fair.authorise(store, shop) is Arrival.AUTHORISED
    assert await fair.town.tasks() == []


async def test_another_merchant_s_shop_is_refused_and_reported(fair: Fair) -> None:
    mine, hers = await fair.drafts(2)
    shop = await fair.open_shop(hers)

    assert await fair.authorise(mine, shop) is Arrival.SHOP_TAKEN

    work = await fair.town.work_of(mine)
    assert (work.store.remote_id, work.credentials) == (None, None)
    assert work.store.state is StoreState.AWAITING_OWNER
    assert await fair.codes_of_tasks() == ["consent.needed", "consent.shop_taken"]


async def test_the_database_itself_lets_no_two_stores_be_one_shop(fair: Fair) -> None:
    mine, hers = await fair.drafts(2)
    shop = await fair.open_shop(hers)

    with pytest.raises(ShopTakenError):
        async with fair.town.database.write() as tx:
            await consent.authorise(tx, mine, shop, {"complete": True})

    assert (await fair.town.work_of(mine)).store.remote_id is None


async def test_of_two_merchants_at_once_with_one_shop_one_gets_it(fair: Fair) -> None:
    mine, hers = await fair.drafts(2)
    shop = await fair.sign_up("ani")
    states = [await fair.visit(mine), await fair.visit(hers)]
    codes = [fair.agree(shop, "kode-a"), fair.agree(shop, "kode-b")]

    arrivals = await asyncio.gather(
        *(fair.come_back(state, code) for state, code in zip(states, codes, strict=True))
    )

    assert sorted(arrivals) == sorted([Arrival.AUTHORISED, Arrival.SHOP_TAKEN])


async def test_killed_anywhere_in_a_callback_the_link_still_leads_to_the_store(fair: Fair) -> None:
    stores = await fair.drafts(12)
    for at, store in enumerate(stores, start=1):
        state, shop = await fair.visit(store), await fair.sign_up(f"toko{at}")
        fair.town.fuse.light(at)
        try:
            done = await fair.come_back(state, fair.agree(shop, f"kode-{at}"))
        except Killed:
            done = None
        fair.town.fuse.put_out()
        if (await fair.town.work_of(store)).store.remote_id is None:
            assert done is None
            assert await fair.authorise(store, shop) is Arrival.AUTHORISED
    await fair.town.run_until_quiet()

    assert {one.store.state for one in [await fair.town.work_of(s) for s in stores]} == {
        StoreState.OPEN
    }
    assert (await fair.town.account()).duplicate_listings == []


async def audited(fair: Fair) -> list[str]:
    async with fair.town.database.read() as tx:
        return list((await tx.execute(select(tables.audit.c.action))).scalars())
