"""What a person at the marketplace does by hand, in onboarder's words."""

import json
import sqlite3
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from onboarder_rehearsal.server import item_rows, sellers
from onboarder_rehearsal.server.desk import Desk
from onboarder_rehearsal.server.shapes import Choice, NewItem
from onboarder_rehearsal.server.visit import ItemPhase, Refused, SellerPhase


class Note(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str | None = None


class ListingEdit(BaseModel):
    """A change by hand; left out stays. No review and no limits: a person may enter nonsense."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str | None = None
    description: str | None = None
    category: str | None = None
    price: int | None = None
    """Rupiah, of every offer."""
    stock: int | None = None


class OwnListing(BaseModel):
    """A listing the merchant makes there without us; without `reference` it carries none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = "Barang milik pedagang sendiri"
    description: str = ""
    category: str = "1040"
    price: Annotated[int, Field(ge=100)] = 10_000
    stock: int = 1
    weight_grams: Annotated[int, Field(ge=1)] = 250
    reference: str = ""


STORE_ACTS = {
    "approve": SellerPhase.TRADING,
    "refuse": SellerPhase.TURNED_DOWN,
    "suspend": SellerPhase.FROZEN,
    "unsuspend": SellerPhase.TRADING,
    "close": SellerPhase.LEFT,
}
LISTING_ACTS = {
    "approve": ItemPhase.SELLING,
    "reject": ItemPhase.TURNED_DOWN,
    "withdraw": ItemPhase.HIDDEN,
    "relist": ItemPhase.SELLING,
}


def act_on_store(desk: Desk, key: str, act: str, note: Note) -> sqlite3.Row:
    """One of `STORE_ACTS`, or `expire_tokens`, `revoke` and `authorise` for the access of the partner."""
    row = store(desk, key)
    if act in STORE_ACTS:
        phase = STORE_ACTS[act]
        sellers.set_seller_phase(desk.state, row["no"], phase, note.reason)
        desk.announce("seller", row["external_key"], row["external_key"], phase)
    elif act in {"expire_tokens", "revoke", "authorise"}:
        if act != "authorise":
            desk.state.run("DELETE FROM token WHERE seller_no = ?", row["no"])
        if act != "expire_tokens":
            allowed = act == "authorise"
            desk.state.run("UPDATE seller SET authorised = ? WHERE no = ?", allowed, row["no"])
    else:
        raise Refused(404, "act_unknown", f"no act {act!r} on a store")
    return store(desk, f"S{row['no']}")


def delete_store(desk: Desk, key: str) -> None:
    """The store is gone as if it had never been."""
    row = store(desk, key)
    desk.state.run("UPDATE seller SET deleted = 1 WHERE no = ?", row["no"])


def act_on_listing(desk: Desk, key: str, act: str, note: Note) -> sqlite3.Row:
    """One of `LISTING_ACTS`, or `duplicate`; answers the listing, or its copy."""
    row = listing(desk, key)
    if act == "duplicate":
        return _copy(desk, row)
    if act not in LISTING_ACTS:
        raise Refused(404, "act_unknown", f"no act {act!r} on a listing")
    phase = LISTING_ACTS[act]
    item_rows.set_item_phase(desk.state, row["no"], phase, note.reason, desk.now())
    desk.announce("item", row["store"], row["external_key"], phase)
    return listing(desk, f"I{row['no']}")


def edit_listing(desk: Desk, key: str, edit: ListingEdit) -> sqlite3.Row:
    row = listing(desk, key)
    choices = json.loads(row["choices"])
    for choice in choices:
        if edit.price is not None:
            choice["amount_sen"] = edit.price * 100
        if edit.stock is not None:
            choice["on_hand"] = edit.stock
    desk.state.run(
        "UPDATE item SET headline = ifnull(?, headline), blurb = ifnull(?, blurb),"
        " category = ifnull(?, category), choices = ?, touched_at = ? WHERE no = ?",
        edit.title,
        edit.description,
        edit.category,
        json.dumps(choices),
        desk.now(),
        row["no"],
    )
    desk.announce("item", row["store"], row["external_key"], row["phase"])
    return listing(desk, f"I{row['no']}")


def delete_listing(desk: Desk, key: str) -> None:
    row = listing(desk, key)
    desk.state.run("UPDATE item SET deleted = 1 WHERE no = ?", row["no"])


def add_own_listing(desk: Desk, store_key: str, own: OwnListing) -> sqlite3.Row:
    """A listing of the merchant's own, on sale at once."""
    row = store(desk, store_key)
    choice = Choice(sku=own.reference or "sendiri", amount_sen=own.price * 100, on_hand=own.stock)
    wanted = NewItem(
        external_key="sendiri",
        headline=own.title,
        blurb=own.description,
        category=own.category,
        mass_kg=Decimal(own.weight_grams) / 1000,
        choices=(choice,),
    )
    number = item_rows.insert(desk.state, row["no"], wanted, desk.now(), desk.now(), by_hand=True)
    desk.state.run("UPDATE item SET external_key = ? WHERE no = ?", own.reference, number)
    item_rows.set_item_phase(desk.state, number, ItemPhase.SELLING, None, desk.now())
    return listing(desk, f"I{number}")


def store(desk: Desk, key: str) -> sqlite3.Row:
    """A store by its id (`S12`) or reference; the oldest if several carry it."""
    row = desk.state.one(
        "SELECT s.*, (SELECT count(*) FROM item i WHERE i.seller_no = s.no AND NOT i.deleted) AS listings"
        " FROM seller s WHERE ('S' || s.no = ?1 OR s.external_key = ?1) AND NOT s.deleted ORDER BY s.no",
        key,
    )
    if row is None:
        raise Refused(404, "seller_unknown", f"no store {key!r}")
    return row


def listing(desk: Desk, key: str) -> sqlite3.Row:
    """A listing by its id (`I345`) or reference; the oldest if several carry it."""
    row = desk.state.one(
        "SELECT i.*, s.external_key AS store FROM item i JOIN seller s ON s.no = i.seller_no"
        " WHERE ('I' || i.no = ?1 OR i.external_key = ?1) AND NOT i.deleted ORDER BY i.no",
        key,
    )
    if row is None:
        raise Refused(404, "item_unknown", f"no listing {key!r}")
    return row


def _copy(desk: Desk, row: sqlite3.Row) -> sqlite3.Row:
    columns = (
        "seller_no, external_key, headline, blurb, category, mass_grams, images, choices, phase, note,"
        " findable_from"
    )
    number = desk.state.add(
        f"INSERT INTO item ({columns}, touched_at, by_hand)"  # noqa: S608  (fixed names)
        f" SELECT {columns}, ?, 1 FROM item WHERE no = ?",
        desk.now(),
        row["no"],
    )
    return listing(desk, f"I{number}")
