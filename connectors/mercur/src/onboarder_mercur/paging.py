"""Pages of products that hide none, although Mercur counts by position and products may vanish between two pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from onboarder_mercur import wire


@dataclass(frozen=True, slots=True)
class Leaf:
    """New products of one page, and the cursor of the next; None on the last."""

    products: tuple[wire.Product, ...]
    cursor: str | None


async def turn_page(
    fetch: Callable[[int, int], Awaitable[wire.Products]], cursor: str | None, size: int
) -> Leaf:
    """The products after `cursor`. `fetch` answers so many products in the order of their ids, from an offset on.

    Every page is asked for together with the last product of the page before. If that is not there, products were
    removed meanwhile, and the page is looked for further up.
    """
    if cursor is None:
        return _leaf(await fetch(size, 0), 0, "")
    position, _, last = cursor.partition(":")
    start = int(position) - 1
    page = await fetch(size + 1, start)
    while start > 0 and not (page.products and page.products[0].id <= last):
        start = max(0, start - size)
        page = await fetch(size + 1, start)
    return _leaf(page, start, last)


def _leaf(page: wire.Products, start: int, last: str) -> Leaf:
    after = start + len(page.products)
    more = bool(page.products) and after < page.count
    new = tuple(product for product in page.products if product.id > last)
    return Leaf(new, f"{after}:{page.products[-1].id}" if more else None)
