"""What an import will do: the plan that the records save in one transaction, or not at all."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from onboarder.intake.rows import Finding, Place
from onboarder.model.goods import Product
from onboarder.model.ids import MerchantId, ProductId
from onboarder.model.people import Merchant

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KnownRegister:
    """What the records hold already, of one programme."""

    merchants: Mapping[MerchantId, Merchant] = field(
        default_factory=dict[MerchantId, Merchant], repr=False
    )
    products: Mapping[ProductId, Product] = field(
        default_factory=dict[ProductId, Product], repr=False
    )
    decisions: Mapping[str, str] = field(default_factory=dict[str, str])
    """Answers to likely duplicates: the id a row would get, to the id it is. The same id: it is someone new."""


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """A known record and what it becomes."""

    before: T
    after: T


class Outcome(StrEnum):
    """What becomes of a data row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REPEATED = "repeated"
    """Says again what another row of this import says, or a person answered that it is the same."""
    HELD_BACK = "held_back"
    """Has a verdict."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a row was not taken."""

    place: Place
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class SheetAccount:
    """Where every row of one sheet went; `kind` is '' for a sheet without known headers."""

    file: str
    sheet: str
    kind: str
    rows: int
    titles: int
    blanks: int
    outside: int
    """Rows of a sheet without known headers."""
    outcomes: Mapping[Outcome, int]

    @property
    def balanced(self) -> bool:
        """Every row is accounted for."""
        return self.rows == self.titles + self.blanks + self.outside + sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """The difference an import makes. Counts in `accounts` are rows; the others are people and products."""

    new_merchants: tuple[Merchant, ...] = ()
    changed_merchants: tuple[Change[Merchant], ...] = ()
    unchanged_merchants: tuple[MerchantId, ...] = ()
    new_products: tuple[Product, ...] = ()
    changed_products: tuple[Change[Product], ...] = ()
    unchanged_products: tuple[ProductId, ...] = ()
    decisions: Mapping[str, str] = field(default_factory=dict[str, str])
    """New answers, to be remembered with the rest."""
    verdicts: tuple[Verdict, ...] = ()
    accounts: tuple[SheetAccount, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        """Saving it would leave the records as they are."""
        changed = self.changed_merchants or self.changed_products or self.decisions
        return not (self.new_merchants or self.new_products or changed)

    @property
    def total(self) -> Mapping[Outcome, int]:
        """Data rows of all sheets by outcome."""
        found: Counter[Outcome] = Counter()
        for account in self.accounts:
            found.update(account.outcomes)
        return found
