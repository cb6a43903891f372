"""The settings of an import, read from config/intake: limits, column words, the texts of what is asked."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, PositiveInt

from onboarder.model.ids import normal
from onboarder.rules.categories import Categories


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileLimits(_Table):
    """What a workbook may cost; checked before and while opening."""

    megabytes: PositiveInt
    entries: PositiveInt
    ratio: PositiveInt
    rows: PositiveInt
    columns: PositiveInt
    cell_characters: PositiveInt
    memory_megabytes: PositiveInt
    seconds: PositiveInt


class ValueLimits(_Table):
    """Bounds of believable values: rupiah, grams, pieces, characters, days around the programme."""

    price_lowest: PositiveInt
    price_highest: PositiveInt
    weight_lowest: PositiveInt
    weight_highest: PositiveInt
    stock_highest: PositiveInt
    name_characters: PositiveInt
    training_days_before: PositiveInt
    training_days_after: PositiveInt


class PhotoLimits(_Table):
    """What a picture may cost and how it is stored."""

    megapixels: PositiveInt
    longest_side: PositiveInt
    quality: PositiveInt
    file_megabytes: PositiveInt
    archive_megabytes: PositiveInt
    archive_entries: PositiveInt
    ratio: PositiveInt


class Limits(_Table):
    """config/intake/limits.toml."""

    file: FileLimits
    values: ValueLimits
    photos: PhotoLimits


class Required(_Table):
    """Sets of fields of which one must be complete for a row to be a header."""

    merchants: tuple[frozenset[str], ...]
    products: tuple[frozenset[str], ...]


class ColumnWords(_Table):
    """config/intake/columns.toml: header words per field, units in headers, answers in cells."""

    merchants: dict[str, tuple[str, ...]]
    products: dict[str, tuple[str, ...]]
    everywhere: dict[str, tuple[str, ...]]
    required: Required
    units: dict[str, tuple[str, ...]]
    answers: dict[str, frozenset[str]]

    @cached_property
    def merchant_fields(self) -> dict[str, str]:
        """Normalised header to field, for a merchants' sheet."""
        return _inverted(self.merchants | self.everywhere)

    @cached_property
    def product_fields(self) -> dict[str, str]:
        """Normalised header to field, for a products' sheet."""
        return _inverted(self.products | self.everywhere)

    @cached_property
    def unit_words(self) -> tuple[tuple[str, str], ...]:
        """Normalised unit words and what they mean, the longest first."""
        return tuple(sorted(_inverted(self.units).items(), key=lambda pair: -len(pair[0])))


class Question(_Table):
    """The texts of one asked code: what is wrong and what is expected, in both languages."""

    id: str
    id_expected: str
    en: str
    en_expected: str


@dataclass(frozen=True)
class IntakeRules:
    """Everything configurable about an import."""

    limits: Limits
    words: ColumnWords
    questions: dict[str, Question]
    categories: Categories

    @classmethod
    def load(cls, config: Path) -> Self:
        """Read `config/intake/*.toml` and `config/categories/goods.toml`; raises OSError, ValueError with the fault."""
        intake = config / "intake"
        questions = _toml(intake / "verdicts.toml")
        return cls(
            limits=Limits.model_validate(_toml(intake / "limits.toml")),
            words=ColumnWords.model_validate(_toml(intake / "columns.toml")),
            questions={code: Question.model_validate(texts) for code, texts in questions.items()},
            categories=Categories.load(config / "categories" / "goods.toml"),
        )


def _toml(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _inverted(words: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Word to meaning; ValueError if one word has two meanings."""
    found: dict[str, str] = {}
    for meaning, synonyms in words.items():
        for synonym in map(normal, synonyms):
            if found.setdefault(synonym, meaning) != meaning:
                raise ValueError(
                    f"columns.toml: “{synonym}” means both {found[synonym]} and {meaning}"
                )
    return found
