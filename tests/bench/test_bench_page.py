"""Questions are found by their being there; the page keeps what was found and says what holds."""

from datetime import date
from pathlib import Path

import pytest
from tools.bench import page
from tools.bench.lag import percentile
from tools.bench.page import Answer, number, recorded, table, write
from tools.bench.question import Row, names, question

ON = date(2026, 11, 27)
COST = Row(what="cost | call", values=(3.0, 1.0, 2.0), unit="ms", at_most=1.5, note="alone")
USE = Row(what="use", values=(0.97,), at_least=0.97)
ANSWER = Answer(command="python -m tools.bench --only x", on=ON, seconds=1.5, rows=(COST, USE))


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(page, "FOUND", tmp_path / "performance.json")
    return tmp_path


@pytest.mark.parametrize("name", names())
def test_every_question_says_what_it_asks(name: str) -> None:
    asked = question(name)

    assert asked.title
    assert asked.about.endswith(".")


def test_a_goal_is_met_by_the_middle_of_the_rounds() -> None:
    assert (COST.median, COST.holds, USE.holds) == (2.0, False, True)
    assert Row(what="x", values=(1.0,)).holds


def test_a_row_shows_its_spread_its_goal_and_whether_it_holds() -> None:
    cost, use = table([COST, USE])[2:]

    assert cost == "| cost / call (alone) | ms | 1 | 2 | 3 | 3 | ≤ 1.5 | **no** |"
    assert use == "| use |  | 0.97 | 0.97 | 0.97 | 1 | ≥ 0.97 | yes |"


def test_what_was_found_before_stays_and_what_is_missing_is_said(paper: Path) -> None:
    [first, *others] = names()
    write({first: ANSWER, "gone": ANSWER}, names())

    assert recorded(paper / "performance.json") == {first: ANSWER}
    written = (paper / "performance.md").read_text(encoding="utf-8")
    assert f"## {question(first).title}" in written
    assert "Measured on 2026-11-27 in 2 s by `python -m tools.bench --only x` on " in written
    expected = f"Not measured yet: {', '.join(others)}." if others else "Everything was measured."
    assert expected in written


def test_an_answer_without_rows_did_not_finish(paper: Path) -> None:
    lost = Answer(command="python -m tools.bench --only x", on=ON, seconds=1, rows=())
    write({names()[0]: lost}, names())

    assert not lost.holds
    assert "**It did not finish.**" in (paper / "performance.md").read_text(encoding="utf-8")


def test_numbers_have_the_digits_that_mean_something() -> None:
    assert [number(one) for one in (0.123456, 12.345, 12345.6)] == ["0.123", "12.3", "12,346"]


def test_the_percentile_of_few_values_is_the_greatest() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert percentile([], 0.99) == 0.0
