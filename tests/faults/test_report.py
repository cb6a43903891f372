"""The report survives whatever a scenario does, and says what was not kept and how to repeat it."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.faults import report
from tests.faults.findings import Finding
from tests.faults.mechanisms import MECHANISMS
from tests.faults.report import ROOT, Run, broken, page, recorded, run, write
from tests.faults.scenarios import SCENARIOS

GOOD = Finding("a day", 3, "0-2", 0, 0, 0, 1.5, kept=True, note="1|2\nstores")
BAD = Finding("a storm", 1, "7", 2, 1, 0, 9.0, kept=False, note="2 doubles")
ON = date(2026, 11, 24)

Say = Callable[[str], None]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    """Makes `spoken` a scenario that runs these lines."""
    folder = tmp_path / "tests" / "faults"
    folder.mkdir(parents=True)
    monkeypatch.setattr(report, "ROOT", tmp_path)

    def write_module(code: str) -> None:
        (folder / "spoken.py").write_text(code, encoding="utf-8")

    return write_module


def test_the_last_line_of_a_scenario_is_what_it_found(say: Say) -> None:
    found = '[{"scenario":"x","runs":1,"seeds":"-","duplicates":0,"lost":0,"stuck":0,"seconds":1,"kept":false}]'
    say(f"print('so far'); print('{found}'); raise SystemExit(1)")

    told = run("spoken", ("--kills", "3"))

    assert (told.finished, told.kept, told.command) == (True, False, "spoken --kills 3")
    assert [one.scenario for one in told.findings] == ["x"]


@pytest.mark.parametrize(
    "code",
    ["raise ValueError", "pass", "print('no JSON')", "print('[]')", "import os; os.abort()"],
)
def test_a_scenario_that_says_nothing_did_not_finish(say: Say, code: str) -> None:
    say(code)

    told = run("spoken", ())

    assert not told.finished
    assert not told.kept
    assert broken({"spoken": told}) == ["did not finish: python -m tests.faults.spoken"]


def test_a_scenario_that_does_not_end_is_given_up(say: Say) -> None:
    say("import time; time.sleep(60)")

    assert not run("spoken", (), longest=0.5).finished


def test_rows_of_earlier_runs_stay_with_their_own_date_and_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(report, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(report, "FOUND", tmp_path / "found.json")
    before = Run(command="city --seeds 4", on=date(2026, 11, 23), finished=True, findings=(GOOD,))
    write({"city": before})

    kept = recorded(tmp_path / "found.json")
    write(kept | {"kill_storm": Run(command="kill_storm", on=ON, finished=False, findings=())})

    text = (tmp_path / "page.md").read_text("utf-8")
    assert (
        "| a day | 3 | 0-2 | 0 | 0 | 0 | 1.5 | yes | 1/2 stores | 2026-11-23 | `city --seeds 4` |"
        in text
    )
    assert "| **did not finish** | | 2026-11-24 | `kill_storm` |" in text


def test_what_was_not_kept_is_said_with_what_repeats_it() -> None:
    found = Run(command="kill_storm --seed 7", on=ON, finished=True, findings=(GOOD, BAD))

    assert broken({"kill_storm": found}) == [
        "not kept: a storm (2 doubles); seeds 7; python -m tests.faults.kill_storm --seed 7"
    ]


def test_every_scenario_is_a_module_and_every_module_that_tells_is_a_scenario() -> None:
    folder = ROOT / "tests" / "faults"
    modules = [one for one in folder.glob("*.py") if not one.stem.startswith("test_")]
    telling = {one.stem for one in modules if "return tell(" in one.read_text("utf-8")}
    named = {one.module for one in SCENARIOS}

    assert telling <= named <= {one.stem for one in modules}


def test_the_page_names_every_mechanism_with_its_test() -> None:
    text = page({})

    assert [one.test for one in MECHANISMS if f"`{one.test}`" not in text] == []
    assert "Not run yet" in text


def test_the_page_is_the_one_made_of_what_was_found() -> None:
    assert report.PAGE.read_text("utf-8") == page(recorded(report.FOUND))
