"""Every sentence for people exists in Indonesian and in English, and says the same facts."""

import ast
import re
import string
from collections.abc import Iterator
from importlib import import_module
from typing import cast

import pytest

from onboarder.cli.wording import LANGUAGES, read_texts
from onboarder.connector.advice import ErrorRow, ErrorTable
from onboarder.connector.errors import Advice
from onboarder.connector.registry import connector_type, installed
from tests.architecture.tree import Module, core, modules, nothing

CODE = re.compile(r"[a-z]+(\.[a-z_]+)*")


def test_the_command_line_says_everything_in_both_languages() -> None:
    indonesian, english = (read_texts(lang) for lang in LANGUAGES)

    assert nothing(f"only in one language: {key}" for key in indonesian.keys() ^ english.keys())
    assert nothing(key for key in indonesian if _facts(indonesian[key]) != _facts(english[key]))
    assert nothing(
        key for texts in (indonesian, english) for key in texts if not texts[key].strip()
    )


def test_every_key_the_command_line_asks_for_has_a_text() -> None:
    known = read_texts("id")

    unknown = [
        f"{module.where}: {key}"
        for module in core().modules
        if module.room == "cli"
        for key in _keys(module)
        if key not in known
    ]

    assert nothing(unknown)


def test_every_advice_says_in_two_languages_what_happened() -> None:
    advices = list(_advices())

    assert len(advices) > 50
    assert nothing(one.code for one in advices if not CODE.fullmatch(one.code))
    assert nothing(one.code for one in advices if not one.id.strip() or not one.en.strip())
    assert nothing(one.code for one in advices if one.id == one.en)


def test_a_code_stands_for_one_advice() -> None:
    said: dict[str, set[Advice]] = {}
    for one in _advices():
        said.setdefault(one.code, set()).add(one)

    assert nothing(code for code, advices in said.items() if len(advices) > 1)


@pytest.mark.parametrize("name", installed())
def test_what_a_marketplace_asks_of_people_is_said_in_both_languages(name: str) -> None:
    steps = connector_type(name).manifest.human_steps

    assert nothing(step.en for step in steps if not step.id.strip() or step.id == step.en)
    assert nothing(step.id for step in steps if not step.en.strip())


def _facts(text: str) -> frozenset[str]:
    """The names in braces."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _keys(module: Module) -> Iterator[str]:
    """Constant first arguments of `words(...)`, however the words are reached."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("words"):
            continue
        if node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def _advices() -> Iterator[Advice]:
    """Those that stand as constants in modules, alone or in tables."""
    for module in modules():
        if "Advice" in module.text and not module.name.endswith("__main__"):
            yield from _inside(tuple(vars(import_module(module.name)).values()))


def _inside(value: object) -> Iterator[Advice]:
    match value:
        case Advice():
            yield value
        case ErrorRow():
            yield value.advice
        case ErrorTable():
            yield from _inside(value.rows)
        case tuple():
            for one in cast("tuple[object, ...]", value):
                yield from _inside(one)
        case _:
            return
