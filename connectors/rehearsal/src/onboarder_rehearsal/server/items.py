"""Items: create one or a batch, find, change, hide, show, page."""

import json
import sqlite3
from collections.abc import Sequence

from onboarder_rehearsal.server.categories import check_category
from onboarder_rehearsal.server.dials import Fault
from onboarder_rehearsal.server.item_rows import (
    encoded,
    insert,
    item_number,
    item_view,
    set_item_phase,
    shelved,
    submit,
)
from onboarder_rehearsal.server.sellers import findable_from
from onboarder_rehearsal.server.shapes import (
    BATCH_MOST,
    PAGE_MOST,
    Batch,
    ItemChange,
    NewItem,
    Shelves,
    grams,
)
from onboarder_rehearsal.server.visit import (
    ItemPhase,
    Refused,
    Reply,
    SellerPhase,
    Spot,
    Visit,
    checked,
)


def create(visit: Visit) -> Reply:
    """One item. Two calls with one key make two items."""
    wanted = visit.read(NewItem)
    number = _add(visit, _lister(visit), wanted)
    return Reply(201, {"item": item_view(visit, _item(visit, number))})


def create_batch(visit: Visit) -> Reply:
    """Up to `BATCH_MOST` items, each judged on its own; results name the item by its key."""
    batch = visit.read(Batch)
    seller = _lister(visit)
    if len(batch.items) > BATCH_MOST:
        raise Refused(422, "batch_too_large", f"at most {BATCH_MOST} items in a batch")
    failing = _share_of(visit, Fault.BATCH_HALF, len(batch.items))
    results = [
        _one_of_batch(visit, seller, item, fails=place in failing)
        for place, item in enumerate(batch.items)
    ]
    missing = _share_of(visit, Fault.BATCH_MISSING, len(results))
    shown = [result for place, result in enumerate(results) if place not in missing]
    if Fault.BATCH_SHUFFLED in visit.strikes:
        visit.chance().shuffle(shown)
    return Reply(200, {"results": shown})


def search_or_page(visit: Visit) -> Reply:
    """With `external_key` the items with exactly that key, oldest first; else a page of all items."""
    if "external_key" in visit.query:
        rows = visit.state.all(
            "SELECT * FROM item WHERE seller_no = ? AND external_key = ? AND findable_from <= ?"
            " AND NOT deleted ORDER BY no",
            visit.seller()["no"],
            visit.query["external_key"],
            visit.now,
        )
        return Reply(200, {"items": [item_view(visit, row) for row in rows], "next": None})
    return _page(visit)


def show(visit: Visit) -> Reply:
    return Reply(200, {"item": item_view(visit, _addressed(visit))})


def change(visit: Visit) -> Reply:
    """Change the fields that are given; new content goes through review again."""
    wanted = visit.read(ItemChange)
    seller = _lister(visit)
    row = _addressed(visit)
    _check_references(visit, seller["no"], wanted.category, wanted.images)
    visit.state.run(
        "UPDATE item SET headline = ifnull(?, headline), blurb = ifnull(?, blurb),"
        " category = ifnull(?, category), mass_grams = ifnull(?, mass_grams),"
        " images = ifnull(?, images), choices = ifnull(?, choices) WHERE no = ?",
        wanted.headline,
        wanted.blurb,
        wanted.category,
        None if wanted.mass_kg is None else grams(wanted.mass_kg),
        None if wanted.images is None else json.dumps(wanted.images),
        None if wanted.choices is None else encoded(wanted.choices),
        row["no"],
    )
    if row["phase"] != ItemPhase.HIDDEN:
        submit(visit.state, visit.rules, row["no"], visit.now)
    return Reply(200, {"item": item_view(visit, _item(visit, row["no"]))})


def restock(visit: Visit) -> Reply:
    """Price and stock of choices that exist; needs no review."""
    wanted = visit.read(Shelves)
    _lister(visit)
    row = _addressed(visit)
    choices = shelved(row["choices"], wanted.choices)
    visit.state.run(
        "UPDATE item SET choices = ?, touched_at = ? WHERE no = ?", choices, visit.now, row["no"]
    )
    return Reply(200, {"item": item_view(visit, _item(visit, row["no"]))})


def hide(visit: Visit) -> Reply:
    """Off sale, but still there."""
    _lister(visit)
    row = _addressed(visit)
    if row["phase"] != ItemPhase.HIDDEN:
        set_item_phase(visit.state, row["no"], ItemPhase.HIDDEN, None, visit.now)
    return Reply(200, {"item": item_view(visit, _item(visit, row["no"]))})


