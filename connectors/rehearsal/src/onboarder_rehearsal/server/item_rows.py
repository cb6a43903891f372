"""Items as rows: put in, sent to review, decided, shown."""

import json
import sqlite3
from collections.abc import Sequence

from onboarder_rehearsal.server.rules import Rules
from onboarder_rehearsal.server.shapes import Choice, NewItem, Shelf, banned_word, grams
from onboarder_rehearsal.server.state import State
from onboarder_rehearsal.server.visit import ItemPhase, Refused, Visit


def insert(
    state: State,
    seller_no: int,
    wanted: NewItem,
    now: float,
    findable: float,
    *,
    by_hand: bool = False,
) -> int:
    """A new item in screening; `submit` sends it on."""
    return state.add(
        "INSERT INTO item (seller_no, external_key, headline, blurb, category, mass_grams, images,"
        " choices, phase, findable_from, touched_at, by_hand) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        seller_no,
        wanted.external_key,
        wanted.headline,
        wanted.blurb,
        wanted.category,
        grams(wanted.mass_kg),
        json.dumps(wanted.images),
        encoded(wanted.choices),
        ItemPhase.SCREENING,
        findable,
        now,
        by_hand,
    )


def submit(state: State, rules: Rules, number: int, now: float) -> None:
    """Into review, which decides at once if the rules say so."""
    delay = rules.listing_review_seconds
    state.run(
        "UPDATE item SET phase = ?, note = NULL, review_at = ?, touched_at = ? WHERE no = ?",
        ItemPhase.SCREENING,
        None if delay is None else now + delay,
        now,
        number,
    )
    if delay == 0:
        decide_items(state, rules, now)


def decide_items(state: State, rules: Rules, now: float) -> list[sqlite3.Row]:
    """Decide the items whose time has come; answers the decided rows."""
    due = state.all("SELECT no, headline, blurb FROM item WHERE review_at <= ?", now)
    for row in due:
        word = banned_word(rules.banned_words, row["headline"], row["blurb"])
        phase = ItemPhase.TURNED_DOWN if word else ItemPhase.SELLING
        note = f"judul atau uraian memuat kata terlarang: {word}" if word else None
        set_item_phase(state, row["no"], phase, note, now)
    return due


def set_item_phase(
    state: State, number: int, phase: ItemPhase, note: str | None, now: float
) -> None:
    state.run(
        "UPDATE item SET phase = ?, note = ?, review_at = NULL, touched_at = ? WHERE no = ?",
        phase,
        note,
        now,
        number,
    )


def shelved(choices: str, changes: Sequence[Shelf]) -> str:
    """The stored choices with prices and stocks changed; a refusal if a sku is not there."""
    stored = {choice["sku"]: choice for choice in json.loads(choices)}
    for place, wanted in enumerate(changes):
        if wanted.sku not in stored:
            spot = (f"choices.{place}.sku", "no such choice")
            raise Refused(422, "choice_unknown", "no such choice", [spot])
        stored[wanted.sku] |= wanted.model_dump(exclude={"sku"}, exclude_none=True)
    return json.dumps(list(stored.values()))


def item_view(visit: Visit, row: sqlite3.Row) -> dict[str, object]:
    """An item as answers show it."""
    return {
        "item_no": f"I{row['no']}",
        "external_key": row["external_key"] or None,
        "headline": row["headline"],
        "blurb": row["blurb"],
        "category": row["category"],
        "mass_kg": f"{row['mass_grams'] / 1000:.3f}",
        "images": json.loads(row["images"]),
        "choices": json.loads(row["choices"]),
        "phase": row["phase"],
        "note": row["note"],
        "page": f"{visit.base_url}/toko/S{row['seller_no']}#I{row['no']}",
        "touched_at": visit.when(row["touched_at"]),
    }


def item_number(text: str) -> int:
    """The number in `I345`."""
    if not text.startswith("I") or not text[1:].isdigit():
        raise Refused(404, "item_unknown", "no such item")
    return int(text[1:])


def encoded(choices: Sequence[Choice]) -> str:
    return json.dumps([choice.model_dump() for choice in choices])
