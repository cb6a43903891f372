"""Seconds of patience inside one call, for what is safe to repeat."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base

T = TypeVar("T")


async def up_to_three_times(
    attempt: Callable[[], Awaitable[T]],
    worth_repeating: Callable[[BaseException], bool],
    wait: Callable[[], wait_base],
) -> T:
    """The first good answer, or the last error. Most calls need one attempt, and preparing more costs half a call."""
    try:
        return await attempt()
    except Exception as error:
        if not worth_repeating(error):
            raise
        failed = [error]

    async def after_the_first() -> T:
        if failed:
            raise failed.pop()
        return await attempt()

    retrying = AsyncRetrying(
        retry=retry_if_exception(worth_repeating),
        stop=stop_after_attempt(3),
        wait=wait(),
        reraise=True,
    )
    return await retrying(after_the_first)
