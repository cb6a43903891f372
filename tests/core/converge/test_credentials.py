"""Keys of stores: renewed before they die, once, and without shortening any doubt."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from onboarder.connector.contract import Access, CreateOutcome, Credentials, ListingDraft
from onboarder.converge.loop import converge
from onboarder.model.ids import Reference
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.support.fuse import Killed
from tests.support.mischief import with_connector
from tests.support.town import Town

RENEWED = "POST /v1/sellers/{seller}/tokens 201"
KEY_LIVES = timedelta(hours=1)


async def test_a_key_about_to_die_is_renewed_before_it_is_refused(town: Town) -> None:
    [store] = await town.open_shops()
    town.clock.pass_by(KEY_LIVES - timedelta(seconds=1))
    await town.change(store, price=13_000)
    await town.pass_over(store)
    requests = (await town.account()).requests
    assert requests[RENEWED] == 2
    town.clock.pass_by(timedelta(minutes=1))
    await town.change(store, price=14_000)
    await town.pass_over(store)
    requests = (await town.account()).requests
    assert not any(call.endswith(" 401") for call in requests)


async def test_two_workers_renew_a_dead_key_once(town: Town) -> None:
    [store] = await town.open_shops()
    town.clock.pass_by(2 * KEY_LIVES)
    await town.change(store, price=13_000)
    workers = ("one", "other")
    await asyncio.gather(*(converge(town.around, store, owner=name) for name in workers))
    assert (await town.account()).requests[RENEWED] == 2  # the first came with the store


async def test_what_is_sent_after_a_slow_renewal_stays_in_doubt_as_long_as_any_other(
    town: Town,
) -> None:
    await town.dial(Dial(fault=Fault.TOKEN_DEATH, route="/v1/items*", method="POST", times=1))
    [store] = await town.order(await town.settle(products=1))
    connector = with_connector(town, SlowToRenew)
    connector.town = town
    with pytest.raises(Killed):
        await town.pass_over(store)
    [doubt] = (await town.work_of(store)).doubts
    assert connector.sent_at is not None
    may_be_sent = connector.sent_at + town.around.lease_span
    assert doubt.until - may_be_sent >= town.around.call_deadline + connector.manifest.settle


class SlowToRenew(RehearsalConnector):
    """Its key dies before the first listing, takes long to renew, and the worker dies once the listing is sent."""

    town: Town
    sent_at: datetime | None = None

    async def renew(self, access: Access) -> Credentials:
        self.town.clock.pass_by(timedelta(seconds=25))
        return await super().renew(access)

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        await super().create_listings(access, drafts)
        self.sent_at = self.town.clock()
        raise Killed
