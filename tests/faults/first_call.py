"""How long until the marketplace hears of a store that a person at a stall just ordered, told by its own log."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from onboarder.model.people import Merchant
from onboarder.records import register
from tests.support.crew import Crew, eventually, is_so, now
from tests.support.town import a_merchant, a_product

Order = Callable[[Merchant], Awaitable[object]]


async def first_call(crew: Crew, number: int, order: Order) -> float:
    """Seconds from the order for a new merchant of that number to the first call about the store."""
    person = a_merchant(number)
    async with crew.database.write() as tx:
        await register.save_merchants(tx, [person], (), now())
        plain = replace(a_product(person, 0), photos=())
        await register.save_products(tx, [plain], (), now())
    return await heard_after(crew, person.id, lambda: order(person))


async def heard_after(crew: Crew, reference: str, begin: Callable[[], Awaitable[object]]) -> float:
    """Seconds from the beginning of `begin` to the first call about the store of that Reference."""
    began = time.time()
    await begin()
    await eventually(lambda: is_so(_heard_of(crew, reference) is not None))
    return (_heard_of(crew, reference) or 0) - began


def _heard_of(crew: Crew, reference: str) -> float | None:
    query: dict[str, str | int] = {"store": reference, "limit": 1}
    rows = crew.marketplace.get("/_control/log", params=query).raise_for_status().json()
    return float(rows[0]["at"]) if rows else None
