"""The category tree: two levels, only open leaves take items."""

from onboarder_rehearsal.server.state import State
from onboarder_rehearsal.server.visit import Refused, Reply, Visit

TREE: dict[tuple[str, str], dict[str, str]] = {
    ("1000", "Makanan & minuman"): {
        "1010": "Kerupuk, keripik & camilan asin",
        "1020": "Terasi, bumbu & rempah",
        "1030": "Ikan asin & hasil laut kering",
        "1040": "Kue & jajanan",
        "1050": "Kopi, teh & minuman",
        "1060": "Beras & bahan pokok",
        "1070": "Sayur, buah & bahan segar",
    },
    ("2000", "Busana"): {
        "2010": "Batik",
        "2020": "Pakaian",
        "2030": "Alas kaki",
        "2040": "Tas & aksesori",
    },
    ("3000", "Rumah tangga"): {
        "3010": "Alat dapur",
        "3020": "Alat kebersihan",
        "3030": "Sprei & kain rumah",
    },
    ("4000", "Perawatan & kecantikan"): {"4010": "Perawatan badan"},
    ("5000", "Mainan & hobi"): {"5010": "Mainan anak", "5020": "Kerajinan tangan"},
    ("6000", "Elektronik & kantor"): {
        "6010": "Aksesori elektronik",
        "6020": "Alat tulis & plastik",
    },
}


def plant(state: State) -> None:
    """Put the tree into a new state."""
    if state.one("SELECT 1 FROM category"):
        return
    rows: list[tuple[str, str, str | None]] = []
    for (code, label), leaves in TREE.items():
        rows.append((code, label, None))
        rows += [(leaf, name, code) for leaf, name in leaves.items()]
    state.add_all("INSERT INTO category (code, label, parent) VALUES (?, ?, ?)", rows)


def taxonomy(visit: Visit) -> Reply:
    """The tree, nested; closed categories are shown as such."""
    rows = visit.state.all("SELECT * FROM category ORDER BY code")
    branches = [
        {
            "code": root["code"],
            "label": root["label"],
            "open": bool(root["open"]),
            "children": [
                {"code": leaf["code"], "label": leaf["label"], "open": bool(leaf["open"])}
                for leaf in rows
                if leaf["parent"] == root["code"]
            ],
        }
        for root in rows
        if root["parent"] is None
    ]
    return Reply(200, {"taxonomy": branches})


def check_category(state: State, code: str) -> None:
    """Refuse an item whose category is unknown, no leaf, or withdrawn."""
    row = state.one("SELECT parent, open FROM category WHERE code = ?", code)
    if row is None or row["parent"] is None:
        raise Refused(
            422, "category_unknown", "no such category", [("category", "unknown or no leaf")]
        )
    if not row["open"]:
        raise Refused(422, "category_closed", "category withdrawn", [("category", "withdrawn")])


def set_open(state: State, code: str, *, is_open: bool) -> bool:
    """Open or withdraw a category; False if there is none such."""
    return state.run("UPDATE category SET open = ? WHERE code = ?", is_open, code) > 0
