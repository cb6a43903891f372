"""Every refusal that Mercur was seen to give becomes the right next action."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter

from onboarder.connector.errors import MarketplaceError, OutcomeUnknown, Rejected, Unavailable
from onboarder.connector.http import Answer
from onboarder.model.ids import Reference
from onboarder_mercur import advice, errors
from onboarder_mercur.errors import TABLE, doubt_after, impersonal, refusal

RECORDED = Path(__file__).parent / "wire" / "errors.json"
OURS = Reference("knm-7f3k2q8a")


class Case(BaseModel):
    """One recorded refusal, the error it stands for and the code of its advice."""

    model_config = ConfigDict(frozen=True)

    cause: str
    call: str
    status: int
    body: object
    error: str
    code: str


CASES = TypeAdapter(tuple[Case, ...]).validate_json(RECORDED.read_bytes())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.cause)
def test_a_recorded_refusal_says_what_to_do(case: Case) -> None:
    error = _refused(case)

    assert (type(error).__name__, error.advice.code) == (case.error, case.code)
    assert "siti" not in error.detail.casefold()
    assert "@" not in error.detail
    if isinstance(error, OutcomeUnknown):
        assert error.reference == OURS
    if isinstance(error, Unavailable):
        assert error.retry_after == errors.RACE_PAUSE


def test_every_row_was_recorded() -> None:
    """A row that no recording reaches is a guess."""
    reached = {
        row
        for case in CASES
        for row in [TABLE.find(case.status, *_type_and_message(case))]
        if row is not None
    }
    guessed = [row for row in TABLE.rows if row not in reached]

    assert [(row.status, row.message) for row in guessed] == [
        (409, None),
        (404, "^Product variant with id: .*was not found"),
        (404, "^Inventory item with id: .*was not found"),
    ], "from the source of Mercur's error handler, and seen only of the operator's routes"


def test_a_refused_field_is_named_in_our_words() -> None:
    error = _refused(next(case for case in CASES if case.cause == "negative stock"))

    assert isinstance(error, Rejected)
    assert [fault.field for fault in error.fields] == ["stock"]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Seller with name: Toko Siti, Kanoman, already exists.", "name: …"),
        ("Seller with email: a@b.test, already exists.", "email: …"),
        ("someone wrote to siti@umkm.test", "wrote to …"),
        ("call +6281234567890 now", "call … now"),
    ],
)
def test_personal_data_stays_out_of_details(message: str, shown: str) -> None:
    text = impersonal(message)

    assert shown in text
    assert all(word not in text for word in ("Siti", "@", "0812", "8123"))


def test_what_fails_after_a_done_write_is_in_doubt_not_undone() -> None:
    with pytest.raises(OutcomeUnknown) as doubt, doubt_after(OURS, advice.STOCK_LATER):
        raise Unavailable(advice.RACE)

    assert doubt.value.reference == OURS
    assert doubt.value.advice is advice.STOCK_LATER


def _refused(case: Case) -> MarketplaceError:
    body = case.body if isinstance(case.body, str) else json.dumps(case.body)
    return refusal(Answer(case.status, {}, body.encode()), OURS)


def _type_and_message(case: Case) -> tuple[str, str]:
    if isinstance(case.body, str):
        return "", case.body
    said = TypeAdapter(dict[str, str]).validate_python(case.body)
    return said.get("type", ""), said["message"]
