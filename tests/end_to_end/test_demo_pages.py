"""`onboarder demo --serve`: the pages stay open with demo accounts, and Ctrl-C leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.servers.process import wait_until

pytestmark = pytest.mark.processes

PATIENCE = 900.0
"""Seconds for the whole demonstration on a busy machine."""
ELSEWHERE = "postgresql://nobody@127.0.0.1:1/the-callers-own"


@dataclass(frozen=True)
class Demonstration:
    """One that runs at a terminal of its own."""

    process: "subprocess.Popen[bytes]"
    keyboard: int
    said_in: Path

    @property
    def said(self) -> str:
        return self.said_in.read_text(encoding="utf-8")

    def found(self, pattern: str) -> list[str]:
        return re.findall(pattern, self.said)


@contextmanager
def at_a_terminal(folder: Path) -> Generator[Demonstration]:
    """`folder` holds what the demonstration makes: its temporary files, and the caller's own data if it touched them."""
    (folder / "tmp").mkdir()
    environment = {
        **os.environ,
        "TMPDIR": str(folder / "tmp"),
        "ONBOARDER_DATA_DIR": str(folder / "own"),
        "ONBOARDER_DATABASE_URL": ELSEWHERE,
    }
    words = ("demo", "--serve", "--no-faults", "--merchants", "12", "--lang", "en")
    keyboard, terminal = os.openpty()
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "onboarder", *words],
            env=environment,
            stdin=terminal,
            stdout=said,
            stderr=said,
        )
    try:
        yield Demonstration(process, keyboard, folder / "said")
    finally:
        process.terminate()
        process.wait(60)
        os.close(keyboard)
        os.close(terminal)


def test_the_pages_stay_open_until_ctrl_c_and_leave_nothing_behind(tmp_path: Path) -> None:
    with at_a_terminal(tmp_path) as demo:
        wait_until(lambda: "Ctrl-C" in demo.said, deadline_seconds=PATIENCE)
        [address] = demo.found(r"(http://127\.0\.0\.1:\d+)/meja/")
        with httpx.Client(base_url=address, trust_env=False) as office:
            assert _sign_in(office, demo) == 303
        os.write(demo.keyboard, b"\n")
        wait_until(lambda: len(set(demo.found(r"masuk=(\S+)"))) == 2)

        demo.process.send_signal(signal.SIGINT)

        assert demo.process.wait(60) == 0
        assert "only in this demonstration's folder" in demo.said
        assert "The demonstration is over." in demo.said
        with pytest.raises(httpx.ConnectError):
            httpx.get(address, trust_env=False)
    assert not list((tmp_path / "tmp").glob("onboarder-demo-*"))
    assert not (tmp_path / "own").exists()


def _sign_in(office: httpx.Client, demo: Demonstration) -> int:
    """As it stands on the screen."""
    [account], [password], [code] = (
        demo.found(rf"(?m)^     {what} +(\S+)") for what in ("account", "password", "code")
    )
    form = {"akun": account, "sandi": password, "kode": code, "ke": "/meja/"}
    origin = {"Origin": str(office.base_url).rstrip("/")}
    return office.post("/meja/masuk", data=form, headers=origin).status_code
