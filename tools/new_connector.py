"""Make a connector that passes tier one untouched: `python -m tools.new_connector NAME`, or `make connector NAME=x`."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"[a-z][a-z0-9]*")
TEMPLATE = "template"
CACHES = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Returns 2, with a sentence, if the name cannot be used."""
    name = arguments[0] if len(arguments) == 1 else ""
    folder = root / "connectors" / name
    if not NAME.fullmatch(name) or name == TEMPLATE:
        print(f"{name!r} cannot be used: give one word of small letters and digits, NAME=blibli")
        return 2
    if folder.exists():
        print(f"connectors/{name} exists already; choose another name or go on there")
        return 2
    make(name, root)
    print(f"connectors/{name} is made and listed in pyproject.toml. Next: make setup,")
    print(
        f"then .venv/bin/pytest connectors/{name}, then docs/howto/add-a-connector.md from step 3."
    )
    return 0


def make(name: str, root: Path) -> None:
    """Copy the template under its new name and list it in the two places at the root."""
    folder = root / "connectors" / name
    shutil.copytree(root / "connectors" / f"_{TEMPLATE}", folder, ignore=CACHES)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            path.write_text(renamed(path.read_text(encoding="utf-8"), name), encoding="utf-8")
        path.rename(path.with_name(renamed(path.name, name)))
    # A longer or shorter name breaks lines at other places.
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", folder], cwd=root, check=True)
    pyproject = root / "pyproject.toml"
    pyproject.write_text(listed(pyproject.read_text(encoding="utf-8"), name), encoding="utf-8")


def renamed(text: str, name: str) -> str:
    """The text with the template's name replaced in both ways of writing it."""
    return text.replace(TEMPLATE, name).replace(TEMPLATE.capitalize(), name.capitalize())


def listed(pyproject: str, name: str) -> str:
    """The root's pyproject.toml with the connector among the extras and the uv sources."""
    extra = f'{name} = ["onboarder-{name}"]\n'
    source = f"onboarder-{name} = {{ workspace = true }}\n"
    text = re.sub(
        r'^all = \["onboarder\[(.*)\]"\]$',
        rf'{extra}all = ["onboarder[\1,{name}]"]',
        pyproject,
        count=1,
        flags=re.MULTILINE,
    )
    return re.sub(
        r"^onboarder-workers = \{ workspace = true \}\n",
        rf"{source}\g<0>",
        text,
        count=1,
        flags=re.MULTILINE,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
