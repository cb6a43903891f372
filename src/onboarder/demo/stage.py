"""The stage of the demonstration: a folder with its own configuration, and the real processes that run in it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from onboarder.demo.back_office import BackOffice
from onboarder.problems import Problem

START_WITHIN = 20.0
"""Seconds for a process to be ready."""
STOP_WITHIN = 40.0

SETTINGS = """\
# Settings of the demonstration: short waits, so that a night fits into a minute.
programme = "cirebon"
call_deadline_seconds = 3
lease_seconds = 8
sweep_seconds = 0.5
stall_jobs = 20
night_jobs = 20
look_again_seconds = [1, 2, 5]
"""
DRIFT_POLICY = """\
# Policies of the demonstration: what is changed by hand at the marketplace is brought back, so that it can be seen.
[policy]
vanished = "repair"
unknown_to_us = "report"
duplicate = "ask"
price_changed = "repair"
stock_changed = "adopt"
content_changed = "report"
status_changed = "repair"
rejected = "ask"
store_suspended = "ask"
store_vanished = "ask"
authorisation_lost = "ask"

[plausibility]
vanished_share = 0.2
vanished_least = 20
"""
FAULTS = """\
# Answers lost after the work was done, before it, cut short or replaced; refusals to serve; late visibility.
[rules]
listing_review_seconds = 1
store_review_seconds = 1
seed = {seed}

[[dials]]
fault = "lost_after"
method = "POST"
probability = 0.08

[[dials]]
fault = "lost_before"
method = "POST"
probability = 0.03

[[dials]]
fault = "error_after"
method = "POST"
probability = 0.02

[[dials]]
fault = "html"
method = "POST"
probability = 0.01

[[dials]]
fault = "truncated"
probability = 0.01

[[dials]]
fault = "unavailable"
probability = 0.02

[[dials]]
fault = "limited"
seconds = 1
probability = 0.003

[[dials]]
fault = "batch_missing"
probability = 0.05

[[dials]]
fault = "delayed_visibility"
seconds = 1.5
probability = 0.1
"""
CALM = """\
[rules]
listing_review_seconds = 1
store_review_seconds = 1
seed = {seed}
"""


@dataclass
class Stage:
    """A prepared folder; `command` runs onboarder in it exactly as an operator would."""

    folder: Path
    port: int
    back_office: BackOffice
    environment: dict[str, str] = field(repr=False)
    running: list["subprocess.Popen[bytes]"] = field(
        default_factory=list["subprocess.Popen[bytes]"]
    )

    def run(self, *arguments: str, quiet: bool = False) -> "subprocess.CompletedProcess[str]":
        """One command, to its end; with `quiet` its output is returned instead of shown."""
        return subprocess.run(  # noqa: S603  # our own command with our own arguments
            [*_ONBOARDER, *arguments],
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE if quiet else None,
            check=False,
        )

    def start(self, *arguments: str, log: str) -> "subprocess.Popen[bytes]":
        """A process that stays; its messages go to a log file in the folder."""
        with (self.folder / log).open("ab") as messages:
            process = subprocess.Popen(  # noqa: S603  # as above
                [*_ONBOARDER, *arguments], env=self.environment, stdout=messages, stderr=messages
            )
        self.running.append(process)
        return process

    def start_marketplace(self) -> None:
        """The practice marketplace, until it answers; `Problem` if it does not."""
        self.start(
            "rehearsal",
            "serve",
            "--port",
            str(self.port),
            "--state",
            str(self.folder / "marketplace"),
            "--setup",
            str(self.folder / "marketplace.toml"),
            log="marketplace.log",
        )
        self._wait(self.back_office.alive, "marketplace")

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """A worker process, until it says that it works; `Problem` if it does not."""
        log = self.folder / "worker.log"
        before = log.stat().st_size if log.exists() else 0
        worker = self.start("worker", log="worker.log")
        self._wait(lambda: b"worker.started" in log.read_bytes()[before:], "worker")
        return worker

    def _wait(self, ready: Callable[[], bool], who: str) -> None:
        deadline = time.monotonic() + START_WITHIN
        while not ready():
            if time.monotonic() > deadline:
                raise Problem(f"the {who} did not start", hint=f"see {self.folder}/{who}.log")
            time.sleep(0.05)

    def stop(self) -> None:
        """End every process, the youngest first."""
        for process in reversed(self.running):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.running):
            try:
                process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.back_office.close()


@contextmanager
def a_stage(config: Path, folder: Path, *, seed: int, faults: bool, lang: str) -> Generator[Stage]:
    """Set the stage in an empty folder; everything started in it is ended at the end."""
    port = _free_port()
    _configure(config, folder, port, FAULTS if faults else CALM, seed)
    stage = Stage(folder, port, BackOffice(f"http://127.0.0.1:{port}"), _environment(folder, lang))
    try:
        yield stage
    finally:
        stage.stop()


_ONBOARDER: Sequence[str] = (sys.executable, "-m", "onboarder")


def _configure(config: Path, folder: Path, port: int, marketplace: str, seed: int) -> None:
    own = folder / "config"
    shutil.copytree(config, own)
    for other in (own / "marketplaces").glob("*.toml"):
        other.unlink()
    address = f'base_url = "http://127.0.0.1:{port}"\n\n[budget]\nper_second = 400\n'
    (own / "marketplaces" / "rehearsal.toml").write_text(address, encoding="utf-8")
    (own / "onboarder.toml").write_text(SETTINGS, encoding="utf-8")
    (own / "rules" / "drift.toml").write_text(DRIFT_POLICY, encoding="utf-8")
    (folder / "marketplace.toml").write_text(marketplace.format(seed=seed), encoding="utf-8")


def _environment(folder: Path, lang: str) -> dict[str, str]:
    """The caller's environment without its own onboarder settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONBOARDER_")}
    return kept | {
        "ONBOARDER_CONFIG_DIR": str(folder / "config"),
        "ONBOARDER_DATA_DIR": str(folder / "data"),
        "ONBOARDER_LANG": lang,
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
