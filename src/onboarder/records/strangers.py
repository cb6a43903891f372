"""What on record belongs to another release or configuration: left alone, counted for whoever looks after the server."""

from collections.abc import Collection
from enum import StrEnum

from sqlalchemy import Column, func, select

from onboarder.model.ids import MarketplaceName
from onboarder.model.shop import ListingState, StoreState
from onboarder.model.work import DriftClass, IntentKind, IntentState, Lane, RunState
from onboarder.records.database import Transaction
from onboarder.records.tables import drift, intent, listing, run, store

_KNOWN: tuple[tuple[Column[str], type[StrEnum]], ...] = (
    (store.c.state, StoreState),
    (store.c.lane, Lane),
    (listing.c.state, ListingState),
    (intent.c.kind, IntentKind),
    (intent.c.state, IntentState),
    (run.c.state, RunState),
    (drift.c.kind, DriftClass),
)


async def strangers(tx: Transaction, known: Collection[MarketplaceName]) -> dict[str, int]:
    """Rows with a word that means nothing here, by column and word; `known` are the configured marketplaces."""
    found = await _unlike(tx, store.c.marketplace, known)
    for column, words in _KNOWN:
        found |= await _unlike(tx, column, words)
    return found


async def _unlike(
    tx: Transaction, column: Column[str], known: Collection[str] | type[StrEnum]
) -> dict[str, int]:
    query = select(column, func.count()).where(column.not_in(list(known))).group_by(column)
    return {f"{column.table.name}.{column.name} {word}": n for word, n in await tx.execute(query)}
