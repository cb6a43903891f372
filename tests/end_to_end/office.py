"""An onboarder installation on real servers, driven only through its command line and its worker processes."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CONFIG = Path(__file__).parents[2] / "config"
ONBOARDER = (sys.executable, "-m", "onboarder")
SETTINGS = """
programme = "cirebon"
call_deadline_seconds = 10
lease_seconds = 25
sweep_seconds = 0.5
look_again_seconds = [1, 2, 3]
"""


@dataclass
class Office:
    """One configuration, one database, one Redis; any number of worker processes."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    workers: list["subprocess.Popen[bytes]"] = field(
        default_factory=list["subprocess.Popen[bytes]"]
    )

    def run(self, *arguments: str, code: int = 0, timeout: float = 240) -> str:
        """One command; its standard output. The test fails if the exit code is not `code`."""
        done = subprocess.run(
            [*ONBOARDER, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        assert done.returncode == code, (
            f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout

    def ask(self, *arguments: str, code: int = 0) -> dict[str, object]:
        """One command with --json."""
        answer: dict[str, object] = json.loads(self.run(*arguments, "--json", code=code))
        return answer

    def start_worker(self) -> "subprocess.Popen[bytes]":
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [*ONBOARDER, "worker"], env=self.environment, stdout=log, stderr=log
            )
        self.workers.append(worker)
        return worker

    def start_service(self) -> None:
        """`onboarder serve`, ended with the workers."""
        with (self.folder / "serve.log").open("ab") as log:
            command = [*ONBOARDER, "serve"]
            self.workers.append(
                subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
            )

    def stop(self) -> None:
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(timeout=60)


@contextmanager
def an_office(
    folder: Path,
    *,
    database_url: str,
    redis_url: str,
    marketplaces: Mapping[str, str],
    more: Mapping[str, str] | None = None,
) -> Generator[Office]:
    """`marketplaces`: the texts of config/marketplaces/NAME.toml by name; `more`: settings. The schema is migrated."""
    config = folder / "config"
    shutil.copytree(CONFIG, config)
    for known in (config / "marketplaces").glob("*.toml"):
        known.unlink()
    for name, text in marketplaces.items():
        (config / "marketplaces" / f"{name}.toml").write_text(text, encoding="utf-8")
    (config / "onboarder.toml").write_text(SETTINGS, encoding="utf-8")
    _key_ring(folder / "keys")
    own = {name: value for name, value in os.environ.items() if not name.startswith("ONBOARDER_")}
    office = Office(
        folder,
        own
        | {
            "ONBOARDER_CONFIG_DIR": str(config),
            "ONBOARDER_DATA_DIR": str(folder / "data"),
            "ONBOARDER_SECRETS_DIR": str(folder / "keys"),
            "ONBOARDER_DATABASE_URL": database_url,
            "ONBOARDER_REDIS_URL": redis_url,
            "NO_COLOR": "1",
            **{f"ONBOARDER_{name.upper()}": value for name, value in (more or {}).items()},
        },
    )
    with ExitStack() as stack:
        stack.callback(office.stop)
        office.run("db", "upgrade")
        yield office


def _key_ring(folder: Path) -> None:
    folder.mkdir()
    key = base64.b64encode(bytes(range(32))).decode()
    ring = {"active": "k1", "root": "k1", "keys": {"k1": key}}
    (folder / "keys.json").write_text(json.dumps(ring), encoding="utf-8")
