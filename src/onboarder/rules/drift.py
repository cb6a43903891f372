"""The operator's policies for drifts, from config/rules/drift.toml."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onboarder.model.work import DriftClass, DriftPolicy
from onboarder.problems import ConfigProblem
from onboarder.settings import read_toml


class Plausibility(BaseModel):
    """When a run looks too bad to be true."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vanished_share: float = Field(gt=0, le=1)
    vanished_least: int = Field(ge=1)

    def believes(self, vanished: int, held: int) -> bool:
        """Whether so many vanished of so many listings may be taken for true."""
        return vanished < self.vanished_least or vanished <= self.vanished_share * held


class DriftRules(BaseModel):
    """A policy for every class of drift, and the plausibility stop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Mapping[DriftClass, DriftPolicy]
    plausibility: Plausibility


REPAIRABLE = frozenset(
    {
        DriftClass.VANISHED,
        DriftClass.PRICE_CHANGED,
        DriftClass.STOCK_CHANGED,
        DriftClass.CONTENT_CHANGED,
        DriftClass.STATUS_CHANGED,
    }
)
"""Classes the loop can bring back by itself; for the others `repair` cannot be chosen."""


def read_drift_rules(path: Path) -> DriftRules:
    """The rules; `ConfigProblem` if a class is missing or cannot have its policy."""
    try:
        rules = DriftRules.model_validate(read_toml(path))
    except ValidationError as error:
        raise ConfigProblem(
            f"{path}: {error.errors(include_input=False)[0]['msg']}",
            hint="compare with the project's config/rules/drift.toml",
            id_message=f"{path} tidak bisa dipakai: {error.errors(include_input=False)[0]['msg']}",
            id_hint="bandingkan dengan config/rules/drift.toml milik proyek",
        ) from None
    missing = [one for one in DriftClass if one not in rules.policy]
    wrong = [
        one
        for one, policy in rules.policy.items()
        if policy is DriftPolicy.REPAIR and one not in REPAIRABLE
    ]
    if missing or wrong:
        said = (
            f"no policy for {', '.join(missing)}"
            if missing
            else f"'repair' is not possible for {', '.join(wrong)}"
        )
        raise ConfigProblem(
            f"{path}: {said}",
            hint="set repair, adopt, report or ask",
            id_message=f"{path} tidak bisa dipakai: {said}",
            id_hint="isi dengan repair, adopt, report atau ask",
        )
    return rules
