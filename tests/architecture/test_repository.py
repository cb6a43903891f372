"""What the repository must not hold: addresses of registries, paths of one machine; and its lock is sealed."""

import json
import re

import pytest

from tests.architecture.tree import ROOT, files, nothing

FOREIGN = re.compile(
    r"registry\.(npm[j]s|yarnpkg)|pythonhoste[d]\.org|//pyp[i]\.org|/pypi/|"
    r"(?<![\w.~-])/(root|work|home)/\w|/opt/(wheels|pypi)"
)
TEXT = {
    ".css",
    ".html",
    ".ini",
    ".js",
    ".json",
    ".lock",
    ".mako",
    ".md",
    ".py",
    ".sh",
    ".svg",
    ".toml",
    "",
}
PIN = re.compile(r"^(?P<name>[\w.\[\]-]+)==\S+")


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in files()
        if path.suffix in TEXT and path.parent.name != "architecture"
        if (match := FOREIGN.search(path.read_text(encoding="utf-8", errors="replace")))
    ]

    assert nothing(found)


@pytest.mark.parametrize(
    ("lock", "least"), [("requirements.lock", 50), ("tools/bench/peers/requirements.txt", 20)]
)
def test_every_pin_of_a_lock_is_sealed_with_a_hash(lock: str, least: int) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = text.replace("\\\n", " ").splitlines()
    unsealed = [pin for pin in pins if PIN.match(pin) and "--hash=sha256:" not in pin]

    assert len([pin for pin in pins if PIN.match(pin)]) > least
    assert nothing(unsealed)
    assert "://" not in text


def test_every_package_of_the_npm_lock_is_sealed_with_a_hash() -> None:
    lock = json.loads((ROOT / "tests/marketplace/package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if "node_modules" in name}
    unsealed = [
        name
        for name, one in packages.items()
        if "integrity" not in one and not str(one.get("resolved", name)).endswith("/stub")  # ours
    ]

    assert nothing(unsealed)
