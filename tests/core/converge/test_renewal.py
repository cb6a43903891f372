"""One renewal per expiry, whoever needs it and whatever dies; what is lost is lost for one store alone."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from onboarder.connector.advice import LATE, LIMITED, UNAVAILABLE, UNREACHABLE
from onboarder.connector.errors import (
    CredentialsExpired,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from onboarder.connector.leave import has_leave
from onboarder.converge import renewal
from onboarder.converge.renewal import MOST_TRIES, SECOND_TRY_AFTER
from onboarder.model.ids import RemoteId, StoreId
from onboarder.problems import ConfigProblem
from onboarder.records import credentials, tables
from onboarder.records.database import Database, RecordsBusy, Transaction
from tests.support.family import Families, Family
from tests.support.fuse import Fuse, FusedDatabase, Killed
from tests.support.renewing import Asks, Busy, Desk, Tiring
from tests.support.tokens import secret
from tests.support.town import CALL_DEADLINE, a_town, a_vault

CLAIM = 2 * CALL_DEADLINE


@pytest.fixture
async def desk(database: Database) -> AsyncGenerator[Desk]:
    async with a_town(database) as town:
        [where] = await town.order(await town.settle(products=0))
        store = replace((await town.work_of(where)).store, remote_id=RemoteId("S1"))
        made = Desk(town, store, Asks(Families(), town.clock))
        await made.give(0)
        yield made


async def test_a_renewal_is_sent_once_and_saved_as_the_next_generation(desk: Desk) -> None:
    fresh = await desk.process().renewed(desk.store, desk.asks, 1)

    assert (fresh.generation, fresh.credentials.secret) == (2, secret(1))
    assert desk.family.refreshes == 1
    held = await desk.held()
    assert (held.generation, await desk.number()) == (2, 1)
    assert held.renewer_until is None
    assert held.renew_by == desk.town.clock() + timedelta(days=22.5)


async def test_tasks_of_one_process_share_one_renewal(desk: Desk) -> None:
    process = desk.process()

    found = await asyncio.gather(*(process.renewed(desk.store, desk.asks, 1) for _ in range(10)))

    assert {one.generation for one in found} == {2}
    assert desk.asks.begun == 1


async def test_another_process_waits_for_the_answer_and_uses_it(desk: Desk) -> None:
    looks = 0
    sent, waits = asyncio.Event(), asyncio.Event()

    async def begin() -> None:
        sent.set()

    async def look_again_soon(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            waits.set()
        await asyncio.sleep(0.1)

    desk.asks.before = begin
    desk.asks.after = waits.wait  # the answer comes when the other has looked three times in vain
    other = desk.process("p2", sleep=look_again_soon)
    first = asyncio.create_task(desk.process("p1").renewed(desk.store, desk.asks, 1))
    await sent.wait()

    assert await other.renewed(desk.store, desk.asks, 1) == await first
    assert (desk.asks.begun, desk.family.revoked) == (1, False)


async def test_who_still_holds_an_older_generation_gets_the_newest_without_a_call(
    desk: Desk,
) -> None:
    await desk.process("p1").renewed(desk.store, desk.asks, 1)

    late = await desk.process("p2").renewed(desk.store, desk.asks, 1)

    assert (late.generation, desk.asks.begun) == (2, 1)


async def test_a_renewal_outlives_whoever_asked_for_it(desk: Desk) -> None:
    process = desk.process()
    sent = asyncio.Event()
    answer = asyncio.Event()

    async def slowly() -> None:
        sent.set()
        await answer.wait()

    desk.asks.after = slowly
    caller = asyncio.create_task(process.renewed(desk.store, desk.asks, 1))
    await sent.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    answer.set()
    await process.drain()

    assert await desk.number() == 1
    assert (await desk.process("p2").renewed(desk.store, desk.asks, 2)).generation == 3
    assert not desk.family.revoked


async def test_who_waits_in_vain_is_told_to_come_back_and_sends_nothing(desk: Desk) -> None:
    async with desk.town.database.write() as tx:
        now = desk.town.clock()
        await credentials.claim(tx, desk.store.id, 1, renewer="dead", now=now, until=now + CLAIM)

    with pytest.raises(Unavailable):
        await desk.process().renewed(desk.store, desk.asks, 1)

    assert desk.asks.begun == 0


async def test_the_claim_of_a_dead_process_whose_clock_was_far_ahead_is_free(desk: Desk) -> None:
    async with desk.town.database.write() as tx:
        now = desk.town.clock() + timedelta(days=30)
        await credentials.claim(tx, desk.store.id, 1, renewer="dead", now=now, until=now + CLAIM)

    assert (await desk.process().renewed(desk.store, desk.asks, 1)).generation == 2


async def test_a_call_that_never_ends_is_cut_off_before_the_claim_does(desk: Desk) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    desk.asks.before = never
    process = desk.process(deadline=timedelta(milliseconds=50))

    with pytest.raises(OutcomeUnknown) as caught:
        await process.renewed(desk.store, desk.asks, 1)

    assert caught.value.advice == LATE


async def test_a_process_that_slept_over_its_claim_sends_nothing(desk: Desk) -> None:
    slept = Tiring(desk.town.database, desk.town.clock)
    with pytest.raises(Unavailable):
        await desk.process(database=slept).renewed(desk.store, desk.asks, 1)

    assert desk.asks.begun == 0
    assert (await desk.process("p2").renewed(desk.store, desk.asks, 1)).generation == 2


async def test_leave_to_send_ends_so_early_that_the_answer_still_comes_within_the_claim(
    desk: Desk,
) -> None:
    async def held_up() -> None:
        desk.town.clock.pass_by(CALL_DEADLINE + timedelta(seconds=1))
        desk.asks.had_leave.append(has_leave(desk.town.clock()))

    desk.asks.before = held_up
    await desk.process().renewed(desk.store, desk.asks, 1)

    assert desk.asks.had_leave == [True, False]


@pytest.mark.parametrize(
    "error",
    [
        Unavailable(UNREACHABLE),
        RateLimited(LIMITED, retry_after=timedelta(seconds=5), scope="app"),
        OutcomeUnknown(UNAVAILABLE, detail="status 503"),
        RecordsBusy("the day book is locked"),
        ConfigProblem("the app's key may be read by others"),
    ],
    ids=["not sent", "429", "503", "records busy", "a key out of order"],
)
async def test_what_the_marketplace_did_not_do_is_tried_again_as_often_as_needed(
    desk: Desk, error: Exception
) -> None:
    desk.asks.error = error
    for _ in range(5):
        with pytest.raises(type(error)):
            await desk.process().renewed(desk.store, desk.asks, 1)
    desk.asks.error = None

    assert (await desk.process().renewed(desk.store, desk.asks, 1)).generation == 2


async def test_a_lost_answer_is_tried_once_more_after_a_pause_and_then_never_again(
    desk: Desk,
) -> None:
    desk.asks.error = OutcomeUnknown(UNREACHABLE)
    process = desk.process()
    with pytest.raises(OutcomeUnknown):
        await process.renewed(desk.store, desk.asks, 1)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await process.renewed(desk.store, desk.asks, 1)
    assert desk.asks.begun == 1

    desk.town.clock.pass_by(SECOND_TRY_AFTER)
    with pytest.raises(OutcomeUnknown):
        await process.renewed(desk.store, desk.asks, 1)
    for _ in range(3):
        desk.town.clock.pass_by(SECOND_TRY_AFTER)
        with pytest.raises(CredentialsExpired):
            await process.renewed(desk.store, desk.asks, 1)

    assert desk.asks.begun == MOST_TRIES
    assert (await desk.held()).lost_at is not None


async def test_a_lost_answer_of_a_renewal_that_was_not_done_costs_only_the_pause(
    desk: Desk,
) -> None:
    desk.asks.error = OutcomeUnknown(UNREACHABLE)
    with pytest.raises(OutcomeUnknown):
        await desk.process().renewed(desk.store, desk.asks, 1)
    desk.asks.error = None
    desk.town.clock.pass_by(SECOND_TRY_AFTER)

    assert (await desk.process().renewed(desk.store, desk.asks, 1)).generation == 2
    assert not desk.family.revoked


async def test_wherever_a_process_dies_over_a_renewal_one_more_try_decides(desk: Desk) -> None:
    ends: list[str] = []
    for step in range(1, 20):
        await desk.give(desk.family.current if not desk.family.revoked else 0)
        desk.asks.families.known["S1"] = Family(current=await desk.number())
        generation, begun = (await desk.held()).generation, desk.asks.begun
        fuse = Fuse()
        dying = desk.process(database=FusedDatabase(desk.town.database, fuse))
        fuse.light(step)
        try:
            await dying.renewed(desk.store, desk.asks, generation)
        except Killed:
            pass
        else:
            break
        desk.town.clock.pass_by(CLAIM + timedelta(seconds=1))
        other = desk.process("p2")
        try:
            await other.renewed(desk.store, desk.asks, generation)
            ends.append("renewed")
        except CredentialsExpired:
            ends.append("lost")
            with pytest.raises(CredentialsExpired):
                await other.renewed(desk.store, desk.asks, generation)
        assert desk.asks.begun - begun <= MOST_TRIES, step
        assert desk.family.refused <= 1, step
    assert ends.count("lost") > 0  # between answer and save
    assert ends[0] == ends[-1] == "renewed"  # before it was sent, and once it was saved


async def test_a_refused_renewal_is_final_at_once_and_told_without_another_call(
    desk: Desk,
) -> None:
    desk.family.revoked = True
    for _ in range(3):
        with pytest.raises(CredentialsExpired) as caught:
            await desk.process().renewed(desk.store, desk.asks, 1)
        assert caught.value.advice == renewal.LOST

    assert desk.asks.begun == 1


async def test_what_comes_back_late_does_not_replace_what_the_merchant_gave_meanwhile(
    desk: Desk,
) -> None:
    async def consent() -> None:
        await desk.give(100)

    desk.asks.after = consent
    found = await desk.process().renewed(desk.store, desk.asks, 1)

    assert found.credentials.secret == secret(100)
    assert await desk.number() == 100


async def test_a_refusal_that_comes_back_late_does_not_lose_what_the_merchant_gave_meanwhile(
    desk: Desk,
) -> None:
    desk.family.revoked = True

    async def consent() -> None:
        await desk.give(100)

    desk.asks.before = consent
    with pytest.raises(CredentialsExpired):
        await desk.process().renewed(desk.store, desk.asks, 1)

    assert (await desk.held()).lost_at is None
    assert await desk.number() == 100


async def test_an_answer_is_saved_although_the_database_is_busy_for_a_while(desk: Desk) -> None:
    process = desk.process(database=Busy(desk.town.database, desk.family))

    assert (await process.renewed(desk.store, desk.asks, 1)).generation == 2
    assert await desk.number() == 1


async def test_new_consent_after_a_loss_opens_the_store_again(desk: Desk) -> None:
    desk.family.revoked = True
    with pytest.raises(CredentialsExpired):
        await desk.process().renewed(desk.store, desk.asks, 1)
    desk.asks.families.known["S1"] = Family(current=7)
    await desk.give(7)

    assert (await desk.held()).lost_at is None
    assert (await desk.process().renewed(desk.store, desk.asks, 2)).generation == 3


async def test_credentials_without_their_merchants_key_are_lost(desk: Desk) -> None:
    process = desk.process(vault=a_vault())  # as if hers was destroyed in it

    with pytest.raises(CredentialsExpired):
        await process.renewed(desk.store, desk.asks, 1)

    assert desk.asks.begun == 0


async def test_idle_stores_fall_due_in_the_night_before_nobody_can_renew_them(desk: Desk) -> None:
    async def due(tx: Transaction) -> list[StoreId]:
        query = select(tables.store.c.id).where(credentials.runs_out(desk.town.clock()))
        return list((await tx.execute(query)).scalars())

    desk.town.clock.pass_by(timedelta(days=22))
    async with desk.town.database.read() as tx:
        assert await due(tx) == []
    desk.town.clock.pass_by(timedelta(days=1))
    async with desk.town.database.read() as tx:
        assert await due(tx) == [desk.store.id]
    await desk.town.around.renewals.renewed(desk.store, desk.asks, 1)
    async with desk.town.database.read() as tx:
        assert await due(tx) == []
