"""The inbox: verified before anything else, stored once, applied by a look."""

from dataclasses import replace
from itertools import permutations
from random import Random

from sqlalchemy import delete, func, select, update

from onboarder.connector.webhook import Delivery, Event
from onboarder.consent.inbox import Inbox, Receipt
from onboarder.model.ids import StoreId
from onboarder.model.shop import ListingState
from onboarder.model.work import Lane
from onboarder.records import inbox, tables
from onboarder.records.consent_tables import webhook_event
from tests.support.consenting import PUSH_KEYS, Fair, message
from tests.support.town import REHEARSAL


async def test_a_message_wakes_its_store_for_a_look(fair: Fair) -> None:
    store = await fair.draft()
    shop = await fair.open_shop(store)
    listing = (await fair.town.listing(store)).reference
    await fair.town.by_hand("POST", f"listings/{listing}/reject", reason="Foto buram")
    fair.bell.rung.clear()

    assert await fair.inbox.take(REHEARSAL, message("e1", shop)) is Receipt.TAKEN
    await fair.town.run_until_quiet()

    assert fair.bell.rung == [(store, Lane.NIGHT)]
    assert (await fair.town.listing(store)).state is ListingState.REJECTED


async def test_a_hundred_repeats_have_one_effect(fair: Fair) -> None:
    store = await fair.draft()
    shop = await fair.open_shop(store)
    before = await generation(fair, store)

    for _ in range(100):
        assert await fair.inbox.take(REHEARSAL, message("e1", shop)) is Receipt.TAKEN

    assert await generation(fair, store) == before + 1
    assert await kept(fair) == 1


async def test_all_orders_of_five_events_end_alike(fair: Fair) -> None:
    one, other = await fair.drafts(2)
    shops = [await fair.open_shop(one), await fair.open_shop(other)]
    events = [message(f"e{number}", shops[number % 2]) for number in range(3)]
    events += [message("e3", *shops), message("e4", "nobody-s-shop")]
    ends = set[tuple[object, ...]]()
    for order in permutations(events):
        await clean(fair)
        for one_event in order:
            await fair.inbox.take(REHEARSAL, one_event)
        ends.add(await standing(fair))

    assert len(ends) == 1
    assert ends.pop()[-1] == 5


async def test_ten_thousand_forgeries_leave_no_trace(fair: Fair) -> None:
    store = await fair.draft()
    shop = await fair.open_shop(store)
    genuine, random = message("e1", shop), Random(4)
    before = await standing(fair)

    receipts = {
        await fair.inbox.take(REHEARSAL, forged(genuine, number, random))
        for number in range(10_000)
    }

    assert receipts == {Receipt.FORGED}
    assert await standing(fair) == before
    assert await fair.inbox.take(REHEARSAL, genuine) is Receipt.TAKEN


async def test_both_active_secrets_sign(fair: Fair) -> None:
    shop = await fair.sign_up("ani")

    receipts = [await fair.inbox.take(REHEARSAL, message(key, shop, key=key)) for key in PUSH_KEYS]

    assert receipts == [Receipt.TAKEN, Receipt.TAKEN]
    assert await fair.inbox.take(REHEARSAL, message("x", shop, key="another")) is Receipt.FORGED


async def test_nothing_is_read_before_the_signature_is_proven(fair: Fair) -> None:
    read = list[bytes]()

    def read_events(delivery: Delivery) -> tuple[Event, ...]:
        read.append(delivery.body)
        return ()

    vars(fair.connector)["read_events"] = read_events

    await fair.inbox.take(REHEARSAL, replace(message("e1"), headers={"x-signature": "0" * 64}))

    assert read == []


async def test_a_genuine_message_nobody_understands_is_taken_and_changes_nothing(
    fair: Fair,
) -> None:
    def read_events(delivery: Delivery) -> tuple[Event, ...]:
        raise ValueError(delivery.url)

    vars(fair.connector)["read_events"] = read_events

    assert await fair.inbox.take(REHEARSAL, message("e1")) is Receipt.UNREADABLE
    assert await kept(fair) == 0


async def test_there_is_no_inbox_for_strangers(fair: Fair) -> None:
    around = replace(fair.town.around, marketplaces={})

    nobody = await Inbox(around, fair.bell, "").take(REHEARSAL, message("e1"))

    assert nobody is Receipt.NOBODY


async def test_old_events_are_forgotten(fair: Fair) -> None:
    await fair.inbox.take(REHEARSAL, message("e1"))
    now = fair.town.clock()
    async with fair.town.database.write() as tx:
        assert await inbox.prune(tx, now) == 0
        assert await inbox.prune(tx, now.replace(year=now.year + 1)) == 1


def forged(genuine: Delivery, number: int, random: Random) -> Delivery:
    """The body changed, the signature guessed, cut, of another key, or left out."""
    given = genuine.headers["x-signature"]
    match number % 5:
        case 0:
            return replace(genuine, body=genuine.body + bytes([random.randrange(32, 127)]))
        case 1:
            return replace(genuine, headers={"x-signature": f"{random.getrandbits(256):064x}"})
        case 2:
            return replace(genuine, headers={"x-signature": given[: random.randrange(64)]})
        case 3:
            return replace(message("e1", key=f"key-{number}"), body=genuine.body)
        case _:
            return replace(genuine, headers={})


async def generation(fair: Fair, store: StoreId) -> int:
    return (await fair.town.work_of(store)).store.generation


async def kept(fair: Fair) -> int:
    async with fair.town.database.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(webhook_event)) or 0)


async def clean(fair: Fair) -> None:
    """As before any message."""
    async with fair.town.database.write() as tx:
        await tx.execute(delete(webhook_event))
        await tx.execute(update(tables.store).values(due_at=None, generation=1))


async def standing(fair: Fair) -> tuple[object, ...]:
    """What messages can change: who is due for a look and in which lane, and what is kept."""
    columns = (tables.store.c.id, tables.store.c.due_at, tables.store.c.lane)
    looks = tables.store.c.observed_at.is_(None)
    async with fair.town.database.read() as tx:
        rows = (await tx.execute(select(*columns, looks).order_by(tables.store.c.id))).all()
    return (*map(tuple, rows), await kept(fair))
