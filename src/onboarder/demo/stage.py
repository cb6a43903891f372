"""The stage of the demonstration: a folder with its own configuration, and the real processes that run in it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from onboarder.demo.back_office import BackOffice
from onboarder.problems import Problem
from onboarder.settings import Settings

START_WITHIN = 180.0
"""Seconds for a process to be ready, on a machine that is busy with something else."""
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
    """A prepared folder; `run` and `start` run onboarder in it exactly as an operator would."""

    folder: Path
    port: int
    service_port: int
    back_office: BackOffice
    environment: dict[str, str] = field(repr=False)
    running: list["subprocess.Popen[bytes]"] = field(
        default_factory=list["subprocess.Popen[bytes]"]
    )

    @property
    def settings(self) -> Settings:
        """Those that its processes have."""
        return Settings(
            config_dir=self.folder / "config",
            data_dir=self.folder / "data",
            public_url=self.address,
        )

    @property
    def address(self) -> str:
        """Of the pages, once the service runs."""
        return f"http://127.0.0.1:{self.service_port}"

    def run(self, *arguments: str, quiet: bool = False) -> "subprocess.CompletedProcess[str]":
        """One command, to its end; with `quiet` its output is returned instead of shown. It has no keyboard."""
        return subprocess.run(  # noqa: S603  # our own command with our own arguments
            [*_ONBOARDER, *arguments],
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.PIPE if quiet else None,
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
        marketplace = self.start(
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
        self._wait(marketplace, self.back_office.alive, "marketplace.log")

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """A worker process, until it says that it works; `Problem` if it does not."""
        return self._start_saying(b"worker.started", "worker")

    def start_service(self) -> "subprocess.Popen[bytes]":
        """The pages at `address`, until they can be opened; `Problem` if they cannot."""
        return self._start_saying(b"serve.started", "serve")

    def _start_saying(self, ready: bytes, command: str) -> "subprocess.Popen[bytes]":
        log = self.folder / f"{command}.log"
        before = log.stat().st_size if log.exists() else 0
        process = self.start(command, log=log.name)
        self._wait(process, lambda: ready in log.read_bytes()[before:], log.name)
        return process

    def _wait(
        self, process: "subprocess.Popen[bytes]", ready: Callable[[], bool], log: str
    ) -> None:
        deadline = time.monotonic() + START_WITHIN
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / log).read_text(errors="replace").splitlines()
                raise Problem(
                    f"the {log.removesuffix('.log')} process did not start",
                    hint=f"try again; it said: {said[-1] if said else 'nothing'}",
                )
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
    port, service_port = _free_ports(2)
    _configure(config, folder, port, FAULTS if faults else CALM, seed)
    office = BackOffice(f"http://127.0.0.1:{port}")
    stage = Stage(folder, port, service_port, office, _environment(folder, service_port, lang))
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


def _environment(folder: Path, service_port: int, lang: str) -> dict[str, str]:
    """The caller's environment without its own onboarder settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONBOARDER_")}
    return kept | {
        "ONBOARDER_CONFIG_DIR": str(folder / "config"),
        "ONBOARDER_DATA_DIR": str(folder / "data"),
        "ONBOARDER_LANG": lang,
        "ONBOARDER_PUBLIC_URL": f"http://127.0.0.1:{service_port}",
        "ONBOARDER_SERVE_PORT": str(service_port),
    }


def _free_ports(number: int) -> list[int]:
    """Different ones, that nobody listens on at this moment."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
