"""The quality scale for writing connectors: rules as data, a connector's own account of them, and the tier it earns."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

FILE = "quality.toml"
HUMAN = "human"
CHECK, FOLDER = "check:", "folder:"
"""How a rule is checked: by checks of the kit (a pattern of ids), or by a look at the connector's folder."""


class Tier(StrEnum):
    BRONZE = "bronze"
    """Never twice, never lost, nothing told: fit to be tried."""
    SILVER = "silver"
    """Keeps its promises on bad days: fit for a market."""
    GOLD = "gold"
    """Whatever registers hold and people ask: fit for a city."""
    PLATINUM = "platinum"
    """Proven where it works, by people too."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(Frozen):
    """One promise: `rule` says it, `why` gives the reason, `checked` how it is held true."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]+$")
    tier: Tier
    rule: str = Field(min_length=20)
    why: str = Field(min_length=20)
    checked: tuple[str, ...] = Field(min_length=1)

    @property
    def by_machine(self) -> bool:
        return self.checked != (HUMAN,)

    def covers(self, check: str) -> bool:
        """Whether the kit's check with that id holds this rule true."""
        return any(fnmatchcase(check, pattern) for pattern in self.patterns)

    @property
    def patterns(self) -> tuple[str, ...]:
        """Of ids of the kit's checks."""
        return tuple(one.removeprefix(CHECK) for one in self.checked if one.startswith(CHECK))

    @property
    def looks(self) -> tuple[str, ...]:
        """Names of looks at the folder."""
        return tuple(one.removeprefix(FOLDER) for one in self.checked if one.startswith(FOLDER))


class Scale(Frozen):
    rule: tuple[Rule, ...]

    def for_check(self, check: str) -> Rule:
        """The rule that a check belongs to; KeyError if it belongs to none."""
        for rule in self.rule:
            if rule.covers(check):
                return rule
        raise KeyError(check)


class Exempt(Frozen):
    """The rule does not apply to this marketplace."""

    exempt: str = Field(min_length=15)


class Owed(Frozen):
    """The rule is not kept yet; it holds the connector below its tier."""

    todo: str = Field(min_length=15)


class Account(Frozen):
    """A connector's quality.toml."""

    owner: str = Field(min_length=3)
    """Who answers for it."""
    verified: date
    """When it was last run against the marketplace."""
    against: str = Field(min_length=3)
    """Which marketplace in which version or on which day, and whether a real one."""
    rules: Mapping[str, "str | Exempt | Owed"]

    def status(self, rule: Rule) -> "str | Exempt | Owed | None":
        return self.rules.get(rule.id)


@cache
def the_scale() -> Scale:
    """The rules as they stand in this version."""
    text = files("onboarder.connector.testing").joinpath(FILE).read_text(encoding="utf-8")
    return Scale.model_validate(tomllib.loads(text))


def account_of(folder: Path) -> Account:
    """The account in a connector's folder; pydantic's ValidationError or OSError if there is none to read."""
    return Account.model_validate(tomllib.loads((folder / FILE).read_text(encoding="utf-8")))


def faults_of(account: Account, rules: Sequence[Rule]) -> list[str]:
    """What is wrong with an account as such: rules missing, unknown or neither done, exempt nor owed."""
    known = {rule.id for rule in rules}
    missing = [f"{one}: says nothing" for one in sorted(known - account.rules.keys())]
    unknown = [f"{one}: no such rule" for one in sorted(account.rules.keys() - known)]
    odd = [
        f"{name}: {status!r} instead of done, exempt or todo"
        for name, status in account.rules.items()
        if isinstance(status, str) and status != "done"
    ]
    return missing + unknown + odd


def tier_of(account: Account, rules: Iterable[Rule]) -> Tier | None:
    """The highest tier of which, and of all below which, no rule is owed; None if bronze is owed."""
    owed = {rule.tier for rule in rules if not isinstance(account.status(rule), str | Exempt)}
    reached: Tier | None = None
    for tier in Tier:
        if tier in owed:
            return reached
        reached = tier
    return reached


def grade(folder: Path) -> Tier | None:
    """The tier of the connector in a folder."""
    return tier_of(account_of(folder), the_scale().rule)
