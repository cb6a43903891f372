"""The README's tour, run as it stands: every command works, and every line shown is a line it prints."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.process import free_port

ROOT = Path(__file__).resolve().parents[2]
TOUR = re.compile(r"^## A minute's tour\n(.*?)^## ", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
SERVERS = {"onboarder rehearsal serve": "serve.log", "onboarder worker": "worker.log"}
"""Commands that run until they are stopped, and where the test keeps what they say."""
ROWS_ASKED = 3
"""Exit code of an import that asks about some rows."""
MARK = "\x1e"


@dataclass(frozen=True, slots=True)
class Shown:
    """A command of the tour and the lines that the README shows of its output."""

    command: str
    lines: tuple[str, ...]


@pytest.mark.processes
def test_the_tour_of_the_readme_works_as_it_is_written(tmp_path: Path) -> None:
    tour = list(_tour())
    port = free_port()
    _lay_out(tmp_path, port)

    said = _run(tmp_path, [_scripted(shown.command, port) for shown in tour])

    assert len(said) == len(tour) >= 8
    for shown, (code, output) in zip(tour, said, strict=True):
        assert code in {0, ROWS_ASKED}, f"{shown.command}: {output}"
        if shown.command not in SERVERS:
            missing = [line for line in shown.lines if line not in output]
            assert missing == [], "\n".join(output)


def _tour() -> Iterator[Shown]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = TOUR.search(readme)
    assert section is not None
    for block in CONSOLE.findall(section[1]):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            yield Shown(command, tuple(line.strip() for line in lines))


def _lay_out(folder: Path, port: int) -> None:
    """What a clone holds as far as the tour needs it, with a marketplace on a free port."""
    shutil.copytree(ROOT / "config", folder / "config")
    shutil.copytree(ROOT / "docs/samples", folder / "docs/samples")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    path = folder / "config/marketplaces/rehearsal.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("8790", str(port)), encoding="utf-8")


def _scripted(command: str, port: int) -> str:
    """The command as the script runs it: servers in the background, the marketplace on our port and answering."""
    if command not in SERVERS:
        return command
    if "serve" not in command:
        return f"{command} >{SERVERS[command]} 2>&1 &"
    answers = f"(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null"
    return f"{command} --port {port} >{SERVERS[command]} 2>&1 & until {answers}; do sleep 0.1; done"


def _run(folder: Path, commands: list[str]) -> list[tuple[int, list[str]]]:
    """Exit code and printed lines of each command, all run in one shell; what it leaves running is ended."""
    script = "\n".join(f"{command}\nprintf '\\n{MARK}%s\\n' $?" for command in commands)
    environment = {name: value for name, value in os.environ.items() if "ONBOARDER" not in name}
    shell = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = shell.communicate(timeout=120)
    finally:
        os.killpg(shell.pid, signal.SIGTERM)
    parts = re.split(rf"\n{MARK}(\d+)\n", printed)
    said = [[line.strip() for line in part.splitlines()] for part in parts[0::2]]
    return list(zip(map(int, parts[1::2]), said, strict=False))