def unhide(visit: Visit) -> Reply:
    """A hidden or turned down item goes through review again; any other stays as it is."""
    _lister(visit)
    row = _addressed(visit)
    check_category(visit.state, row["category"])
    if row["phase"] in {ItemPhase.HIDDEN, ItemPhase.TURNED_DOWN}:
        submit(visit.state, visit.rules, row["no"], visit.now)
    return Reply(200, {"item": item_view(visit, _item(visit, row["no"]))})


def _lister(visit: Visit) -> sqlite3.Row:
    """The calling seller, if it may list now."""
    seller = visit.seller()
    match seller["phase"]:
        case SellerPhase.TRADING:
            pass
        case SellerPhase.SCREENING:
            if not visit.rules.list_before_open:
                raise Refused(409, "seller_in_screening", "the application is still in screening")
        case phase:
            raise Refused(403, f"seller_{phase}", "this seller may not list", [("seller", phase)])
    if seller["pickup"] is None:
        raise Refused(409, "pickup_missing", "set the pickup place first")
    return seller


def _one_of_batch(
    visit: Visit, seller: sqlite3.Row, item: dict[str, object], *, fails: bool
) -> dict[str, object]:
    key = item.get("external_key")
    try:
        wanted = checked(NewItem, lambda: NewItem.model_validate(item))
        if fails:
            raise Refused(503, "busy", "try this item again later")
        number = _add(visit, seller, wanted)
    except Refused as refused:
        return {"external_key": key, "status": "refused", "fault": refused.content(), "item": None}
    view = item_view(visit, _item(visit, number))
    return {"external_key": key, "status": "created", "fault": None, "item": view}


def _share_of(visit: Visit, fault: Fault, size: int) -> set[int]:
    """The places in a batch that a fault strikes."""
    dial = visit.strikes.get(fault)
    if dial is None:
        return set()
    return set(visit.chance().sample(range(size), max(1, round(size * dial.share))))


def _add(visit: Visit, seller: sqlite3.Row, wanted: NewItem) -> int:
    _check_references(visit, seller["no"], wanted.category, wanted.images)
    number = insert(visit.state, seller["no"], wanted, visit.now, findable_from(visit))
    submit(visit.state, visit.rules, number, visit.now)
    return number


def _check_references(
    visit: Visit, seller_no: int, category: str | None, images: Sequence[str] | None
) -> None:
    if category is not None:
        check_category(visit.state, category)
    unknown: list[Spot] = [
        (f"images.{place}", "no such image")
        for place, image in enumerate(images or ())
        if not visit.state.one(
            "SELECT 1 FROM image WHERE id = ? AND seller_no = ?", image, seller_no
        )
    ]
    if unknown:
        raise Refused(422, "image_unknown", "upload the images first", unknown)


def _item(visit: Visit, number: int) -> sqlite3.Row:
    row = visit.state.one("SELECT * FROM item WHERE no = ? AND NOT deleted", number)
    if row is None:
        raise Refused(404, "item_unknown", "no such item")
    return row


def _addressed(visit: Visit) -> sqlite3.Row:
    row = _item(visit, item_number(visit.places["item"]))
    if row["seller_no"] != visit.seller()["no"]:
        raise Refused(404, "item_unknown", "no such item")
    return row


def _page(visit: Visit) -> Reply:
    """Items by number: later ones are only ever added behind the cursor, so none is skipped or shown twice."""
    limit = _whole(visit.query.get("limit", str(PAGE_MOST)), "limit")
    after = visit.query.get("after")
    rows = visit.state.all(
        "SELECT * FROM item WHERE seller_no = ? AND no > ? AND findable_from <= ? AND NOT deleted"
        " ORDER BY no LIMIT ?",
        visit.seller()["no"],
        0 if after is None else item_number(after),
        visit.now,
        min(limit, PAGE_MOST) + 1,
    )
    page = rows[: min(limit, PAGE_MOST)]
    following = f"I{page[-1]['no']}" if len(rows) > len(page) else None
    return Reply(200, {"items": [item_view(visit, row) for row in page], "next": following})


def _whole(text: str, name: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise Refused(422, "fields_refused", "not a number", [(name, "must be a number above 0")])
    return int(text)
