"""Telling calls that never left from calls whose answer was lost."""

import aiohttp
import httpx

from onboarder.connector.errors import Unavailable


class NotSent(Unavailable):
    """No connection was made, so nothing can have happened there."""


def never_sent(error: Exception) -> bool:
    """True only if no connection came about; aiohttp's own error decides, the transport's names for it are too broad."""
    if isinstance(error.__cause__, aiohttp.ClientError):
        never = aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError
        return isinstance(error.__cause__, never)
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
