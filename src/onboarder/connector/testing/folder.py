"""A connector's folder as data: its papers, its modules, its tests."""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast


@dataclass(frozen=True)
class ConnectorFolder:
    """`connectors/NAME`."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def root(self) -> Path:
        """The repository."""
        return self.path.parents[1]

    @property
    def package(self) -> Path:
        return self.path / "src" / f"onboarder_{self.name}"

    @cached_property
    def pyproject(self) -> Mapping[str, object]:
        return tomllib.loads((self.path / "pyproject.toml").read_text(encoding="utf-8"))

    @cached_property
    def trees(self) -> dict[Path, ast.Module]:
        """The connector's own modules; a practice server beside it is none."""
        paths = [path for path in sorted(self.package.rglob("*.py")) if "server" not in path.parts]
        return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}

    @cached_property
    def readme(self) -> str:
        """Empty if there is none."""
        path = self.path / "README.md"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def section(self, *titles: str) -> str | None:
        """The text under the first heading that contains one of the titles."""
        for match in re.finditer(r"^#+ (.+)\n((?:(?!^#).*\n?)*)", self.readme, re.MULTILINE):
            if any(title in match[1].lower() for title in titles):
                return match[2].strip()
        return None

    def tests(self) -> list[Path]:
        return sorted((self.path / "tests").glob("test_*.py"))


def table(parent: Mapping[str, object], *keys: str) -> Mapping[str, object]:
    """A table inside a TOML table; an empty one if it is not there."""
    for key in keys:
        parent = cast("Mapping[str, object]", parent.get(key, {}))
    return parent


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(tree: ast.Module) -> set[str]:
    """Every module named in an import; `from a import b` counts as `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names
