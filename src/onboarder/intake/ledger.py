"""Keeps what becomes of each row while a plan is made."""

from collections.abc import Iterable

from onboarder.intake.asked import AskedCode
from onboarder.intake.headers import Headers
from onboarder.intake.importing import Outcome, Verdict
from onboarder.intake.rows import Candidate, Finding, Place


class Ledger:
    """One outcome per row; a held back row has a verdict with at least one finding."""

    def __init__(self, headers: Headers) -> None:
        self.outcomes: dict[Place, Outcome] = {}
        self._findings: dict[Place, tuple[Finding, ...]] = {}
        self._headers = headers

    def hold(self, place: Place, findings: Iterable[Finding]) -> None:
        """Hold the row back; what was found earlier stays."""
        self._findings[place] = (*self._findings.get(place, ()), *findings)
        self.outcomes[place] = Outcome.HELD_BACK

    def ask(
        self,
        place: Place,
        code: AskedCode,
        field: str,
        read: str = "",
        about: Iterable[Candidate] = (),
    ) -> None:
        """Hold the row back with one question about a field."""
        self.hold(place, [self.question(place, code, field, read, about)])

    def question(
        self,
        place: Place,
        code: AskedCode,
        field: str,
        read: str = "",
        about: Iterable[Candidate] = (),
    ) -> Finding:
        """A finding under the header that the row's sheet gives the field."""
        return Finding(code, self._headers.of(place, field), read, tuple(about))

    def settle(self, places: Iterable[Place], outcome: Outcome) -> None:
        """The rows were taken."""
        self.outcomes.update(dict.fromkeys(places, outcome))

    def held(self, place: Place) -> bool:
        return self.outcomes.get(place) is Outcome.HELD_BACK

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All verdicts in the order of files, sheets and rows."""
        return tuple(Verdict(place, self._findings[place]) for place in sorted(self._findings))
