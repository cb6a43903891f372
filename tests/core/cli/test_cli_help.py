"""Help comes at once, in both languages, and every text is there."""

import ast
import re
import resource
import string
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from enum import StrEnum
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup

import onboarder
from onboarder.cli.checks import Level
from onboarder.cli.command_line import command_line
from onboarder.cli.exits import Exit
from onboarder.cli.wording import LANGUAGES, Words, read_texts
from onboarder.connector.manifest import Capability, CredentialKind, Limits
from onboarder.converge.file_verdicts import FileState
from onboarder.intake.importing import Outcome
from onboarder.model.shop import ListingField, ListingState, StoreState
from onboarder.model.work import DriftClass, RunState
from tests.core.cli.office import Office

SOURCE = Path(onboarder.__path__[0])
HEAVY = (
    "rich",
    "pydantic",
    "sqlalchemy",
    "httpx",
    "aiohttp",
    "redis",
    "alembic",
    "structlog",
    "PIL",
    "arq",
)


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from onboarder.cli.main import main; main(['--help']);"
        f"print('imported:', *(one for one in {HEAVY!r} if one in sys.modules))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ended.stdout.splitlines()[-1] == "imported:"


def test_a_look_at_the_status_imports_nothing_that_only_work_needs(office: Office) -> None:
    office.fill()
    unneeded = ("httpx", "aiohttp", "redis", "alembic", "PIL", "arq", "cryptography", "xlsxwriter")
    program = (
        "import sys; from onboarder.cli.main import main; main(['status']);"
        f"print('imported:', *(one for one in {unneeded!r} if one in sys.modules))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ended.stdout.splitlines()[-1] == "imported:"


def test_help_takes_less_than_300_ms_of_processor_time() -> None:
    times: list[float] = []
    for _ in range(3):
        before = _children()
        subprocess.run(
            [sys.executable, "-m", "onboarder", "--help"], capture_output=True, check=True
        )
        times.append(_children() - before)

    assert min(times) < 0.3


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_command_and_option_is_explained(lang: str) -> None:
    explained = [
        (path, command.help, [getattr(option, "help", "") for option in command.params])
        for path, command in _commands(command_line(Words(lang)), "")
    ]

    assert len(explained) > 15
    assert all(text and all(options) for _, text, options in explained)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_help_of_every_command_is_shown_in_the_language(office: Office, lang: str) -> None:
    for path, command in _commands(command_line(Words(lang)), ""):
        if path == "rehearsal":
            continue
        ended = office.run(*path.split(), "--help", "--lang", lang)
        shown = " ".join(ended.out.split())

        assert ended.code == 0
        assert " ".join((command.help or "").split()) in shown


def test_no_arguments_show_the_help(office: Office) -> None:
    ended = office.run()

    assert (ended.code, "Commands:" in ended.out) == (0, True)


def test_both_languages_have_every_key_with_the_same_facts() -> None:
    indonesian, english = (read_texts(lang) for lang in LANGUAGES)

    assert indonesian.keys() == english.keys()
    assert [key for key in indonesian if _facts(indonesian[key]) != _facts(english[key])] == []


STATES: tuple[tuple[str, type[StrEnum]], ...] = (
    ("store_state", StoreState),
    ("listing_state", ListingState),
    ("run_state", RunState),
    ("drift", DriftClass),
    ("field", ListingField),
    ("capability", Capability),
    ("credentials", CredentialKind),
    ("row_outcome", Outcome),
    ("doctor", Level),
    ("file_state", FileState),
)


@pytest.mark.parametrize(("section", "states"), STATES, ids=[name for name, _ in STATES])
def test_every_state_has_a_word(section: str, states: type[StrEnum]) -> None:
    assert [one for one in states if f"{section}.{one}" not in read_texts("id")] == []


def test_every_limit_and_every_exit_code_has_a_word() -> None:
    texts = read_texts("en")

    assert [one.name for one in fields(Limits) if f"limit.{one.name}" not in texts] == []
    assert [one for one in Exit if f"exit.{one.name.lower()}" not in texts] == []


def test_every_text_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (SOURCE / "cli").glob("*.py"))
    composed = {name for name, _ in STATES} | {
        "help",
        "option",
        "exit",
        "limit",
        "outcome",
        "doctor",
        "plan",
        "word",
        "sheet_kind",
    }

    unused = [
        key
        for key in read_texts("id")
        if key.partition(".")[0] not in composed and f'"{key}"' not in code
    ]

    assert unused == []


def test_every_problem_can_be_said_in_indonesian() -> None:
    silent = [
        f"{path.relative_to(SOURCE)}:{call.lineno}"
        for path in SOURCE.rglob("*.py")
        if not path.is_relative_to(SOURCE / "demo")
        for call in _problems(path)
        if not {"id_message"} <= {one.arg for one in call.keywords}
    ]

    assert silent == []


def _problems(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and re.fullmatch(r"\w*Problem", ast.unparse(node.func)):
            yield node


def _commands(group: TyperGroup, path: str) -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    for name, command in group.commands.items():
        assert isinstance(command, TyperCommand | TyperGroup)
        yield f"{path}{name}", command
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{path}{name} ")


def _facts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
