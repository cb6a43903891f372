"""The papers say what is true: commands and options exist, links lead somewhere, words are classes, tables are fresh."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tools.readme_table import main as readme_table
from typer.core import TyperGroup, TyperOption

from onboarder.cli.command_line import command_line
from onboarder.cli.wording import Words
from tests.architecture.tree import ROOT, core, files, members, modules, nothing

PAPERS = [path for path in files() if path.suffix == ".md"]
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
EVERYWHERE = {"--json", "--lang", "--debug", "--help", "-h"}
"""Options that every command of ours takes."""
OTHER_PROGRAMS = {
    ".",
    "cd",
    "cp",
    "docker",
    "export",
    "git",
    "kill",
    "pip",
    "pytest",
    "python",
    "systemctl",
}

CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]+)?\)")
MODULE = re.compile(r"`([\w/]+\.py)`")


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_papers_exist(paper: Path) -> None:
    assert nothing(filter(None, map(_unknown, commands(paper))))


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_in_papers_lead_to_files(paper: Path) -> None:
    targets = [match[1] for match in LINK.finditer(paper.read_text(encoding="utf-8"))]

    assert nothing(
        target for target in targets if "://" not in target and not (paper.parent / target).exists()
    )


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_named_in_papers_exist(paper: Path) -> None:
    packages = (member.folder / "src" / member.package for member in members())
    roots = (ROOT, paper.parent, *packages)

    assert nothing(
        name
        for name in MODULE.findall(paper.read_text(encoding="utf-8"))
        if not any((root / name).exists() for root in roots)
    )


def test_decisions_are_numbered_without_gaps_and_have_their_headings() -> None:
    headings = ["## Context", "## Decision", "## Consequences"]

    for number, path in enumerate(DECISIONS, start=1):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert path.name.startswith(f"{number:04d}-")
        assert lines[0].startswith(f"# {number:04d}. ")
        assert [line for line in lines if line.startswith("## ")] == headings, path.name
        assert re.fullmatch(r"Status: (accepted|replaced by \d{4})", lines[2]), path.name
        assert re.fullmatch(r"Date: \d{4}-\d\d-\d\d", lines[4]), path.name


def test_words_of_the_glossary_are_names_in_the_code() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| `(\w+)` \|", glossary, re.MULTILINE)

    assert len(words) > 15
    assert nothing(set(words) - _public_names())


def test_the_readme_s_table_of_marketplaces_is_fresh() -> None:
    assert readme_table(["--check"]) == 0


def test_the_changelog_speaks_of_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert f"## [{core().version}]" in changelog or "## [Unreleased]" in changelog


def test_every_dependency_is_justified() -> None:
    table = (ROOT / "docs/decisions/0028-dependencies-counted.md").read_text(encoding="utf-8")
    told = set(re.findall(r"[a-z][a-z0-9-]+", table))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.split(r"[^a-z0-9-]", one)[0] for one in project["dependencies"]}

    assert len(named) > 20
    assert nothing(named - told)


def test_the_check_of_commands_bites() -> None:
    assert _unknown("onboarder open --all-trained -m mercur --json") is None
    assert _unknown("onboarder tasks answer 3 done &") is None
    assert _unknown("make demo") is None
    assert _unknown("onboarder opne") is not None
    assert _unknown("onboarder open --al-trained") is not None
    assert _unknown("make demonstration") is not None
    assert _unknown("sudo reboot") is not None


def commands(paper: Path) -> Iterator[str]:
    """The lines after a prompt in a paper's console blocks."""
    for block in CONSOLE.findall(paper.read_text(encoding="utf-8")):
        yield from (line[2:] for line in block.splitlines() if line.startswith("$ "))


def _unknown(command: str) -> str | None:
    """What is wrong with a command, or None."""
    words = [word for word in shlex.split(command, comments=True) if word != "&"]
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    match words:
        case ["onboarder", *arguments]:
            return _unknown_option(command, arguments)
        case ["make", *words] if {word for word in words if "=" not in word} <= _targets():
            return None
        case [program, *_] if program.rpartition("/")[2] in OTHER_PROGRAMS:
            return None
        case _:
            return command


def _unknown_option(command: str, arguments: list[str]) -> str | None:
    """Follow the words into the command line as far as they name commands, then look at the options."""
    group = command_line(Words("en"))
    while arguments and isinstance(inner := group.commands.get(arguments[0]), TyperGroup):
        group, arguments = inner, arguments[1:]
    here = group.commands.get(arguments[0], group) if arguments else group
    if here is group and not group.invoke_without_command:
        return None if set(arguments) <= EVERYWHERE else command
    if here.context_settings.get("ignore_unknown_options"):
        return None
    known = {
        name
        for parameter in here.params
        if isinstance(parameter, TyperOption)
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    options = {word.partition("=")[0] for word in arguments if word.startswith("-")}
    return None if options <= known | EVERYWHERE else command


@cache
def _targets() -> frozenset[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))


def _public_names() -> set[str]:
    """Classes and other names that modules define at their top."""
    names: set[str] = set()
    for module in modules():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Assign):
                names |= {one.id for one in node.targets if isinstance(one, ast.Name)}
    return names
