"""What a worker process notices about itself."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from onboarder.queue import RESTART
from onboarder_workers.watch import MEGABYTE, PAUSED, PERIOD, TOLD_AFTER, Limits, Watch, resident

LIMITS = Limits(blocked_seconds=10, memory=100 * MEGABYTE)


class Process:
    """A worker whose loop moves when the test says so, and whose size the test sets."""

    def __init__(self) -> None:
        self.asked: list[Callable[[], None]] = []
        self.ended: list[int] = []
        self.told_to_end = 0
        self.size = 50 * MEGABYTE
        self.watch = Watch(
            LIMITS,
            beat=self.asked.append,
            outgrown=self._outgrown,
            size=lambda: self.size,
            end=self.ended.append,
        )
        self.watch.under_way = lambda: ["knm-1@rehearsal"]

    def passes(self, seconds: float) -> None:
        """Time during which the loop stands still."""
        for _ in range(round(seconds / PERIOD)):
            self.watch.look(PERIOD)

    def moves(self) -> None:
        while self.asked:
            self.asked.pop()()

    def _outgrown(self) -> None:
        self.told_to_end += 1


def test_a_loop_that_moves_is_left_alone() -> None:
    process = Process()
    with capture_logs() as logs:
        for _ in range(200):
            process.passes(TOLD_AFTER - 2 * PERIOD)
            process.moves()

    assert (logs, process.ended) == ([], [])


def test_a_blocked_loop_is_told_of_with_its_stores_and_the_place_and_again_when_it_moves() -> None:
    process = Process()
    with capture_logs() as logs:
        process.passes(5)
        process.moves()
        process.passes(PERIOD)

    blocked, free = logs
    assert (blocked["event"], blocked["stores"]) == ("loop.blocked", ["knm-1@rehearsal"])
    assert re.fullmatch(r"watch\.py:\d+ _where", blocked["where"][-1])
    assert (free["event"], free["seconds"]) == ("loop.moves_again", 4.8)
    assert process.ended == []


def test_a_loop_blocked_beyond_the_limit_ends_the_process_to_be_started_again() -> None:
    process = Process()
    with capture_logs() as logs:
        process.passes(LIMITS.blocked_seconds + 2 * PERIOD)

    assert process.ended[0] == RESTART
    assert logs[-1]["event"] == "worker.blocked"


def test_a_process_that_was_stopped_as_a_whole_is_not_blamed_for_it() -> None:
    process = Process()
    process.passes(PERIOD)
    with capture_logs() as logs:
        process.watch.look(PAUSED + 3600)
        process.moves()
        process.passes(1)

    assert [one["event"] for one in logs] == ["process.paused"]
    assert process.ended == []


def test_a_process_that_is_too_large_is_told_once_to_end_and_twice_as_large_ends_at_once() -> None:
    process = Process()
    process.size = LIMITS.memory + 1
    with capture_logs() as logs:
        for _ in range(3):
            process.watch.look(PERIOD)
            process.moves()
    assert [(one["event"], one["stores"]) for one in logs] == [
        ("worker.too_large", ["knm-1@rehearsal"])
    ]
    assert (process.told_to_end, process.ended) == (1, [])

    process.size = 2 * LIMITS.memory + 1
    process.watch.look(PERIOD)

    assert process.ended == [RESTART]


def test_the_thread_looks_by_itself_while_the_block_runs() -> None:
    process = Process()
    with process.watch.kept():
        deadline = time.monotonic() + 5
        while not process.asked and time.monotonic() < deadline:
            time.sleep(0.01)

    assert process.asked
    assert "watch" not in {one.name for one in threading.enumerate()}


@pytest.mark.processes
def test_code_that_lets_no_other_thread_run_is_ended_all_the_same() -> None:
    hostile = """
import re, threading
from onboarder_workers.watch import Limits, Watch
watch = Watch(Limits(0.6, 1 << 40), beat=lambda _: None, outgrown=lambda: None, size=lambda: 0, end=lambda _: None)
with watch.kept():
    threading.Event().wait(0.5)
    re.match("(a+)+$", "a" * 60 + "b")
"""
    done = subprocess.run(
        [sys.executable, "-c", hostile], capture_output=True, text=True, timeout=30, check=False
    )

    assert done.returncode == 1
    assert "Timeout" in done.stderr


def test_the_size_of_this_process_is_known() -> None:
    assert 20 * MEGABYTE < resident() < 4096 * MEGABYTE
