"""A market to measure on: the demonstration's stage without faults, its sample register imported and ordered."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from onboarder.demo.sample import write_sample
from onboarder.demo.stage import Stage, a_stage
from onboarder.people.key_ring import KeyRingFile

ROOT = Path(__file__).resolve().parents[2]
SEED = 20_261_123
NEXT_TO_UNLIMITED = 10_000
"""Calls a second: the highest budget that can be configured, far above what one process reaches."""
ROWS_ASKED = 3
"""Exit code of an import that asks about some rows; the sample has such rows."""


@contextmanager
def ordered_market(merchants: int, database_url: str | None) -> Generator[Stage]:
    """A running marketplace and a register whose stores are all ordered and not yet worked on."""
    with (
        TemporaryDirectory(prefix="onboarder-bench-") as folder,
        a_stage(ROOT / "config", Path(folder), seed=SEED, faults=False, lang="en") as stage,
    ):
        _configure(stage, database_url)
        sample = write_sample(stage.folder / "register", seed=SEED, merchants=merchants)
        _run(stage, "db", "upgrade")
        _run(stage, "import", *map(str, sample.files), "--verdicts", f"{folder}/verdicts.xlsx")
        stage.start_marketplace()
        _run(stage, "open", "--all-trained", "--marketplace", "rehearsal")
        yield stage


def _configure(stage: Stage, database_url: str | None) -> None:
    (stage.folder / "marketplace.toml").write_text("[rules]\n", encoding="utf-8")
    path = stage.folder / "config/marketplaces/rehearsal.toml"
    kept = path.read_text(encoding="utf-8").partition("[budget]")[0]
    budget = f"[budget]\nper_second = {NEXT_TO_UNLIMITED}\n"
    path.write_text(kept + budget, encoding="utf-8")
    secrets = stage.folder / "secrets"
    KeyRingFile(secrets).create()
    stage.environment["ONBOARDER_SECRETS_DIR"] = str(secrets)
    stage.environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    if database_url is not None:
        stage.environment["ONBOARDER_DATABASE_URL"] = database_url


def _run(stage: Stage, *arguments: str) -> None:
    command = [sys.executable, "-m", "onboarder", *arguments]
    done = subprocess.run(
        command, env=stage.environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, ROWS_ASKED}:
        raise SystemExit(f"onboarder {' '.join(arguments)}: {done.stderr[-3000:]}")
