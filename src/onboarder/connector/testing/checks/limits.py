"""Asked to wait: as long as the marketplace says, and nothing is lost by it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.utils import format_datetime

from onboarder.connector.errors import OutcomeUnknown, RateLimited, Unavailable
from onboarder.connector.manifest import Capability
from onboarder.connector.testing.answers import UNAVAILABLE, limited
from onboarder.connector.testing.bench import Bench, Shop, expect, expect_error
from onboarder.connector.testing.check import check
from onboarder.connector.testing.marketplace import Act
from onboarder.connector.testing.proxy import SKEW, Reply, Spoil
from onboarder.connector.testing.samples import a_store

CREATE = Capability.CREATE_LISTING


@check(CREATE)
async def a_limit_with_seconds_is_kept(bench: Bench) -> None:
    """429 with Retry-After: 7 is RateLimited for 7 seconds, on writes and reads alike."""
    await _expect_limited(bench, limited("7"), timedelta(seconds=7), timedelta(seconds=7))


@check(CREATE)
async def a_limit_with_a_date_is_kept(bench: Bench) -> None:
    """429 with Retry-After as a date is RateLimited until then, by the marketplace's own clock."""
    now = bench.subject.clock().replace(microsecond=0) + SKEW
    until = format_datetime(now + timedelta(seconds=7), usegmt=True)
    reply = limited(until, format_datetime(now, usegmt=True))
    await _expect_limited(bench, reply, timedelta(seconds=6), timedelta(seconds=8))


@check(CREATE)
async def a_limit_without_a_time_still_waits(bench: Bench) -> None:
    """429 without Retry-After is RateLimited for more than no time."""
    await _expect_limited(bench, limited(None), timedelta(seconds=1), timedelta(hours=1))


@check(CREATE)
async def a_limited_create_is_undone_and_sent_once(bench: Bench) -> None:
    """A create refused with 429 is sent once, is not there, and succeeds later."""
    shop = await bench.shop()
    content = shop.listing()
    before = bench.sent(Act.CREATE_LISTING)
    bench.spoil(Act.CREATE_LISTING, Spoil.INSTEAD, limited("1"))
    outcome = await shop.try_to_create(content)
    expect(isinstance(outcome, RateLimited), f"ended in {outcome!r}")
    expect(bench.sent(Act.CREATE_LISTING) - before == 1, "sent again before the time was over")
    await shop.create(content)
    await shop.held(content)


@check(Capability.OPEN_STORE)
async def a_limited_opening_leaves_nothing(bench: Bench) -> None:
    """A store whose opening is refused with 429 is not there, and is opened once when it is tried again."""
    content = a_store(bench.reference())
    bench.spoil(Act.OPEN_STORE, Spoil.INSTEAD, limited("1"))
    await expect_error(
        bench.connector.open_store(content), RateLimited, when="the opening was limited"
    )
    expect(not await bench.stores(content), "limited, and yet it is there")
    await bench.connector.open_store(content)
    expect(len(await bench.stores(content)) == 1, "not exactly one store in the end")


@check(CREATE)
async def an_unavailable_create_is_sent_once(bench: Bench) -> None:
    """A create refused with 503 is unknown or put off, sent once, and one listing in the end."""
    shop = await bench.shop()
    content = shop.listing()
    before = bench.sent(Act.CREATE_LISTING)
    bench.spoil(Act.CREATE_LISTING, Spoil.INSTEAD, UNAVAILABLE)
    outcome = await shop.try_to_create(content)
    expect(isinstance(outcome, OutcomeUnknown | Unavailable), f"ended in {outcome!r}")
    expect(bench.sent(Act.CREATE_LISTING) - before == 1, "sent again by itself")
    if await shop.find(content) is None:
        await shop.create(content)
    await shop.held(content)


@check(CREATE)
async def a_limit_of_a_read_is_not_asked_again(bench: Bench) -> None:
    """A read refused with 429 is told at once and not sent again."""
    shop = await bench.shop()
    before = len(bench.proxy.seen)
    bench.spoil_everything(Spoil.INSTEAD, limited("3"))
    await expect_error(shop.find(shop.listing()), RateLimited, when="a read was limited")
    expect(len(bench.proxy.seen) - before == 1, "a limited read was sent again")


async def _expect_limited(
    bench: Bench, reply: Reply, shortest: timedelta, longest: timedelta
) -> None:
    shop = await bench.shop()
    for name, call in _calls(shop).items():
        bench.spoil_everything(Spoil.INSTEAD, reply)
        error = await expect_error(call(), RateLimited, when=f"{name} was limited")
        bench.proxy.calm()
        assert isinstance(error, RateLimited)
        kept = shortest <= error.retry_after <= longest
        expect(kept, f"{name}: waits {error.retry_after}")


def _calls(shop: Shop) -> dict[str, Callable[[], Awaitable[object]]]:
    return {
        "observe_store": lambda: shop.connector.observe_store(shop.access),
        "find_listing": lambda: shop.find(shop.listing()),
        "create_listings": lambda: shop.connector.create_listings(
            shop.access, shop.drafts(shop.listing())
        ),
        "renew": lambda: shop.connector.renew(shop.access),
    }
