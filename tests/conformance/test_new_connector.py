"""The guide for a new connector, followed: scaffold it, run its tests, find it at bronze or better, clean and listed."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tools.new_connector import main as new_connector

from onboarder.connector.testing.quality import Tier, account_of, grade, the_scale

ROOT = Path(__file__).resolve().parents[2]
CLAIMED = "wire-fixtures or shows-late or answers_every_rule"
"""The tests that concern the rules falsely claimed below."""
ENOUGH_OF_A_ROOT = """
import pytest

@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """As much of the repository as the scaffold touches."""
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    shutil.copytree(ROOT / "connectors/_template", tmp_path / "connectors/_template")
    (tmp_path / "conftest.py").write_text(ENOUGH_OF_A_ROOT)
    (tmp_path / "src").symlink_to(ROOT / "src")  # so that ruff knows which imports are ours
    return tmp_path


def run(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(tree / "connectors/blibli/src")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_connector_passes_tier_one_untouched(tree: Path) -> None:
    assert new_connector(["blibli"], tree) == 0

    tests = run(tree, "pytest", "-q", "-p", "no:cacheprovider", "connectors/blibli")

    assert tests.returncode == 0, tests.stdout[-3000:]
    assert grade(tree / "connectors/blibli") in {Tier.BRONZE, Tier.SILVER}


def test_a_new_connector_is_lint_clean_and_keeps_nothing_of_the_template(tree: Path) -> None:
    new_connector(["blibli"], tree)
    folder = tree / "connectors/blibli"

    lint = run(tree, "ruff", "check", "--no-cache", "connectors/blibli")
    layout = run(tree, "ruff", "format", "--no-cache", "--check", "connectors/blibli")

    assert lint.returncode == 0, lint.stdout
    assert layout.returncode == 0, layout.stdout
    texts = [path.read_text() for path in folder.rglob("*") if path.is_file()]
    assert not any("emplate" in text for text in texts)
    assert not any("template" in path.name for path in folder.rglob("*"))


def test_a_new_connector_is_listed_in_the_two_places_at_the_root(tree: Path) -> None:
    new_connector(["blibli"], tree)

    root = tomllib.loads((tree / "pyproject.toml").read_text())

    assert root["project"]["optional-dependencies"]["blibli"] == ["onboarder-blibli"]
    assert root["project"]["optional-dependencies"]["all"][0].endswith(",blibli]")
    assert root["tool"]["uv"]["sources"]["onboarder-blibli"] == {"workspace": True}


@pytest.mark.parametrize("name", ["", "Blibli", "two words", "template", "../x", "9gag"])
def test_a_name_that_cannot_be_used_makes_nothing(
    tree: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_connector([name], tree) == 2

    assert "cannot be used" in capsys.readouterr().out
    assert [path.name for path in (tree / "connectors").iterdir()] == ["_template"]


def test_a_connector_is_never_made_twice(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_connector(["blibli"], tree)

    assert new_connector(["blibli"], tree) == 2

    assert "exists already" in capsys.readouterr().out


def test_the_guide_names_every_module_of_the_template_in_ten_steps() -> None:
    guide = (ROOT / "docs/howto/add-a-connector.md").read_text(encoding="utf-8")
    package = ROOT / "connectors/_template/src/onboarder_template"
    modules = {path.name for path in package.glob("*.py")} - {"__init__.py"}

    assert [f"## {number}. " in guide for number in range(1, 12)] == [True] * 10 + [False]
    assert [name for name in sorted(modules) if f"`{name}`" not in guide] == []
    assert "make connector NAME=" in guide


def test_the_template_owes_nothing_of_bronze() -> None:
    account = account_of(ROOT / "connectors/_template")
    bronze = [rule for rule in the_scale().rule if rule.tier is Tier.BRONZE]

    assert [rule.id for rule in bronze if account.status(rule) != "done"] == []


def test_what_is_called_done_and_is_not_fails_the_connector_s_tests(tree: Path) -> None:
    new_connector(["blibli"], tree)
    account = tree / "connectors/blibli/quality.toml"
    lines = account.read_text().splitlines()
    claims = {
        "wire-fixtures": '"done"',
        "late-visibility": '"done"',
        "small": "",
        "typed": '"soon"',
    }
    told = [f"{n} = {claims[n]}" if (n := one.split(" ")[0]) in claims else one for one in lines]
    account.write_text("\n".join(one for one in told if not one.endswith("= ")))

    tests = run(tree, "pytest", "-q", "-p", "no:cacheprovider", "connectors/blibli", "-k", CLAIMED)

    assert "0 fixtures in tests/wire" in tests.stdout
    assert "late-visibility is not done: the marketplace's control cannot" in tests.stdout
    assert "small: says nothing; typed: 'soon' instead of done" in tests.stdout
