"""Pictures are cleaned in a few child processes of bounded memory and time: a picture can make a decoder ask for anything,
and seconds of arithmetic have no place beside an event loop.
"""

import multiprocessing
import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
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
    """Cleans pictures as `clean_photo` does, from any thread. The children start with the first picture.

    A child that dies over a picture takes its neighbours' along. Those are cleaned again, one by one in a child kept for
    that, so that only the one that kills is refused.
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
        self._pool = _Pool(children, megabytes << 20)
        self._single = _Pool(1, megabytes << 20)
        self._alone = threading.Lock()

    def __call__(self, original: bytes, limits: PhotoLimits) -> bytes:
        """The cleaned picture; blocks until it is there, so not for the event loop. Raises Asked."""
        task = partial(_cleaned, self._clean, original, limits, self._seconds)
        try:
            cleaned = self._pool.run(task)
        except BrokenProcessPool:
            cleaned = self._once_more(task)
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
        self._pool.close()
        self._single.close()

    def _once_more(self, task: Task) -> bytes | None:
        """Without neighbours; None if the child dies over it again."""
        with self._alone:
            try:
                return self._single.run(task)
            except BrokenProcessPool:
                return None


class _Pool:
    """Child processes, started anew after one of them died. Safe from any thread."""

    def __init__(self, children: int, space: int) -> None:
        self._children = children
        self._space = space
        self._running: ProcessPoolExecutor | None = None
        self._guard = threading.Lock()

    def run(self, task: Task) -> bytes | None:
        """What a child makes of it; `BrokenProcessPool` if a child died meanwhile."""
        with self._guard:
            pool = self._running = self._running or self._started()
        try:
            return pool.submit(task).result()
        except BrokenProcessPool:
            with self._guard:
                self._running = None if self._running is pool else self._running
            raise

    def close(self) -> None:
        with self._guard:
            pool, self._running = self._running, None
        if pool is not None:
            pool.shutdown()

    def _started(self) -> ProcessPoolExecutor:
        """Forked from a process that has no threads, as this one has some, and everything imported."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        return ProcessPoolExecutor(
            self._children, context, initializer=_bound, initargs=(self._space,)
        )


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
