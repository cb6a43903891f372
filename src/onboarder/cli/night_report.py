"""The result of a reconciliation, for the screen, for machines and for files."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType

from onboarder.cli.tables import Cell, facts, table
from onboarder.cli.wording import Words
from onboarder.records.findings import Finding
from onboarder.records.runs import RunRecord

SHOWN = 50
"""Single drifts shown on screen; --json and the report files have them all."""
_COLUMNS = (
    "drift",
    "outcome",
    "market",
    "stall",
    "marketplace",
    "product",
    "field",
    "ours",
    "theirs",
    "remark",
    "store",
    "reference",
)


@dataclass(frozen=True)
class NightReport:
    """One run with what it found."""

    words: Words
    run: RunRecord
    found: Sequence[Finding]

    @property
    def title(self) -> str:
        return self.words("reconcile.title", run=self.run.id)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What the run was, line by line."""
        run, words = self.run, self.words
        ended = f"{run.ended_at:%Y-%m-%d %H:%M:%S} UTC" if run.ended_at else "-"
        scope = ", ".join(f"{name} {value}" for name, value in run.scope.items())
        return [
            (words("word.state"), words(f"run_state.{run.state}")),
            (words("word.scope"), scope or words("word.everything")),
            (words("word.begun"), f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC ({run.requested_by})"),
            (words("word.ended"), ended),
            (words("word.stores"), f"{run.stores}"),
            (words("word.unseen"), f"{run.unseen}" if run.ended_at else "-"),
            (words("word.drifts"), f"{len(self.found)}"),
        ]

    @property
    def outcomes(self) -> list[str]:
        return sorted({one.drift.outcome for one in self.found})

    @property
    def totals(self) -> list[list[Cell]]:
        """Class by class, how many came to which outcome, in the order of `outcomes`."""
        kinds = sorted({one.drift.kind for one in self.found})
        return [
            [
                self.words(f"drift.{kind}"),
                *(
                    sum((d.drift.kind, d.drift.outcome) == (kind, outcome) for d in self.found)
                    for outcome in self.outcomes
                ),
            ]
            for kind in kinds
        ]

    @property
    def totals_header(self) -> list[str]:
        said = [self.words.maybe(f"outcome.{one}", one) for one in self.outcomes]
        return [self.words("word.drift"), *said]

    @property
    def header(self) -> list[str]:
        return [self.words(f"word.{name}") for name in _COLUMNS]

    def rows(self) -> list[list[str]]:
        """Every drift, in the columns of `header`."""
        return [self._row(one) for one in self.found]

    def document(self) -> dict[str, object]:
        run = self.run
        return {
            "run": run.id,
            "state": run.state,
            "scope": run.scope,
            "requested_by": run.requested_by,
            "started_at": run.started_at.isoformat(),
            "ended_at": run.ended_at.isoformat() if run.ended_at else None,
            "stores": run.stores,
            "unseen": run.unseen,
            "totals": run.totals,
            "drifts": [_document(one) for one in self.found],
        }

    def render(self) -> list[RenderableType]:
        parts: list[RenderableType] = [facts(self.facts)]
        if self.found:
            parts.append(table(self.totals_header, self.totals))
            parts.append(table(self.header[:10], [row[:10] for row in self.rows()[:SHOWN]]))
        return parts

    def _row(self, one: Finding) -> list[str]:
        drift, words = one.drift, self.words
        field = words.maybe(f"field.{drift.field}", drift.field or "")
        return [
            words(f"drift.{drift.kind}"),
            words.maybe(f"outcome.{drift.outcome}", drift.outcome),
            one.market,
            one.stall,
            one.marketplace,
            one.product,
            field,
            self._value(drift.field, drift.wanted),
            self._value(drift.field, drift.observed),
            drift.detail,
            drift.store_id,
            drift.reference or drift.remote_id or "",
        ]

    def _value(self, field: str | None, value: str) -> str:
        """A field's value as it is; where no field differs, what differs is a state."""
        if field is not None:
            return value
        words = self.words
        return words.maybe(f"listing_state.{value}", words.maybe(f"store_state.{value}", value))


def _document(one: Finding) -> dict[str, object]:
    drift = one.drift
    return {
        "id": drift.id,
        "class": drift.kind,
        "outcome": drift.outcome,
        "policy": drift.policy,
        "store": drift.store_id,
        "marketplace": one.marketplace,
        "market": one.market,
        "stall": one.stall,
        "reference": drift.reference,
        "remote_id": drift.remote_id,
        "product": one.product,
        "field": drift.field,
        "wanted": drift.wanted,
        "observed": drift.observed,
        "detail": drift.detail,
    }
