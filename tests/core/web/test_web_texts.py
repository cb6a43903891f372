"""The desk says everything in both languages, with the same facts, and every key it asks for has a text."""

import ast
import string
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from onboarder.intake.importing import Outcome
from onboarder.model.people import Actor
from onboarder.model.plans import Change, PlanState
from onboarder.model.shop import ListingField, ListingState, StoreState
from onboarder.model.work import DriftClass, IntentState, RunState
from onboarder.office.forecast import Prospect
from onboarder.office.plans import PlanWhy
from onboarder.office.stuck import PATIENCE
from onboarder.office.words import LANGUAGES, Words, read_texts
from onboarder.people.roles import Role
from onboarder.records.journeys import Stage
from onboarder.records.register_imports import ImportState
from onboarder.web import desk
from onboarder.web.desk.charts import Line, lines
from onboarder.web.desk.html import Html, el

FOLDER = Path(str(desk.__file__)).parent
FAMILIES: dict[str, type[StrEnum]] = {
    "stage": Stage,
    "forecast": Prospect,
    "plan_state": PlanState,
    "plan_why": PlanWhy,
    "change": Change,
    "intent": IntentState,
    "run_state": RunState,
    "drift": DriftClass,
    "field": ListingField,
    "role": Role,
    "actor": Actor,
    "import_state": ImportState,
    "row_outcome": Outcome,
}


def test_the_desk_says_everything_in_both_languages_with_the_same_facts() -> None:
    indonesian, english = (read_texts(lang) for lang in LANGUAGES)

    assert indonesian.keys() == english.keys()
    assert [key for key in indonesian if facts(indonesian[key]) != facts(english[key])] == []
    assert [key for texts in (indonesian, english) for key in texts if not texts[key].strip()] == []


def test_every_key_the_pages_ask_for_has_a_text() -> None:
    known = read_texts("id")

    assert [key for path in FOLDER.glob("*.py") for key in keys(path) if key not in known] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_every_state_has_a_word(family: str) -> None:
    known = read_texts("id")

    assert [one for one in FAMILIES[family] if f"{family}.{one}" not in known] == []


def test_every_state_of_stores_and_listings_has_a_word() -> None:
    known = read_texts("id")

    states = [*StoreState, *ListingState]
    assert [one for one in states if f"state.{one}" not in known] == []
    assert [one for one in PATIENCE if f"stuck.state_{one}" not in known] == []


def test_figures_are_written_as_the_language_writes_them() -> None:
    zone = ZoneInfo("Asia/Jakarta")

    assert Words("id", zone).number(1234.5, 1) == "1.234,5"
    assert Words("en", zone).number(1234.5, 1) == "1,234.5"


def test_texts_are_escaped_and_html_is_not_escaped_twice() -> None:
    inner = el("b", 'a "quoted" <text> & more')

    assert inner == "<b>a &quot;quoted&quot; &lt;text&gt; &amp; more</b>"
    assert el("p", inner, class_='"><script>') == f'<p class="&quot;&gt;&lt;script&gt;">{inner}</p>'
    assert el("input", checked=True, value=None) == "<input checked>"
    assert isinstance(inner, Html)


def test_a_line_stays_inside_its_chart() -> None:
    drawn = lines("t", [Line("done", "t", [0, 50, 999, 2000])], 10, ("a", "b"))

    points = [one for one in drawn.split('points="')[1].split('"')[0].split(" ") if one]
    xs, ys = zip(
        *((float(x), float(y)) for x, y in (one.split(",") for one in points)), strict=True
    )
    assert 0 <= min(xs) <= max(xs) <= 360
    assert 0 <= min(ys) <= max(ys) <= 200
    assert ys[0] > ys[-1], "more stands higher"


def facts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def keys(path: Path) -> Iterator[str]:
    """Constant first arguments of `words(...)`, however the words are reached."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("words"):
            continue
        if node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
