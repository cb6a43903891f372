"""What holds up one listing until a person acts holds up no other of its store."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from onboarder.connector.contract import Access, CreateOutcome, ListingDraft
from onboarder.connector.errors import ActionNeeded, Advice
from onboarder.model.ids import Reference, RemoteId, StoreId
from onboarder.model.people import Actor
from onboarder.model.shop import ListingField, ListingState, ObservedListing
from onboarder_rehearsal import RehearsalConnector
from tests.support.mischief import with_connector
from tests.support.town import Town

IN_PROMOTION = Advice("practice.locked", Actor.MERCHANT, "Sedang promosi.", "In a promotion.")
LOOK = timedelta(hours=12)


async def test_a_listing_that_is_held_up_lets_the_others_be_changed_and_is_tried_again(
    town: Town,
) -> None:
    [store] = await town.open_shops()
    held = await _references(town, store)
    locked = with_connector(town, Locked)
    locked.locked = frozenset({held[0]})
    for number in range(3):
        await town.change(store, number, price=20_000 + number)

    await town.run_until_quiet()

    assert await _prices(town, held) == [12_500, 20_001, 20_002]
    [task] = await town.tasks()
    assert (task.code, task.subject) == (IN_PROMOTION.code, (await town.listing(store)).id)
    assert task.en_text.endswith(IN_PROMOTION.en)
    again = await town.next_due()
    assert again is not None
    assert LOOK - timedelta(minutes=5) < again - town.clock() <= LOOK

    locked.locked = frozenset()
    await town.run_until_quiet(most=LOOK)

    assert await _prices(town, held) == [20_000, 20_001, 20_002]
    assert await town.tasks() == []


async def test_its_task_stays_while_other_work_goes_on_and_its_answer_tries_it_at_once(
    town: Town,
) -> None:
    [store] = await town.open_shops()
    held = await _references(town, store)
    locked = with_connector(town, Locked)
    locked.locked = frozenset({held[0]})
    await town.change(store, 0, price=20_000)
    await town.run_until_quiet()
    await town.change(store, 1, stock=3)
    await town.run_until_quiet()
    assert [one.code for one in await town.tasks()] == [IN_PROMOTION.code]
    assert locked.asked == 1

    locked.locked = frozenset()
    await town.answer("done")
    await town.run_until_quiet(most=timedelta(minutes=1))

    assert (await _prices(town, held))[0] == 20_000


async def test_a_create_that_is_held_up_lets_the_others_be_made(town: Town) -> None:
    [store] = await town.order(await town.settle())
    locked = with_connector(town, Locked)
    locked.locked = frozenset((await _references(town, store))[:1])

    await town.run_until_quiet()

    listings = (await town.work_of(store)).listings
    states = [listings[one].state for one in await _references(town, store) if one in listings]
    assert states.count(ListingState.LIVE) == 2
    assert [one.code for one in await town.tasks()] == [IN_PROMOTION.code]


class Locked(RehearsalConnector):
    """Some listings are in a promotion and stay as they are."""

    locked: frozenset[Reference] = frozenset()
    asked = 0

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        free = [one for one in drafts if one.content.reference not in self.locked]
        made = await super().create_listings(access, free)
        held = {one.content.reference: _held() for one in drafts if one not in free}
        return {**made, **held}

    async def update_listing(
        self,
        access: Access,
        remote_id: RemoteId,
        draft: ListingDraft,
        fields: frozenset[ListingField],
    ) -> ObservedListing:
        if draft.content.reference in self.locked:
            self.asked += 1
            raise _held()
        return await super().update_listing(access, remote_id, draft, fields)


def _held() -> ActionNeeded:
    return ActionNeeded(IN_PROMOTION, one_listing=True, look_again=LOOK)


async def _references(town: Town, store: StoreId) -> list[Reference]:
    return [Reference(one.id) for one in (await town.work_of(store)).products]


async def _prices(town: Town, chosen: Sequence[Reference]) -> list[object]:
    account = await town.account()
    return [account.listing(one)["price"] for one in chosen]
