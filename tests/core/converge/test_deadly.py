"""The loop over a store that ends its workers."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from onboarder.connector.advice import UNAVAILABLE
from onboarder.connector.contract import Access, ListingDraft
from onboarder.connector.errors import ActionNeeded
from onboarder.converge.doorbell import SilentDoorbell
from onboarder.converge.loop import MOST_STARTS
from onboarder.converge.orders import redrive
from onboarder.model.ids import PhotoHash, RemoteId
from onboarder.model.shop import ListingField, ObservedListing, StoreState
from onboarder_rehearsal import RehearsalConnector
from tests.support.fuse import Killed
from tests.support.mischief import with_connector
from tests.support.town import Town, a_product, changed


async def test_a_store_that_kills_its_workers_is_parked_even_if_it_got_as_far_as_an_intent(
    town: Town,
) -> None:
    town.around = replace(town.around, photos=DeadlyPhoto())
    [store] = await town.order(await town.settle())
    deaths = 0
    for _ in range(20):
        try:
            await town.work_what_is_due()
        except Killed:
            deaths += 1
        town.clock.pass_by(timedelta(seconds=61))
    assert deaths == MOST_STARTS + 1  # the first pass made progress: it opened the store
    assert [one.code for one in await town.tasks()] == ["parked.deadly"]
    assert (await town.work_of(store)).store.due_at is None


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(timedelta(seconds=61), id="a minute later"),
        pytest.param(timedelta(minutes=11), id="when nothing is in doubt"),
    ],
)
async def test_a_store_whose_create_kills_its_workers_is_parked_until_redriven(
    town: Town, later: timedelta
) -> None:
    """With passes in between that only wait for what the last death left in doubt, and without."""
    [store] = await town.order(await town.settle())
    with_connector(town, DeadlyConnector)
    assert await deaths(town, later) == MOST_STARTS + 1
    assert (await town.work_of(store)).store.due_at is None

    with_connector(town, RehearsalConnector)
    await redrive(town.database, SilentDoorbell(), None, by="ani", clock=town.clock)
    await town.run_until_quiet()
    assert (await town.account()).states() == ["live"] * 3


@pytest.mark.parametrize("minutes", [5, 30])
async def test_a_store_that_kills_its_workers_is_parked_though_a_product_of_it_is_held(
    town: Town, minutes: int
) -> None:
    [store] = await town.open_shops(products=1)
    with_connector(town, HeldBesideDeadly).look_again = timedelta(minutes=minutes)
    work = await town.work_of(store)
    goods = [changed(work.products[0], price=99_000), a_product(work.merchant, 1)]
    await town.keep([work.merchant], goods)
    assert await deaths(town, timedelta(seconds=61)) == MOST_STARTS + 1


async def test_six_deaths_with_progress_in_between_park_nothing(town: Town) -> None:
    [store] = await town.order(await town.settle(products=8))
    for _ in range(8):
        town.fuse.light(17)
        with suppress(Killed):
            await town.work_what_is_due()
        town.clock.pass_by(timedelta(seconds=61))
    town.fuse.put_out()
    await town.run_until_quiet()
    assert await town.tasks() == []
    assert (await town.account()).states() == ["live"] * 8
    assert (await town.work_of(store)).store.state is StoreState.OPEN


async def deaths(town: Town, later: timedelta) -> int:
    """How many workers die, one that often after the other, until the store is parked."""
    found = 0
    while "parked.deadly" not in {one.code for one in await town.tasks()}:
        assert found <= MOST_STARTS + 1
        try:
            await town.work_what_is_due()
        except Killed:
            found += 1
        town.clock.pass_by(later)
    return found


class DeadlyPhoto:
    """Reading it kills the process."""

    def read(self, photo: PhotoHash) -> bytes:
        raise Killed(photo)


class DeadlyConnector(RehearsalConnector):
    """Creating a listing kills the process."""

    async def create_listings(  # type: ignore[override]  # never returns
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> None:
        raise Killed


class HeldBesideDeadly(DeadlyConnector):
    """One product's change waits for a person, another's creation kills the worker."""

    look_again: timedelta

    async def update_listing(
        self,
        access: Access,
        remote_id: RemoteId,
        draft: ListingDraft,
        fields: frozenset[ListingField],
    ) -> ObservedListing:
        raise ActionNeeded(UNAVAILABLE, one_listing=True, look_again=self.look_again)
