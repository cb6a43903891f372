"""Merchant rows against the known merchants: who is new, changed, unchanged, or to be asked about."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from onboarder.intake.asked import AskedCode
from onboarder.intake.importing import Change, KnownRegister, Outcome
from onboarder.intake.ledger import Ledger
from onboarder.intake.likeness import People
from onboarder.intake.rows import Answer, Candidate, Finding, MerchantRow
from onboarder.model.ids import MarketCode, MerchantId, ProgrammeCode, merchant_id
from onboarder.model.people import Merchant


@dataclass(frozen=True, slots=True)
class Person:
    """A row and who it speaks of: the id it would get by itself, and the one a decision gives it."""

    row: MerchantRow
    derived: MerchantId
    actual: MerchantId
    market: MarketCode

    @property
    def alias(self) -> bool:
        return self.derived != self.actual


@dataclass(slots=True)
class MerchantPlan:
    """The merchants' part of an import plan; `people` are all merchants as they will be."""

    people: People
    new: list[Merchant] = field(default_factory=list[Merchant])
    changed: list[Change[Merchant]] = field(default_factory=list[Change[Merchant]])
    unchanged: list[MerchantId] = field(default_factory=list[MerchantId])
    decisions: dict[str, str] = field(default_factory=dict[str, str])
    """All decisions, known and new."""


def plan_merchants(
    rows: Sequence[MerchantRow], programme: ProgrammeCode, known: KnownRegister, ledger: Ledger
) -> MerchantPlan:
    """Pure, apart from the ledger that it writes."""
    return _Planner(rows, programme, known, ledger).planned()


