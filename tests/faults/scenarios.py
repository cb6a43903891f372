"""The laboratory's scenarios: modules of this folder, each in its full form and in one that takes a minute or so."""

from dataclasses import dataclass

Arguments = tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """`python -m tests.faults.MODULE ARGUMENTS` ends with its findings as its last line."""

    module: str
    full: Arguments = ()
    short: Arguments = ()

    @property
    def forms(self) -> tuple[Arguments, ...]:
        """Full and short, once if they are the same."""
        return (self.full,) if self.full == self.short else (self.full, self.short)


SHORT = ("--short",)
SCENARIOS = (
    Scenario("crash_sweep", short=("--stride", "32")),
    Scenario("kill_storm", short=("--kills", "20", "--merchants", "200")),
    Scenario("redis_trouble", short=SHORT),
    Scenario("database_trouble", short=SHORT),
    Scenario("frozen_worker", short=("--stops", "8")),
    Scenario("poison"),
    Scenario("outage", short=SHORT),
    Scenario("limits", short=SHORT),
    Scenario("fairness", short=SHORT),
    Scenario("hosts", short=SHORT),
    Scenario("stall_lane", ("--orders", "20"), ("--orders", "3")),
    Scenario("renewal", short=SHORT),
    Scenario("edits", short=SHORT),
    Scenario("ledger", short=("--examples", "25", "--steps", "15")),
    Scenario("city", ("--seeds", "200"), ("--seeds", "4")),
)
