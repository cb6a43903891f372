"""What a check is: a name, how well it is, what was found, how to mend it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from onboarder.application import Application
from onboarder.cli.wording import Words
from onboarder.problems import Problem
from onboarder.settings import Settings


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    """Work goes on, but less well."""
    FAIL = "fail"
    """Work cannot go on."""

    @property
    def rank(self) -> int:
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's."""

    name: str
    level: Level
    text: str
    mend: str = ""

    @classmethod
    def failed(cls, name: str, problem: Problem, words: Words) -> "Check":
        """A problem as a failed check."""
        message, hint = problem.said(words.lang)
        return cls(name, Level.FAIL, message, hint)


@dataclass(frozen=True, slots=True)
class Ward:
    """What the checks look at."""

    words: Words
    settings: Settings
    app: Application
    clock: Callable[[], datetime]

    def well(self, name: str, text: str) -> Check:
        return Check(self.words(f"doctor.{name}"), Level.OK, text)

    def found(self, name: str, level: Level, key: str, **facts: object) -> Check:
        """A finding with the sentences doctor.KEY and doctor.KEY_mend."""
        text, mend = self.words(f"doctor.{key}", **facts), self.words(f"doctor.{key}_mend", **facts)
        return Check(self.words(f"doctor.{name}"), level, text, mend)

    def failed(self, name: str, problem: Problem) -> Check:
        return Check.failed(self.words(f"doctor.{name}"), problem, self.words)


Examination = Callable[[Ward], Awaitable[list[Check]]]
