"""The exact account of what the marketplace holds, for whoever judges a run."""

from collections import Counter, defaultdict

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee.shelf import GONE, Item, all_shops, items_where


def account(state: State, *, brief: bool = False) -> dict[str, object]:
    """Totals, doubles and calls; unless `brief` also every shop, and every item by SKU."""
    items = [item for item in items_where(state, "1 ORDER BY id") if item.status not in GONE]
    short: dict[str, object] = {
        "totals": {
            "shops": state.count("SELECT count(*) FROM shop"),
            "items": len(items),
            "items_by_status": dict(Counter(item.status for item in items)),
            "items_without_sku": sum(1 for item in items if not item.sku),
            "images": state.count("SELECT count(*) FROM image"),
        },
        "duplicates": _doubles(items),
        "creates": state.count("SELECT count(*) FROM item WHERE NOT by_hand"),
        "calls": calls(state),
        "errors": _counted(state, "error", "error <> ''"),
        "faults": faults(state),
        "late_pending": state.count("SELECT count(*) FROM late"),
        "pushes": _states(state),
    }
    if brief:
        return short
    by_sku: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    for item in items:
        by_sku[item.sku].append(item.model_dump())
    shops = {str(shop.shop_id): shop.model_dump() for shop in all_shops(state)}
    return short | {"shops": shops, "items": dict(by_sku)}


def calls(state: State) -> dict[str, int]:
    """Calls by method and path."""
    rows = state.all("SELECT method, route, count(*) AS n FROM log GROUP BY 1, 2")
    return {f"{row['method']} {row['route']}": row["n"] for row in rows}


def faults(state: State) -> dict[str, int]:
    """How often each fault struck, dials taken away since included."""
    met: Counter[str] = Counter()
    for names, number in _counted(state, "dial", "dial IS NOT NULL").items():
        for name in names.split(","):
            met[name] += number
    return dict(met)


def _states(state: State) -> dict[str, int]:
    rows = state.all("SELECT state, count(*) AS n FROM push GROUP BY 1")
    return {row["state"]: row["n"] for row in rows}


def _counted(state: State, column: str, condition: str) -> dict[str, int]:
    rows = state.all(f"SELECT {column} AS it, count(*) AS n FROM log WHERE {condition} GROUP BY 1")
    return {str(row["it"]): row["n"] for row in rows}


def _doubles(items: list[Item]) -> list[str]:
    counts = Counter((item.shop_id, item.sku) for item in items if item.sku)
    return sorted(sku for (_, sku), number in counts.items() if number > 1)