class _Planner:
    def __init__(
        self,
        rows: Sequence[MerchantRow],
        programme: ProgrammeCode,
        known: KnownRegister,
        ledger: Ledger,
    ) -> None:
        self._rows = rows
        self._programme = programme
        self._known = known
        self._ledger = ledger
        self._plan = MerchantPlan(People(known.merchants.values()), decisions=dict(known.decisions))
        self._here = {derived for row in rows if (derived := self._derived(row))}

    def planned(self) -> MerchantPlan:
        groups: defaultdict[MerchantId, list[Person]] = defaultdict(list)
        for row in self._rows:
            person = self._person(row)
            if person is not None:
                groups[person.actual].append(person)
        for actual, persons in groups.items():
            self._settle(actual, persons)
        return self._plan

    def _derived(self, row: MerchantRow) -> MerchantId | None:
        if row.market is None or row.key is None:
            return None
        return merchant_id(self._programme, row.market, row.key)

    def _person(self, row: MerchantRow) -> Person | None:
        """Who the row speaks of, or None if the row is held back."""
        derived = self._derived(row)
        findings = [*row.findings, *self._missing(row)]
        if findings or derived is None or row.market is None:
            self._ledger.hold(row.place, findings)
            return None
        actual = self._actual(row, derived)
        return None if actual is None else Person(row, derived, actual, row.market)

    def _missing(self, row: MerchantRow) -> Iterable[Finding]:
        """Questions about required cells that are blank, unless something was found in their column already."""
        asked = {finding.code for finding in row.findings}
        if row.market is None and AskedCode.MARKET_UNKNOWN not in asked:
            yield self._ledger.question(row.place, AskedCode.MARKET_MISSING, "market")
        if row.key is None and not row.findings:
            yield self._ledger.question(row.place, AskedCode.KEY_MISSING, "number")

    def _actual(self, row: MerchantRow, derived: MerchantId) -> MerchantId | None:
        """Follows the row's answer or an earlier one; None if the answer leaves open who is meant."""
        if derived in self._known.merchants:
            return derived
        if row.answer is Answer.NEW:
            self._plan.decisions[derived] = derived
        elif row.answer is Answer.SAME:
            target = self._target(row, derived)
            if target is None:
                return None
            self._plan.decisions[derived] = target
        return MerchantId(self._plan.decisions.get(derived, derived))

    def _target(self, row: MerchantRow, derived: MerchantId) -> MerchantId | None:
        named = {self._plan.decisions.get(one, one) for one in row.same_as}
        like = self._plan.people.like(self._merchant(derived, row, None))
        choices = named or {one.id for one in like}
        found = [
            one
            for one in map(MerchantId, choices)
            if one in self._known.merchants or one in self._here
        ]
        if len(choices) == 1 and found and found[0] != derived:
            return found[0]
        about = [candidate(one) for one in like]
        self._ledger.ask(
            row.place, AskedCode.DECISION_UNCLEAR, "same_as", " ".join(row.same_as), about
        )
        return None

    def _settle(self, actual: MerchantId, persons: Sequence[Person]) -> None:
        """Rows of the person's own key speak; rows known to be the same person speak only where there is none.

        A row that is just being answered "the same" says nothing more: else two files would take turns.
        """
        before = self._known.merchants.get(actual)
        own = [person for person in persons if not person.alias]
        speaking = own or [person for person in persons if person.row.answer is None][:1]
        after = [self._merchant(actual, person.row, before) for person in speaking]
        if self._doubtful(speaking, after, before) or (before is None and not own):
            self._hold_rest(actual, persons)
            return
        self._ledger.settle([person.row.place for person in persons], Outcome.REPEATED)
        if speaking:
            self._take(before, after[0])
            self._ledger.settle([speaking[0].row.place], _outcome(before, after[0]))

    def _hold_rest(self, actual: MerchantId, persons: Sequence[Person]) -> None:
        """Whoever is said to be the same as somebody held back waits as well, and the answer with them."""
        for person in persons:
            if person.derived not in self._known.decisions:
                self._plan.decisions.pop(person.derived, None)
            if not self._ledger.held(person.row.place):
                self._ledger.ask(person.row.place, AskedCode.DECISION_UNCLEAR, "same_as", actual)

    def _doubtful(
        self, speaking: Sequence[Person], after: Sequence[Merchant], before: Merchant | None
    ) -> bool:
        """Holds the speaking rows back if they contradict each other, lack a name or are like someone else."""
        if not after or (before is None and speaking[0].alias):
            return False
        places = [person.row.place for person in speaking]
        first = after[0]
        if any(other != first for other in after):
            for place, person in zip(places, speaking, strict=True):
                field = "number" if person.row.number else "phone"
                self._ledger.ask(place, AskedCode.KEY_TWICE, field, person.row.key or "")
        elif not first.name:
            for place in places:
                self._ledger.ask(place, AskedCode.NAME_MISSING, "name")
        elif before is None and first.id not in self._plan.decisions:
            about = [candidate(one) for one in self._plan.people.like(first)]
            for place in places if about else ():
                self._ledger.ask(
                    place, AskedCode.LIKELY_SAME_MERCHANT, "decision", first.name, about
                )
        return any(map(self._ledger.held, places))

    def _take(self, before: Merchant | None, after: Merchant) -> None:
        self._plan.people.put(after)
        match _outcome(before, after):
            case Outcome.NEW:
                self._plan.new.append(after)
            case Outcome.CHANGED if before is not None:
                self._plan.changed.append(Change(before, after))
            case _:
                self._plan.unchanged.append(after.id)

    def _merchant(self, actual: MerchantId, row: MerchantRow, before: Merchant | None) -> Merchant:
        """The row's values; a blank cell says nothing, so what is known stays."""
        empty = Merchant(
            actual, self._programme, row.market or MarketCode(""), row.key or "", "", "", "", None
        )
        old = before or empty
        return Merchant(
            id=actual,
            programme=self._programme,
            market=row.market or old.market,
            register_key=old.register_key,
            name=row.name or old.name,
            shop_name=row.shop_name or old.shop_name,
            stall=row.stall or old.stall,
            phone=row.phone or old.phone,
            email=row.email or old.email,
            goods=row.goods or old.goods,
            trained_on=row.trained_on or old.trained_on,
            trained_by=row.trained_by or old.trained_by,
        )


def candidate(merchant: Merchant) -> Candidate:
    """A merchant as proposed to whoever decides."""
    where = ", ".join(part for part in (merchant.market, merchant.stall) if part)
    return Candidate(merchant.id, f"{merchant.name} ({where})")


def new_decisions(plan: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Those not known yet or answered otherwise now."""
    return {subject: answer for subject, answer in plan.items() if known.get(subject) != answer}


def _outcome(before: Merchant | None, after: Merchant) -> Outcome:
    if before is None:
        return Outcome.NEW
    return Outcome.UNCHANGED if before == after else Outcome.CHANGED
