"""Sellers: application, review, access, pickup place."""

import hashlib
import json
import secrets
import sqlite3

from onboarder_rehearsal.server.dials import Fault
from onboarder_rehearsal.server.rules import Rules
from onboarder_rehearsal.server.shapes import Application, Pickup, banned_word
from onboarder_rehearsal.server.state import State
from onboarder_rehearsal.server.visit import Refused, Reply, SellerPhase, Visit


def apply(visit: Visit) -> Reply:
    """A seller applies; two applications with one key make two sellers unless the rules forbid it."""
    wanted = visit.read(Application)
    _forbid_doubles(visit, wanted)
    number = _add(visit, wanted)
    return Reply(201, {"seller": seller_view(visit, _seller(visit, number))})


def search(visit: Visit) -> Reply:
    """The partner's sellers with exactly that external key, oldest first."""
    rows = visit.state.all(
        "SELECT * FROM seller WHERE external_key = ? AND partner = ? AND findable_from <= ?"
        " AND NOT deleted ORDER BY no",
        visit.query.get("external_key", ""),
        visit.partner,
        visit.now,
    )
    return Reply(200, {"sellers": [seller_view(visit, row) for row in rows]})


def issue_token(visit: Visit) -> Reply:
    """A new access token; earlier ones go on until they expire."""
    row = _seller(visit, seller_number(visit.places["seller"]))
    if row["partner"] != visit.partner:
        raise Refused(404, "seller_unknown", "no such seller")
    if not row["authorised"]:
        raise Refused(403, "authorisation_withdrawn", "the owner has withdrawn the authorisation")
    token = secrets.token_urlsafe(24)
    visit.state.run(
        "INSERT INTO token VALUES (?, ?, ?)",
        token_digest(token),
        row["no"],
        visit.now + visit.rules.token_seconds,
    )
    content = {"access_token": token, "expires_in": visit.rules.token_seconds}
    return Reply(201, content)


def show_own(visit: Visit) -> Reply:
    return Reply(200, {"seller": seller_view(visit, visit.seller())})


def set_pickup(visit: Visit) -> Reply:
    """Where parcels are fetched; the same call again changes nothing."""
    pickup = visit.read(Pickup)
    row = visit.seller()
    visit.state.run(
        "UPDATE seller SET pickup = ? WHERE no = ?", pickup.model_dump_json(), row["no"]
    )
    return Reply(200, {"seller": seller_view(visit, visit.seller())})


def decide_sellers(state: State, rules: Rules, now: float) -> list[sqlite3.Row]:
    """Decide the applications whose time has come; answers the decided rows."""
    due = state.all("SELECT no, shop_name, about FROM seller WHERE review_at <= ?", now)
    for row in due:
        word = banned_word(rules.banned_words, row["shop_name"], row["about"])
        phase = SellerPhase.TURNED_DOWN if word else SellerPhase.TRADING
        set_seller_phase(
            state, row["no"], phase, word and f"nama atau uraian toko memuat kata terlarang: {word}"
        )
    return due


def set_seller_phase(
    state: State, number: int, phase: SellerPhase, note: str | None = None
) -> None:
    state.run(
        "UPDATE seller SET phase = ?, note = ?, review_at = NULL WHERE no = ?", phase, note, number
    )


def seller_view(visit: Visit, row: sqlite3.Row) -> dict[str, object]:
    """A seller as answers show it."""
    return {
        "seller_no": f"S{row['no']}",
        "external_key": row["external_key"],
        "shop_name": row["shop_name"],
        "phase": row["phase"],
        "note": row["note"],
        "pickup": json.loads(row["pickup"]) if row["pickup"] else None,
        "page": f"{visit.base_url}/toko/S{row['no']}",
        "applied_at": visit.when(row["applied_at"]),
    }


def findable_from(visit: Visit) -> float:
    """When search begins to find what this call makes."""
    dial = visit.strikes.get(Fault.DELAYED_VISIBILITY)
    return visit.now + (dial.seconds if dial is not None else 0)


def seller_number(text: str) -> int:
    """The number in `S12`."""
    if not text.startswith("S") or not text[1:].isdigit():
        raise Refused(404, "seller_unknown", "no such seller")
    return int(text[1:])


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _seller(visit: Visit, number: int) -> sqlite3.Row:
    row = visit.state.one("SELECT * FROM seller WHERE no = ? AND NOT deleted", number)
    if row is None:
        raise Refused(404, "seller_unknown", "no such seller")
    return row


def _forbid_doubles(visit: Visit, wanted: Application) -> None:
    for rule, column, value, kind in (
        (visit.rules.unique_references, "external_key", wanted.external_key, "key_taken"),
        (visit.rules.unique_names, "shop_name", wanted.shop_name, "name_taken"),
    ):
        if rule and visit.state.one(
            f"SELECT 1 FROM seller WHERE {column} = ? AND NOT deleted",  # noqa: S608  (two fixed names)
            value,
        ):
            raise Refused(409, kind, f"a seller with this {column} exists", [(column, "taken")])


def _add(visit: Visit, wanted: Application) -> int:
    """A new seller, decided at once if the rules say so."""
    delay = visit.rules.store_review_seconds
    number = visit.state.add(
        "INSERT INTO seller (partner, external_key, shop_name, owner, phone, email, about, phase,"
        " review_at, findable_from, applied_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        visit.partner,
        wanted.external_key,
        wanted.shop_name,
        wanted.contact.person,
        wanted.contact.phone,
        wanted.contact.email,
        wanted.about,
        SellerPhase.SCREENING,
        None if delay is None else visit.now + delay,
        findable_from(visit),
        visit.now,
    )
    decide_sellers(visit.state, visit.rules, visit.now)
    return number
