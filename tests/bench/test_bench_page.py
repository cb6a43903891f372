"""Questions are found by their being there; the page keeps what was found and says what holds."""

from argparse import Namespace
from datetime import date
from pathlib import Path

import pytest
from tools.bench import page
from tools.bench.__main__ import command
from tools.bench.lag import MOST_MS, lag_goal, lag_row, percentile
from tools.bench.page import Answer, number, recorded, runs, table, write
from tools.bench.question import ROUNDS, Question, Row, every_name, names, question

ON = date(2026, 11, 27)
COST = Row(what="cost | call", values=(3.0, 1.0, 2.0), unit="ms", at_most=1.5, note="alone")
USE = Row(what="use", values=(0.97,), at_least=0.97)
ANSWER = Answer(command="python -m tools.bench --only x", on=ON, seconds=1.5, rows=(COST, USE))


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(page, "FOUND", tmp_path / "performance.json")
    return tmp_path


def written(paper: Path, **answers: Answer) -> str:
    """The page with these answers."""
    write(answers, names())
    return (paper / "performance.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", every_name())
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
    text = (paper / "performance.md").read_text(encoding="utf-8")
    assert f"## {question(first).title}" in text
    assert "Measured on 2026-11-27 in 2 s by `python -m tools.bench --only x` on " in text
    expected = f"Not measured yet: {', '.join(others)}." if others else "Everything was measured."
    assert expected in text


def test_an_answer_without_rows_did_not_finish(paper: Path) -> None:
    lost = Answer(command="python -m tools.bench --only x", on=ON, seconds=1, rows=())
    text = written(paper, start=lost)

    assert not lost.holds
    assert "**It did not finish.**" in text
    assert "- Start and size: It did not finish.\n" in text


def test_what_does_not_hold_stands_at_the_top_with_what_is_said_of_it(
    monkeypatch: pytest.MonkeyPatch, paper: Path
) -> None:
    asked = Question("Cost", "What calls cost.", lambda _: [COST], unmet="Calls are dear.")
    monkeypatch.setattr(page, "question", {"start": asked}.__getitem__)
    text = written(paper, start=ANSWER)

    section = "## What does not hold\n\n- Cost: cost | call: 2 ms, goal ≤ 1.5\n\nCalls are dear.\n"
    assert section in text
    assert text.index(section) < text.index("## Cost\n")


def test_where_every_goal_is_met_that_is_said(paper: Path) -> None:
    text = written(paper, start=ANSWER.model_copy(update={"rows": (USE,)}))

    assert "## What does not hold\n\nEvery goal is met.\n" in text


def test_what_was_found_says_by_itself_when_and_where(paper: Path) -> None:
    now = Answer(command="make bench", seconds=1, rows=(USE,))
    write({"start": now}, names())
    found = (paper / "performance.json").read_text(encoding="utf-8")

    assert recorded(paper / "performance.json") == {"start": now}
    assert str(now.on) in found
    assert now.machine in found
    assert '"at_most"' not in found


def test_an_answer_names_its_run_and_one_from_before_there_were_names_still_loads(
    paper: Path,
) -> None:
    named = ANSWER.model_copy(update={"run": "2026-11-27 17:30"})
    old = '{"start": {"command": "x", "on": "2026-11-27", "seconds": 1, "rows": []}}'
    (paper / "performance.json").write_text(old, encoding="utf-8")

    assert recorded(paper / "performance.json")["start"].run == ""
    made = "Measured on 2026-11-27 in the run of 2026-11-27 17:30 UTC, in 2 s by "
    assert made in written(paper, start=named)


def test_the_page_says_which_answers_were_found_together() -> None:
    one, other = (ANSWER.model_copy(update={"run": f"2026-11-27 1{n}:00"}) for n in (7, 8))

    assert runs({"a": one, "b": one}) == "All answers come from the run of 2026-11-27 17:00 UTC."
    assert runs({"a": ANSWER}) == "All answers come from runs not recorded."
    assert runs({}) == "Nothing was asked yet."
    assert runs({"a": ANSWER, "b": one, "c": other, "d": one}) == (
        "Asked in the run of 2026-11-27 17:00 UTC: b, d. "
        "Asked apart: a in runs not recorded; c in the run of 2026-11-27 18:00 UTC."
    )


@pytest.mark.parametrize(
    ("only", "rounds", "short", "said"),
    [
        (None, ROUNDS, False, "make bench"),
        (None, 1, False, "python -m tools.bench --rounds 1"),
        (["x", "y"], ROUNDS, False, "python -m tools.bench --only x"),
        (["x"], 1, True, "python -m tools.bench --only x --rounds 1 --short"),
    ],
)
def test_the_command_told_is_what_gives_the_answer_again(
    only: list[str] | None, rounds: int, short: bool, said: str
) -> None:
    assert command("x", Namespace(only=only, rounds=rounds, short=short)) == said


def test_what_takes_an_hour_is_only_asked_by_name_and_kept(paper: Path) -> None:
    apart = set(every_name()) - set(names())
    text = written(paper, **dict.fromkeys(apart, ANSWER))

    assert apart == {"campaign_of_9000"}
    assert "campaign_of_9000" not in text.partition("Not measured yet")[2]
    assert recorded(paper / "performance.json").keys() == apart


def test_numbers_have_the_digits_that_mean_something() -> None:
    values = (0.123456, 1.23456, 12.345, 999.7, 12345.6)

    assert [number(one) for one in values] == ["0.123", "1.235", "12.3", "1,000", "12,346"]


def test_a_row_that_does_not_hold_never_looks_as_if_it_did() -> None:
    [line] = table([Row(what="x", values=(1.050004,), at_most=1.05)])[2:]

    assert line == "| x |  | 1.050004 | 1.050004 | 1.050004 | 1 | ≤ 1.05 | **no** |"


def test_the_percentile_of_few_values_is_the_greatest() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert percentile([], 0.99) == 0.0


def test_a_loops_lag_has_a_goal_under_whatever_name_it_is_told() -> None:
    row = lag_row([3.0], "a worker")

    assert row.at_most == lag_goal(row.what) == lag_goal(f"PostgreSQL, {row.what}") == MOST_MS
    assert lag_goal("a worker: calls") is None
