"""The exact account of what the marketplace holds, in onboarder's words, for whoever judges a run."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable

from onboarder_rehearsal.server.desk import Desk
from onboarder_rehearsal.server.state import State
from onboarder_rehearsal.server.visit import ItemPhase, SellerPhase

STORE_STATES = {
    SellerPhase.SCREENING: "in_review",
    SellerPhase.TRADING: "open",
    SellerPhase.TURNED_DOWN: "refused",
    SellerPhase.FROZEN: "suspended",
    SellerPhase.LEFT: "closed",
}
LISTING_STATES = {
    ItemPhase.SCREENING: "in_review",
    ItemPhase.SELLING: "live",
    ItemPhase.TURNED_DOWN: "rejected",
    ItemPhase.HIDDEN: "withdrawn",
}


def account(desk: Desk, *, brief: bool = False) -> dict[str, object]:
    """Totals, doubles and faults met; unless `brief` also every store and listing by reference."""
    state = desk.state
    stores = [store_account(row) for row in state.all(_STORES)]
    listings = [listing_account(row) for row in state.all(_LISTINGS)]
    totals = {
        "stores": len(stores),
        "stores_by_state": dict(Counter(str(store["state"]) for store in stores)),
        "listings": len(listings),
        "listings_by_state": dict(Counter(str(listing["state"]) for listing in listings)),
        "listings_without_reference": sum(1 for listing in listings if not listing["reference"]),
    }
    short: dict[str, object] = {
        "totals": totals,
        "duplicate_stores": _doubles(stores),
        "duplicate_listings": _doubles(listings),
        "creates": creates(state),
        "requests": requests(state),
        "faults": faults(state),
        "late_pending": state.count("SELECT count(*) FROM late"),
        "photos": state.count("SELECT count(*) FROM image"),
        "now": desk.now(),
    }
    if brief:
        return short
    return short | {"stores": _by_reference(stores), "listings": _by_reference(listings)}


def store_account(row: sqlite3.Row) -> dict[str, object]:
    return {
        "id": f"S{row['no']}",
        "reference": row["external_key"],
        "state": STORE_STATES[SellerPhase(row["phase"])],
        "reason": row["note"],
        "complete": row["pickup"] is not None,
        "listings": row["listings"],
    }


def listing_account(row: sqlite3.Row) -> dict[str, object]:
    """A listing with its price in rupiah; `price` and `stock` are the first offer's."""
    offers = {
        choice["sku"]: {"price": choice["amount_sen"] // 100, "stock": choice["on_hand"]}
        for choice in json.loads(row["choices"])
    }
    first = next(iter(offers.values()))
    return {
        "id": f"I{row['no']}",
        "reference": row["external_key"],
        "store": row["store"],
        "store_id": f"S{row['seller_no']}",
        "title": row["headline"],
        "description": row["blurb"],
        "category": row["category"],
        "state": LISTING_STATES[ItemPhase(row["phase"])],
        "reason": row["note"],
        "photos": len(json.loads(row["images"])),
        **first,
        "offers": offers,
        "by_hand": bool(row["by_hand"]),
    }


def creates(state: State) -> dict[str, int]:
    """Creates through the API that were ever committed, those deleted since included."""
    return {
        "stores": state.count("SELECT count(*) FROM seller"),
        "listings": state.count("SELECT count(*) FROM item WHERE NOT by_hand"),
    }


def requests(state: State) -> dict[str, int]:
    """Calls by method, route and status."""
    rows = state.all("SELECT method, route, outcome, count(*) AS n FROM log GROUP BY 1, 2, 3")
    return {f"{row['method']} {row['route']} {row['outcome']}": row["n"] for row in rows}


def faults(state: State) -> dict[str, int]:
    """How often each fault struck, dials taken away since included; `too_fast` counts the 429 of the rules."""
    met: Counter[str] = Counter()
    rows = state.all("SELECT dial, fault, count(*) AS n FROM log GROUP BY 1, 2")
    for row in rows:
        for fault in str(row["dial"] or "").split(","):
            met[fault] += row["n"]
        if row["fault"] == "too_fast" and row["dial"] is None:
            met["too_fast"] += row["n"]
    del met[""]
    return dict(met)


_STORES = """
SELECT s.*, (SELECT count(*) FROM item i WHERE i.seller_no = s.no AND NOT i.deleted) AS listings
FROM seller s WHERE NOT s.deleted ORDER BY s.no
"""
_LISTINGS = """
SELECT i.*, s.external_key AS store FROM item i JOIN seller s ON s.no = i.seller_no
WHERE NOT i.deleted AND NOT s.deleted ORDER BY i.no
"""


def _by_reference(records: Iterable[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    sorted_in: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    for record in records:
        sorted_in[str(record["reference"] or "")].append(record)
    return dict(sorted_in)


def _doubles(records: Iterable[dict[str, object]]) -> list[str]:
    counts = Counter(str(record["reference"]) for record in records if record["reference"])
    return sorted(reference for reference, n in counts.items() if n > 1)
