"""Everything the command line says, by key, in Indonesian and English, from texts/{id,en}.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

LANGUAGES = ("id", "en")
_FOLDER = Path(__file__).parent / "texts"


class Words:
    """The texts of one language. Calling it with a key and facts gives the sentence."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._texts = read_texts(lang)

    def __call__(self, key: str, **facts: object) -> str:
        """The sentence; KeyError if the language has no such key or the sentence needs another fact."""
        return self._texts[key].format(**facts)

    def maybe(self, key: str, otherwise: str) -> str:
        """The text if there is one, for words that come from data (a state, a class of drift)."""
        return self._texts.get(key, otherwise)

    def either(self, indonesian: str, english: str) -> str:
        """Of two texts that came with the data, the one in this language."""
        return indonesian if self.lang == "id" else english


def harmless(text: str) -> str:
    """The text without control characters: a marketplace's words must not steer a terminal."""
    return "".join(" " if _steers(one) else one for one in text)


@cache
def read_texts(lang: str) -> Mapping[str, str]:
    """All texts of a language by dotted key."""
    return dict(_flat(tomllib.loads((_FOLDER / f"{lang}.toml").read_text(encoding="utf-8")), ""))


def _flat(table: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            found += _flat(cast("dict[str, object]", value), f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", str(value)))
    return found


def _steers(character: str) -> bool:
    return character not in "\n\t" and (character < " " or "\x7f" <= character <= "\x9f")
