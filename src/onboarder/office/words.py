"""Everything the office is told, by key, in Indonesian and English, from texts/{id,en}.toml."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

LANGUAGES = ("id", "en")
_FOLDER = Path(__file__).parent / "texts"


class Words:
    """The texts of one language, and figures and times as it writes them, in the programme's own time zone."""

    def __init__(self, lang: str, zone: ZoneInfo) -> None:
        self.lang = lang if lang in LANGUAGES else LANGUAGES[0]
        self._zone = zone
        self._texts = read_texts(self.lang)

    def __call__(self, key: str, **facts: object) -> str:
        """The sentence; KeyError if the language has no such key or the sentence needs another fact."""
        return self._texts[key].format(**facts)

    def maybe(self, key: str, otherwise: str) -> str:
        """The text if there is one, for words that come from data."""
        return self._texts.get(key, otherwise)

    def either(self, indonesian: str, english: str) -> str:
        """Of two texts that came with the data, the one in this language."""
        return indonesian if self.lang == "id" else english

    def number(self, value: float, decimals: int = 0) -> str:
        """`1.234,5` in Indonesian."""
        plain = f"{value:,.{decimals}f}"
        return plain if self.lang == "en" else plain.translate(str.maketrans(",.", ".,"))

    def day(self, day: date) -> str:
        """`24 Nov 2026`."""
        return f"{day.day} {self._texts['months'].split()[day.month - 1]} {day.year}"

    def time(self, at: datetime | None) -> str:
        """`24 Nov 2026 13.05`; '–' where there is none."""
        if at is None:
            return "–"
        here = at.astimezone(self._zone)
        clock = f"{here:%H.%M}" if self.lang == "id" else f"{here:%H:%M}"
        return f"{self.day(here.date())} {clock}"

    def age(self, since: datetime, now: datetime) -> str:
        """How long ago, in whole days or hours."""
        past = now - since
        if past < timedelta(hours=1):
            return self("age.now")
        if past.days:
            return self("age.days", count=past.days)
        return self("age.hours", count=past.seconds // 3600)

    def listed(self, items: Iterable[str]) -> str:
        return ", ".join(items)


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
