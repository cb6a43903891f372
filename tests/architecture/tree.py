"""The source tree as data: members, modules, their imports; read once per test session."""

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import cast

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = "onboarder"


@dataclass(frozen=True)
class Module:
    """One module of a distribution's package."""

    path: Path
    name: str
    """Dotted, as imported."""

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> frozenset[str]:
        """Every module named in an import, wherever in the file; `from a import b` counts as `a` and `a.b`."""
        return frozenset(_imports(self.tree))

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    @property
    def room(self) -> str:
        """The core's room (`records`, `settings`), or the package's name for other distributions."""
        return room_of(self.name) if self.package == CORE else self.package

    @property
    def where(self) -> str:
        return str(self.path.relative_to(ROOT))


@dataclass(frozen=True)
class Member:
    """One distribution of the tree: the core, a connector, or the workers."""

    folder: Path

    @cached_property
    def pyproject(self) -> Mapping[str, object]:
        return read_toml(self.folder / "pyproject.toml")

    @property
    def project(self) -> Mapping[str, object]:
        return table(self.pyproject, "project")

    @property
    def name(self) -> str:
        return str(self.project["name"])

    @property
    def package(self) -> str:
        return self.name.replace("-", "_")

    @property
    def version(self) -> str:
        return str(self.project["version"])

    @property
    def dependencies(self) -> frozenset[str]:
        """Distributions it declares, in lower case, without versions and markers."""
        return frozenset(map(requirement_name, texts(self.project["dependencies"])))

    @property
    def connector(self) -> bool:
        return self.folder.parent.name == "connectors"

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        return tuple(_modules(self.folder / "src"))


@cache
def members() -> tuple[Member, ...]:
    """The core first, then connectors by name, then the workers."""
    connectors = sorted((ROOT / "connectors").glob("[!_]*/pyproject.toml"))
    folders = [ROOT, *(path.parent for path in connectors), ROOT / "workers"]
    return tuple(map(Member, folders))


def core() -> Member:
    return members()[0]


def connectors() -> tuple[Member, ...]:
    return tuple(member for member in members() if member.connector)


def modules() -> tuple[Module, ...]:
    """All production modules of all members."""
    return tuple(module for member in members() for module in member.modules)


def room_of(name: str) -> str:
    """`onboarder.records.tables` lies in `records`; the package itself in ``."""
    return [*name.split("."), ""][1]


@cache
def files() -> tuple[Path, ...]:
    """Every file a reader of the repository sees: all but what .gitignore names."""
    return tuple(sorted(_walk(ROOT, _ignored())))


def distribution_of(module: str) -> frozenset[str]:
    """The installed distributions, named as requirements are, that bring a module; none for the standard library."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return frozenset()
    brought_by = _distributions().get(top, [top])
    return frozenset(name.lower().replace("_", "-") for name in brought_by)


def nothing(found: Iterable[str]) -> bool:
    """To be asserted: true if nothing was found, else a failure that lists it line by line."""
    lines = sorted(set(found))
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)
    return True


def read_toml(path: Path) -> Mapping[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def table(parent: Mapping[str, object], *keys: str) -> Mapping[str, object]:
    """A table inside a TOML table."""
    for key in keys:
        parent = cast("Mapping[str, object]", parent[key])
    return parent


def texts(value: object) -> list[str]:
    return [str(one) for one in cast("list[object]", value)]


def requirement_name(requirement: str) -> str:
    """`SQLAlchemy[asyncio]>=2; marker` names `sqlalchemy`."""
    name = requirement
    for end in "[<>=!~; ":
        name = name.partition(end)[0]
    return name.lower()


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _ignored() -> frozenset[str]:
    patterns = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    return frozenset({".git", *(pattern.rstrip("/") for pattern in patterns)})


def _walk(folder: Path, ignored: frozenset[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(path.match(pattern) for pattern in ignored):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path, ignored)
        elif path.is_file():
            yield path


def _modules(source: Path) -> Iterator[Module]:
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        yield Module(path, ".".join(part for part in parts if part != "__init__"))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
