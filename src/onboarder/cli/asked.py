"""What every command understands, wherever it stands on the line: --json, --lang, --debug."""

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from onboarder.cli.wording import LANGUAGES
from onboarder.problems import UsageProblem


@dataclass(frozen=True, slots=True)
class Asked:
    """How the answer is wanted, and the rest of the line."""

    rest: tuple[str, ...] = ()
    lang: str = ""
    as_json: bool = False
    debug: bool = False


def read_line(line: Sequence[str]) -> Asked:
    """The line without the options that every command has; `UsageProblem` for an unknown language."""
    asked = Asked(lang=_configured_language())
    words = list(line)
    while words:
        word = words.pop(0)
        name, _, value = word.partition("=")
        if word == "--":
            return replace(asked, rest=(*asked.rest, word, *words))
        if word == "--json":
            asked = replace(asked, as_json=True)
        elif word == "--debug":
            asked = replace(asked, debug=True)
        elif name == "--lang":
            asked = replace(asked, lang=_language(value or (words.pop(0) if words else "")))
        else:
            asked = replace(asked, rest=(*asked.rest, word))
    return asked


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise UsageProblem(
            f"--lang takes id or en, not {text!r}",
            id_message=f"--lang harus id atau en, bukan {text!r}",
        )
    return text


def _configured_language() -> str:
    """As `Settings.lang`, but without its slow import and without its faults: help must always come."""
    lang = os.environ.get("ONBOARDER_LANG", "")
    path = Path(os.environ.get("ONBOARDER_CONFIG_DIR", "config")) / "onboarder.toml"
    if not lang and path.is_file():
        try:
            lang = str(tomllib.loads(path.read_text(encoding="utf-8")).get("lang", ""))
        except (OSError, ValueError):
            lang = ""
    return lang if lang in LANGUAGES else "id"
