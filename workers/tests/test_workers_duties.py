"""Duties that are repeated until the process ends."""

import asyncio

from structlog.testing import capture_logs
from tests.support.crew import eventually, is_so

from onboarder_workers import duties
from onboarder_workers.duties import repeat, unhurried


async def test_a_duty_that_fails_is_logged_and_done_again() -> None:
    stop = asyncio.Event()
    done: list[str] = []

    async def duty() -> float:
        done.append("tried")
        if len(done) == 1:
            raise OSError
        stop.set()
        return 60

    with capture_logs() as logs:
        await asyncio.wait_for(repeat("sweep", duty, stop), duties.PAUSE_AFTER_FAILURE + 5)

    assert len(done) == 2
    assert [(one["event"], one["duty"]) for one in logs] == [("duty.failed", "sweep")]


async def test_a_duty_is_never_cut_off_and_a_pause_is() -> None:
    stop, begun, end = asyncio.Event(), asyncio.Event(), asyncio.Event()
    done: list[str] = []

    async def duty() -> float:
        begun.set()
        await end.wait()
        done.append("to the end")
        return 3600

    repeating = asyncio.create_task(repeat("sweep", duty, stop))
    await begun.wait()
    stop.set()
    end.set()
    await eventually(lambda: is_so(repeating.done()), 5)

    assert done == ["to the end"]


async def test_a_duty_without_hurry_first_lets_what_waits_begin() -> None:
    done: list[str] = []

    async def duty() -> float:
        done.append("tidied")
        return 3600

    once = unhurried(duty, 60)

    assert [await once(), len(done)] == [60, 0]
    assert [await once(), len(done)] == [3600, 1]
