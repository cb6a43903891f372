"""Many processes, restarts, wrong clocks: a connector needs nothing that another process does not have."""

from dataclasses import replace
from datetime import timedelta

from onboarder.connector.contract import Access
from onboarder.connector.manifest import Capability
from onboarder.connector.testing.bench import Bench, access_to, expect
from onboarder.connector.testing.check import check
from onboarder.connector.testing.proxy import Spoil
from onboarder.model.shop import ObservedListing

CREATE = Capability.CREATE_LISTING


@check(CREATE)
async def another_process_can_go_on(bench: Bench) -> None:
    """With the kept access alone a fresh connector finds, creates and completes as the first one did."""
    shop = await bench.shop()
    first = shop.listing("p1")
    await shop.create(first)
    elsewhere = replace(shop, connector=bench.another_connector())
    held = await shop.held(first)
    expect((await elsewhere.found(first)).remote_id == held.remote_id, "finds another listing")
    await elsewhere.create(shop.listing("p2"))
    await elsewhere.connector.complete_store(shop.access, shop.content)


@check(Capability.OPEN_STORE)
async def a_restored_backup_finds_its_stores(bench: Bench) -> None:
    """Without any kept credentials a fresh connector finds the store by its Reference and can work in it."""
    content, opened = await bench.opened()
    elsewhere = bench.another_connector()
    found = await elsewhere.find_store(content)
    expect(found is not None, "not found")
    assert found is not None
    expect(found.store.remote_id == opened.store.remote_id, "another store")
    seen = await elsewhere.observe_store(access_to(content, found))
    expect(seen is not None, "its credentials do not work")


@check(CREATE)
async def a_wrong_clock_does_no_harm(bench: Bench) -> None:
    """A process whose clock is three hours off either way still opens, creates and finds."""
    for tail, hours in (("late", -3), ("early", 3)):
        connector = bench.another_connector(ahead=timedelta(hours=hours))
        shop = await bench.shop(tail)
        kept: Access = shop.access
        off = replace(shop, connector=connector, access=kept)
        content = shop.listing()
        outcome = await off.try_to_create(content)
        expect(isinstance(outcome, ObservedListing), f"{hours} h off: {outcome!r}")
        expect(await off.find(content) is not None, f"{hours} h off: not found")
        renewed = await connector.renew(kept)
        seen = await connector.observe_store(replace(kept, credentials=renewed))
        expect(seen is not None, f"{hours} h off: renewed credentials do not work")


@check(CREATE)
async def a_skewed_marketplace_does_no_harm(bench: Bench) -> None:
    """A marketplace whose clock is an hour ahead is worked with as any other."""
    bench.spoil_everything(Spoil.SKEWED)
    shop = await bench.shop()
    content = shop.listing()
    await shop.create(content)
    await shop.held(content)
