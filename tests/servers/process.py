"""Start a server as a child process, wait until it answers, and leave nothing behind."""

import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.05


class ServerDidNotStartError(RuntimeError):
    """The server ended or stayed silent; the text holds the end of its log."""


def free_port() -> int:
    """A loopback TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ordinary_user() -> str | None:
    """Whom to run a server as that refuses root; None when we are not root ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def wait_until(is_ready: Callable[[], bool], *, deadline_seconds: float = 60) -> None:
    """Look again and again until it is so; TimeoutError when it never is."""
    give_up_at = time.monotonic() + deadline_seconds
    while not is_ready():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"still not ready after {deadline_seconds} seconds")
        time.sleep(POLL_SECONDS)


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    is_ready: Callable[[], bool],
    stop_signal: signal.Signals = signal.SIGTERM,
    user: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    deadline_seconds: float = 60,
) -> Generator[subprocess.Popen[bytes]]:
    """Run `command` in its own process group while the body runs; its output goes to `log`.

    Raises ServerDidNotStartError when `is_ready` stays false for `deadline_seconds`.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user,
            env=None if env is None else {**os.environ, **env},
            cwd=cwd or log.parent,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, is_ready, log, deadline_seconds)
        yield process
    finally:
        _stop(process, stop_signal)


def _wait_until_ready(
    process: subprocess.Popen[bytes], is_ready: Callable[[], bool], log: Path, seconds: float
) -> None:
    give_up_at = time.monotonic() + seconds
    while not is_ready():
        if process.poll() is not None or time.monotonic() > give_up_at:
            tail = log.read_text(errors="replace")[-3000:]
            raise ServerDidNotStartError(f"{process.args!r} (exit {process.returncode}):\n{tail}")
        time.sleep(POLL_SECONDS)


def _stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(stop_signal)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
