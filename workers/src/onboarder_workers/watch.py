"""A worker process looked at from a thread of its own: does its event loop move, and how large is it.

A loop that stands still can tell nobody, and no other worker can end it. So the thread warns, and beyond the limit it ends
the process: whoever started it (systemd, a container) starts it again, and the stores under way count as begun in vain.
"""

import faulthandler
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from onboarder.queue import RESTART

log = structlog.get_logger()

PERIOD = 0.25
"""Seconds between looks."""
TOLD_AFTER = 2.0
"""Seconds of standstill that are worth a line in the log."""
MOST_COUNTED = 2 * PERIOD
"""Seconds of standstill that one look can find: a thread that comes later was itself kept waiting, as on a busy machine."""
PAUSED = 5.0
"""If the thread comes so many seconds late, the whole process was stopped: that is nobody's fault in here.

Only stops of less than twice `blocked_seconds` are forgiven: after a longer one (SIGSTOP, a frozen container) the timer of
faulthandler ends the process at waking, before any Python runs.
"""
MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory` in bytes: beyond it the process is to end properly, beyond twice of it at once."""

    blocked_seconds: float
    memory: int


class Watch:
    """`beat` asks the loop to call something; `outgrown` is called once, in the thread, when the process is too large."""

    def __init__(
        self,
        limits: Limits,
        *,
        beat: Callable[[Callable[[], None]], object],
        outgrown: Callable[[], object],
        size: Callable[[], int],
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self.under_way: Callable[[], Sequence[str]] = list
        """The stores worked on now."""
        self._limits = limits
        self._beat = beat
        self._outgrown = outgrown
        self._size = size
        self._end = end
        self._loop_thread = threading.get_ident()
        self._heard = threading.Event()
        self._heard.set()
        self._silence = 0.0
        self._is_large = False

    def look(self, elapsed: float) -> None:
        """One look, so many seconds after the last one."""
        self._look_at_size()
        if elapsed > PAUSED:
            log.warning("process.paused", seconds=round(elapsed, 1))
        self._look_at_loop(min(elapsed, MOST_COUNTED))

    @contextmanager
    def kept(self) -> Generator[None]:
        """Look again and again while the block runs."""
        over = threading.Event()
        thread = threading.Thread(target=self._keep, args=(over,), name="watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            faulthandler.cancel_dump_traceback_later()

    def _keep(self, over: threading.Event) -> None:
        last = time.monotonic()
        while not over.wait(PERIOD):
            # For code that never lets this thread run: ended without Python's help, with exit code 1.
            faulthandler.dump_traceback_later(2 * self._limits.blocked_seconds, exit=True)
            now = time.monotonic()
            self.look(now - last)
            last = now

    def _look_at_loop(self, elapsed: float) -> None:
        if self._heard.is_set():
            if self._silence >= TOLD_AFTER:
                log.warning("loop.moves_again", seconds=round(self._silence, 1))
            self._silence = 0.0
            self._heard.clear()
            with suppress(RuntimeError):  # the loop is closed already
                self._beat(self._heard.set)
            return
        before, self._silence = self._silence, self._silence + elapsed
        if before < TOLD_AFTER <= self._silence:
            self._tell("loop.blocked", seconds=round(self._silence, 1), where=self._where())
        if self._silence >= self._limits.blocked_seconds:
            self._give_up("worker.blocked", seconds=round(self._silence, 1), where=self._where())

    def _look_at_size(self) -> None:
        size = self._size()
        if size > 2 * self._limits.memory:
            self._give_up("worker.far_too_large", mb=size // MEGABYTE)
        elif size > self._limits.memory and not self._is_large:
            self._is_large = True
            self._tell("worker.too_large", mb=size // MEGABYTE)
            self._outgrown()

    def _tell(self, event: str, **facts: object) -> None:
        log.warning(event, stores=list(self.under_way()), **facts)

    def _give_up(self, event: str, **facts: object) -> None:
        log.critical(event, stores=list(self.under_way()), **facts)
        self._end(RESTART)

    def _where(self) -> list[str]:
        """Where the loop's thread stands, innermost last: files, lines and functions, never values."""
        frames = sys._current_frames()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # there is no other way to ask
        stack = traceback.extract_stack(frames.get(self._loop_thread))[-4:]
        return [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in stack]


def bound_memory(megabytes: int) -> None:
    """Let the system refuse this process and its children more than one and a half times as much (on Linux).

    Whoever asks for more gets a MemoryError: a failure of that pass like any other.
    """
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = megabytes * MEGABYTE * 3 // 2
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def resident() -> int:
    """Bytes of memory this process has now; where the system does not tell, the most it ever had."""
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
