"""What a question is, and what an answer consists of."""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from pydantic import BaseModel

from tools.bench import questions

ROUNDS = 3


class Row(BaseModel, frozen=True):
    """One line of an answer: a value per round. `unit` is empty for ratios and shares."""

    what: str
    values: tuple[float, ...]
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def holds(self) -> bool:
        """Whether the median meets the goal; True without one."""
        low, high = self.at_least, self.at_most
        return (low is None or self.median >= low) and (high is None or self.median <= high)


@dataclass(frozen=True, slots=True)
class Size:
    """How much to measure. `short`: a form that takes a minute or so, to try a question out."""

    rounds: int = ROUNDS
    short: bool = False

    def of(self, full: int, short: int) -> int:
        return short if self.short else full


@dataclass(frozen=True, slots=True)
class Question:
    """`about` says what is measured, against what, in a sentence or two of the page.

    `unmet` says why its goals may be out of reach. `asked`: where no question is named.
    """

    title: str
    about: str
    measure: Callable[[Size], Sequence[Row]]
    unmet: str = ""
    asked: bool = True


def every_name() -> list[str]:
    """All questions there are."""
    return sorted(one.name for one in pkgutil.iter_modules(questions.__path__))


def names() -> list[str]:
    """The questions that are asked where none is named."""
    return [one for one in every_name() if question(one).asked]


def question(name: str) -> Question:
    """The question of that name; ImportError if there is none."""
    found = importlib.import_module(f"{questions.__name__}.{name}").QUESTION
    if not isinstance(found, Question):
        raise TypeError(f"{name}: QUESTION is no Question")
    return found
