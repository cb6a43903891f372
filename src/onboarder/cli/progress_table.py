"""Progress as a table and as data."""

from collections.abc import Sequence

from rich.table import Table

from onboarder.cli.tables import Cell, table
from onboarder.cli.wording import Words
from onboarder.model.shop import ListingState, StoreState
from onboarder.records.progress import Progress


def progress_table(words: Words, parts: Sequence[Progress]) -> Table:
    """A line per market and marketplace; only the states that occur have a column."""
    stores = [state for state in StoreState if any(state in one.stores for one in parts)]
    listings = [state for state in ListingState if any(state in one.listings for one in parts)]
    header = [words("word.market"), words("word.marketplace")]
    header += [words(f"store_state.{state}") for state in stores]
    header += [f"{words('word.listings')}: {words(f'listing_state.{one}')}" for one in listings]
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
