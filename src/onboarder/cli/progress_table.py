"""Progress as a table and as data."""

from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table

from onboarder.cli.tables import Cell, table
from onboarder.cli.wording import Words, harmless
from onboarder.model.shop import ListingState, StoreState
from onboarder.records.progress import Progress


def progress_table(words: Words, parts: Sequence[Progress]) -> Table:
    """A line per market and marketplace; only the states that occur have a column."""
    stores = _occurring(StoreState, [one.stores for one in parts])
    listings = _occurring(ListingState, [one.listings for one in parts])
    header = [words("word.market"), words("word.marketplace")]
    header += [words.maybe(f"store_state.{one}", harmless(one)) for one in stores]
    header += [
        f"{words('word.listings')}: {words.maybe(f'listing_state.{one}', harmless(one))}"
        for one in listings
    ]
    header += [words("word.wanted"), words("word.busy"), words("word.waiting"), words("word.tasks")]
    rows: list[list[Cell]] = [
        [
            one.market,
            one.marketplace,
            *(one.stores.get(state, 0) for state in stores),
            *(one.listings.get(state, 0) for state in listings),
            one.wanted,
            one.busy,
            one.waiting,
            one.tasks,
        ]
        for one in parts
    ]
    return table(header, rows)


def progress_document(parts: Sequence[Progress]) -> list[dict[str, object]]:
    return [
        {
            "market": one.market,
            "marketplace": one.marketplace,
            "stores": one.stores,
            "listings": one.listings,
            "listings_wanted": one.wanted,
            "running": one.running,
            "due": one.due,
            "soon": one.soon,
            "waiting": one.waiting,
            "failing": one.failing,
            "tasks": one.tasks,
            "next_at": one.next_at.isoformat() if one.next_at else None,
        }
        for one in parts
    ]


def _occurring(known: Iterable[str], counts: Sequence[Mapping[str, int]]) -> list[str]:
    """The states that occur: known ones in their order, then those that only another release knows."""
    there = {state for one in counts for state in one}
    return [one for one in known if one in there] + sorted(there - set(known))
