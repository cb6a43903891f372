"""Pictures are cleaned in a few child processes of bounded memory and time: a picture can make a decoder ask for anything,
and seconds of arithmetic have no place beside an event loop.
"""

import multiprocessing
import resource
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from queue import LifoQueue
from types import TracebackType
from typing import Self

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.photo_store import clean_photo
from onboarder.intake.rules import PhotoLimits

MEGABYTES = 1024
"""Address space of a child: the largest picture allowed takes a third of it."""
SECONDS = 20
"""For one picture; the largest takes two on a small machine."""
CHILDREN = 2
"""As many as a small machine has processors."""

Clean = Callable[[bytes, PhotoLimits], bytes]
Task = Callable[[], bytes | None]


class PhotoChildren:
    """Cleans pictures as `clean_photo` does, from any thread. The children start with the pictures that need them.

    Each child has one picture at a time, so that one that dies over it takes no other along. It is tried once more, as a
    child may also die of something else, and then refused.
    """

    def __init__(
        self,
        clean: Clean = clean_photo,
        *,
        children: int = CHILDREN,
        megabytes: int = MEGABYTES,
        seconds: int = SECONDS,
    ) -> None:
        self._clean = clean
        self._seconds = seconds
        self._children = [_Child(megabytes << 20) for _ in range(children)]
        self._free = LifoQueue[_Child]()  # the last one first: it is most likely to run already
        for child in self._children:
            self._free.put(child)

    def __call__(self, original: bytes, limits: PhotoLimits) -> bytes:
        """The cleaned picture; blocks until it is there, so not for the event loop. Raises Asked."""
        task = partial(_cleaned, self._clean, original, limits, self._seconds)
        child = self._free.get()
        try:
            cleaned = _twice(child, task)
        finally:
            self._free.put(child)
        if cleaned is None:
            raise Asked(AskedCode.PHOTO_UNREADABLE)
        return cleaned

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the children once what they have begun is done."""
        for child in self._children:
            child.close()


class _Child:
    """One process, started anew after it died.

    An executor of several starts them by and by; one that is started just when another dies is waited for without end
    (CPython 3.11, `terminate_broken`), and so is the whole program's end.
    """

    def __init__(self, space: int) -> None:
        self._space = space
        self._running: ProcessPoolExecutor | None = None

    def run(self, task: Task) -> bytes | None:
        """What it makes of it; `BrokenProcessPool` if it dies meanwhile."""
        self._running = self._running or self._started()
        try:
            return self._running.submit(task).result()
        except BrokenProcessPool:
            self.close()
            raise

    def close(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.shutdown()

    def _started(self) -> ProcessPoolExecutor:
        """Forked from a process that has no threads, as this one has some, and everything imported."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        return ProcessPoolExecutor(1, context, initializer=_bound, initargs=(self._space,))


def _twice(child: _Child, task: Task) -> bytes | None:
    """None if the child dies over it twice."""
    for _ in range(2):
        with suppress(BrokenProcessPool):
            return child.run(task)
    return None


def _bound(space: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _cleaned(clean: Clean, original: bytes, limits: PhotoLimits, seconds: int) -> bytes | None:
    """In the child; None if it asks. An alarm that nobody handles ends the process."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
    try:
        return clean(original, limits)
    except (Asked, MemoryError):
        return None
    finally:
        signal.alarm(0)
