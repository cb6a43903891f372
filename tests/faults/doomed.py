"""A worker that dies at a chosen step of its event loop. There is no hook in the product: the loop looks at its own queue.

A step is a turn of the event loop in which code of a pass over a store runs. Right before it, an answer (of the database's
thread, of a socket) is at hand that the pass has not seen yet; right after it, what the pass just gave away (a statement, a
commit, a request) is under way. In all other turns the loop waits, or the sweep, the bell and other duties run: a death
there meets the same records and the same traffic as the one right before the next step.
"""

import asyncio
import os
import signal
from collections.abc import Coroutine, Generator
from contextvars import Context
from typing import TypeVar

from onboarder_workers.process import at_work
from tests.faults.lab import LANES, Experiment

T = TypeVar("T")

PASS = "Passes._pass"
"""A pass over a store: the qualified name of its coroutine. Were it another one, there would be no steps at all."""


class DoomedLoop(asyncio.SelectorEventLoop):
    """Counts the steps of passes, and right before or right after the given one sends its process the signal."""

    def __init__(
        self, last: int, how: signal.Signals = signal.SIGKILL, *, after: bool = False
    ) -> None:
        super().__init__()
        self.steps = 0
        self._last = last
        self._how = how
        self._after = after
        self._of_passes: set[object] = set()
        self._ran = False

    def create_task(
        self,
        coro: Coroutine[object, object, T] | Generator[object, None, T],
        *,
        name: object = None,
        context: Context | None = None,
    ) -> "asyncio.Task[T]":
        """As ever; what a pass or a task of a pass begins belongs to the pass."""
        task = super().create_task(coro, name=name, context=context)
        begins = getattr(coro, "__qualname__", "") == PASS
        if begins or asyncio.current_task(self) in self._of_passes:
            self._of_passes.add(task)
        return task

    def _run_once(self) -> None:
        runs = self._pass_runs()
        if self._ran and self._after and self.steps == self._last:
            os.kill(os.getpid(), self._how)
        self.steps += runs
        if runs and not self._after and self.steps == self._last:
            os.kill(os.getpid(), self._how)
        self._ran = runs
        super()._run_once()  # type: ignore[misc]  # asyncio's own turn, not in its stubs

    def _pass_runs(self) -> bool:
        """Whether a task of a pass is next to run; what is ready is told apart as asyncio's own debugging does."""
        ready: list[object] = list(self._ready.copy())  # type: ignore[attr-defined]  # the database's thread adds to it
        for handle in ready:
            owner = getattr(getattr(handle, "_callback", None), "__self__", None)
            if isinstance(owner, asyncio.Task) and owner in self._of_passes:
                return True
        return False


async def work(experiment: Experiment) -> int:
    """The product's worker until its stores' work is done; returns the steps that it took."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, DoomedLoop):
        raise TypeError(loop)
    async with at_work(experiment.settings, LANES) as passes:
        while passes.under_way or not experiment.is_quiet():  # noqa: ASYNC110  # the database says it
            await asyncio.sleep(0.1)
    return loop.steps
