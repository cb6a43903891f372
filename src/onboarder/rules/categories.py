"""Which of our categories a product belongs to, by the words of config/categories/goods.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, TypeAdapter

from onboarder.model.ids import normal

_LONGEST_PHRASE = 4
"""Words of the longest phrase looked for."""


class _Category(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Categories:
    """Our category codes with their names, and the words that lead to them."""

    names: Mapping[str, str]
    """Code to name, as shown to people."""
    exact: Mapping[str, str]
    """Normalised code or name to code."""
    phrases: Mapping[str, str]
    """Normalised phrase to code."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the table; raises OSError, or ValueError when one word leads to two categories."""
        table = TypeAdapter(dict[str, _Category]).validate_python(
            tomllib.loads(path.read_text(encoding="utf-8"))
        )
        names = {code: one.name for code, one in table.items()}
        exact = {normal(text): code for code, name in names.items() for text in (code, name)}
        return cls(names, exact, _phrases(table))

    def code_for(self, text: str) -> str | None:
        """The category a text speaks of, or None.

        A code or a category's own name is taken as it is. Otherwise the first known phrase decides, the longest one at
        that place: Indonesian puts the thing before its attributes, so `tas batik` is a bag, `kerupuk ikan` a cracker.
        """
        plain = normal(text)
        if plain in self.exact:
            return self.exact[plain]
        words = plain.split()
        places = (self._at(words[start:]) for start in range(len(words)))
        return next((code for code in places if code), None)

    def _at(self, words: list[str]) -> str | None:
        lengths = range(min(_LONGEST_PHRASE, len(words)), 0, -1)
        phrases = (" ".join(words[:length]) for length in lengths)
        return next((self.phrases[phrase] for phrase in phrases if phrase in self.phrases), None)


def _phrases(table: dict[str, _Category]) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, category in table.items():
        for phrase in map(normal, category.words):
            if found.setdefault(phrase, code) != code:
                raise ValueError(f"goods.toml: “{phrase}” leads to both {found[phrase]} and {code}")
    return found
