"""What a scenario of the laboratory found, as its process prints it and the report reads it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """One row of docs/reliability.md. `kept`: whether the scenario's whole promise held, times and ratios included."""

    scenario: str
    runs: int
    seeds: str
    """What repeats it: seeds or steps; "-" if nothing is random."""
    duplicates: int
    lost: int
    stuck: int
    seconds: float
    kept: bool
    note: str = ""


def tell(findings: Sequence[Finding]) -> int:
    """Print the findings as one line of JSON, the last of the process; returns its exit code, 0 if all were kept."""
    sys.stdout.write(json.dumps([asdict(one) for one in findings]) + "\n")
    return 0 if all(one.kept for one in findings) else 1
