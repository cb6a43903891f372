"""The house style, as far as a machine can see it."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.architecture.tree import ROOT, Module, core, files, modules, nothing

LONGEST_MODULE = 300
LONGEST_TEST_MODULE = 400
LONGEST_FUNCTION = 45

ALLOWED: Mapping[str, Mapping[str, str]] = {
    "long modules": {},
    "long functions": {
        "src/onboarder/records/migrations/versions/0001_the_first_schema.py": "a list of tables",
    },
    "Any": {
        "src/onboarder/records/codec.py": "pydantic's plain values on their way into a row",
    },
    "print": {
        "src/onboarder/demo/run.py": "the account at the end is the command's result",
    },
    "the time of day": {
        "src/onboarder/application.py": "the clock that all other code is given",
        "src/onboarder/cli/journal.py": "when the program itself crashed",
        "src/onboarder/connector/http.py": "default of the clock it is given",
    },
    "BEGIN": {
        "src/onboarder/records/engines.py": "the one place that opens connections",
        "connectors/rehearsal/src/onboarder_rehearsal/server/state.py": "the practice marketplace's own file",
    },
    "engine": {
        "src/onboarder/records/engines.py": "the one place that opens connections",
    },
    "knows that it is tested": {},
}
"""What is found although it should not be, and why it may stay."""

MARKETPLACES = re.compile(r"shopee|tokopedia|tik ?tok|lazada|blibli|mercur|medusa", re.IGNORECASE)
REASON = re.compile(r"#\s*(noqa|type: ignore|pyright: ignore)[^#]*?(#| - |\()\s*\w+")
SILENCED = re.compile(r"#\s*(noqa\b|type: ignore|pyright: ignore)")


def _is_long(module: Module) -> bool:
    return len(module.text.splitlines()) > LONGEST_MODULE


def _has_long_function(module: Module) -> bool:
    functions = [node for node in ast.walk(module.tree) if isinstance(node, _FUNCTION)]
    return any(_lines(function) > LONGEST_FUNCTION for function in functions)


def _says_any(module: Module) -> bool:
    return module.path.name != "wire.py" and "typing.Any" in module.imports


def _prints(module: Module) -> bool:
    return any(name == "print" for name in _calls(module))


def _asks_the_time(module: Module) -> bool:
    return any(
        re.fullmatch(r"(datetime\.)?(datetime|date)\.(now|utcnow|today)|time\.time", name)
        for name in _calls(module)
    )


def _says_begin(module: Module) -> bool:
    return any(re.match(r"BEGIN\b", text) for text in _strings(module))


def _opens_an_engine(module: Module) -> bool:
    return any(name.endswith(("create_engine", "create_async_engine")) for name in _calls(module))


def _knows_tests(module: Module) -> bool:
    if module.name.startswith("onboarder.connector.testing"):
        return False  # the kit that connectors' tests inherit
    return any(re.search(r"PYTEST|ONBOARDER_TEST|unittest", text) for text in _strings(module))


FINDERS: Mapping[str, Callable[[Module], bool]] = {
    "long modules": _is_long,
    "long functions": _has_long_function,
    "Any": _says_any,
    "print": _prints,
    "the time of day": _asks_the_time,
    "BEGIN": _says_begin,
    "engine": _opens_an_engine,
    "knows that it is tested": _knows_tests,
}


@pytest.mark.parametrize("what", FINDERS)
def test_production_code_avoids(what: str) -> None:
    found = {module.where for module in modules() if FINDERS[what](module)}

    assert nothing(found - set(ALLOWED[what]))
    assert nothing(f"{path} does not need its exception" for path in set(ALLOWED[what]) - found)


def test_the_core_knows_no_marketplace_by_name() -> None:
    named = {
        f"{module.where}: {text}"
        for module in core().modules
        for text in (*_strings(module), *_names(module))
        if MARKETPLACES.search(text)
    }

    assert nothing(named)


def test_whoever_silences_a_checker_says_why() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files()
        if path.suffix == ".py" and path.parent.name != "architecture"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if SILENCED.search(line) and not REASON.search(line)
    ]

    assert nothing(silent)


def test_test_modules_stay_readable() -> None:
    long = [
        str(path.relative_to(ROOT))
        for path in files()
        if path.match("test_*.py") and len(path.read_text().splitlines()) > LONGEST_TEST_MODULE
    ]

    assert nothing(long)


_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _calls(module: Module) -> Iterator[str]:
    """The dotted names that are called."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def _names(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def _strings(module: Module) -> Iterator[str]:
    """String constants that the program uses, not its docstrings."""
    prose = {
        id(node.value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value
