"""What we have just created and find off sale is put on sale, whatever the marketplace calls it."""

from dataclasses import replace

from onboarder.connector.contract import Access
from onboarder.converge import agreed
from onboarder.converge.renewal import opened
from onboarder.model.ids import Reference, StoreId
from onboarder.model.recorded import RELIST
from onboarder.model.shop import ListingState
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.core.converge.samples import NOW, content, planned, shown
from tests.support.town import REHEARSAL, Town


async def test_a_create_in_doubt_found_off_sale_is_put_on_sale(town: Town) -> None:
    await town.dial(Dial(fault=Fault.LOST_AFTER, route="/v1/items*", method="POST", times=1))
    [store] = await town.order(await town.settle(products=1))
    await town.pass_over(store)
    await hide(town, store)

    await town.run_until_quiet()

    assert (await town.account()).states() == ["live"]
    assert (await town.listing(store)).state is ListingState.LIVE


def test_what_was_on_sale_before_and_is_found_off_sale_is_left_to_a_person() -> None:
    off = shown(content(), state=ListingState.WITHDRAWN)

    found = agreed.adopted(planned(content()), content(), off, now=NOW)
    sent = agreed.adopted(planned(content()), content(), off, now=NOW, just_sent=True)
    again = agreed.adopted(replace(sent, remote_id=None), content(), off, now=NOW)

    assert RELIST not in found.repairs
    assert RELIST in sent.repairs
    assert RELIST in again.repairs


def test_a_draft_of_ours_found_again_is_put_on_sale() -> None:
    draft = shown(content(), state=ListingState.DRAFT)

    assert RELIST in agreed.adopted(planned(content()), content(), draft, now=NOW).repairs


async def hide(town: Town, store: StoreId) -> None:
    """As a marketplace does that keeps what was created off sale until it is told otherwise."""
    work, connector = await town.work_of(store), town.around.marketplaces[REHEARSAL].connector
    assert work.credentials is not None
    assert work.store.remote_id is not None
    held = await opened(town.around.vault, work.store, work.credentials)
    access = Access(work.store.reference, work.store.remote_id, held.credentials)
    found = await connector.find_listing(access, Reference(work.products[0].id))
    assert found is not None
    await connector.withdraw_listing(access, found.remote_id)
