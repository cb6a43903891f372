"""How soon a command answers and a worker is ready, and how much is installed for it."""

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement

from onboarder.people.key_ring import KeyRingFile
from tools.bench.market import ROOT
from tools.bench.question import Question, Row, Size

READY = "worker.started"
"""What a worker logs once it looks for work."""
MOST_SECONDS = 60


def measure(size: Size) -> Sequence[Row]:
    bare: list[float] = []
    answered: list[float] = []
    ready: list[float] = []
    spent: list[tuple[float, float]] = []
    with TemporaryDirectory(prefix="onboarder-bench-") as folder:
        environment = _environment(Path(folder))
        _until_ready(environment)  # the database is made
        for _ in range(max(size.rounds, size.of(5, 1))):
            bare.append(_run("-c", "pass"))
            began = _cpu_ms()
            answered.append(_run("-m", "onboarder", "--help"))
            helped = _cpu_ms()
            ready.append(_until_ready(environment))
            spent.append((helped - began, _cpu_ms() - helped))
    demo = [] if size.short else [_demo()]
    direct = [Requirement(one) for one in requires("onboarder") or ()]
    return [
        Row(what="Python itself", unit="ms", values=tuple(bare)),
        Row(what="onboarder --help", unit="ms", values=tuple(answered), at_most=300),
        Row(what="onboarder --help: CPU", unit="ms", values=tuple(one for one, _ in spent)),
        Row(what="worker: CPU until it has ended again", unit="ms", values=tuple(one for _, one in spent)),
        Row(what="worker: from its start until it looks for work", unit="ms", values=tuple(ready), at_most=1000),
        *demo,
        Row(what="distributions that the core needs itself", values=(float(len(_needed(direct))),)),
        Row(what="distributions installed for them in all", values=(float(len(_closure())),)),
    ]  # fmt: skip


def _environment(folder: Path) -> dict[str, str]:
    KeyRingFile(folder / "keys").create()
    return {
        "ONBOARDER_DATA_DIR": str(folder),
        "ONBOARDER_CONFIG_DIR": str(ROOT / "config"),
        "ONBOARDER_SECRETS_DIR": str(folder / "keys"),
        "PATH": "/usr/bin:/bin",
    }


def _run(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - began)


def _demo() -> Row:
    """As `make demo` runs it, in a folder of its own; RuntimeError unless it ends well."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "onboarder", "demo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    seconds = time.perf_counter() - began
    return Row(
        what="the demo, from its start to its end",
        unit="s",
        values=(seconds,),
        at_most=MOST_SECONDS,
    )


def _cpu_ms() -> float:
    """Of all processes started and ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (used.ru_utime + used.ru_stime)


def _until_ready(environment: dict[str, str]) -> float:
    """Milliseconds until a worker process looks for work."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "onboarder_workers.run"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        try:
            for line in worker.stderr or ():
                if READY in line:
                    return 1000 * (time.perf_counter() - began)
        finally:
            worker.terminate()
    raise RuntimeError("the worker ended before it was ready")


def _needed(wishes: Sequence[Requirement]) -> list[Requirement]:
    return [one for one in wishes if one.marker is None or one.marker.evaluate({"extra": ""})]


def _closure() -> set[str]:
    """The core's dependencies and theirs, as far as they are installed."""
    found: set[str] = set()
    waiting = ["onboarder", "onboarder-workers"]
    while waiting:
        try:
            wishes = [Requirement(one) for one in requires(waiting.pop()) or ()]
        except PackageNotFoundError:
            continue
        fresh = {one.name.lower().replace("_", "-") for one in _needed(wishes)} - found
        found |= fresh
        waiting += sorted(fresh)
    return found - {"onboarder"}


QUESTION = Question(
    "Start and size",
    "A command's help, a worker on a database that is up to date, and what is installed for both; each start a process of "
    "its own. And once the whole of `make demo`, with everything already installed.",
    measure,
    unmet="An absolute time, which follows the machine: 701 ms when an empty Python began in 10.4 ms (2026-11-30).",
)
