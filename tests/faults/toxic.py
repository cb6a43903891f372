"""A line between a client and a server on a unix socket that can turn slow, silent or dead."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from pathlib import Path


class Toxin(StrEnum):
    """What happens to answers on their way back; the requests arrive."""

    NONE = "none"
    SLOW = "slow"
    """Each piece comes `LATENCY` seconds late."""
    HALF_OPEN = "half_open"
    """Nothing comes back, and the connection stays open."""
    RESET = "reset"
    """The connection is cut instead of an answer."""


LATENCY = 2.0


class Line:
    """The line; `toxin` may be changed at any time."""

    def __init__(self, server: Path) -> None:
        self.toxin = Toxin.NONE
        self._server = server
        self._carrying: set[asyncio.Task[None]] = set()

    async def aclose(self) -> None:
        """Cut what is still connected."""
        for one in self._carrying:
            one.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        # Cut off at the end: Python 3.11's streams complain of a connection's task that ends as cancelled.
        with suppress(OSError, asyncio.CancelledError):
            answers, requests = await asyncio.open_unix_connection(self._server)
            there = asyncio.create_task(self._carry(reader, requests))
            back = asyncio.create_task(self._carry(answers, writer, poisoned=True))
            self._carrying |= {there, back}
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
            there.cancel()
            back.cancel()
            requests.close()
        writer.close()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, poisoned: bool = False
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(65536):
                if poisoned and self.toxin is Toxin.RESET:
                    return
                if poisoned and self.toxin is Toxin.HALF_OPEN:
                    continue
                if poisoned and self.toxin is Toxin.SLOW:
                    await asyncio.sleep(LATENCY)
                writer.write(piece)
                await writer.drain()


@asynccontextmanager
async def a_line(server: Path, socket: Path) -> AsyncGenerator[Line]:
    """A line to the server, listening on `socket`."""
    line = Line(server)
    listener = await asyncio.start_unix_server(line.serve, socket)
    try:
        yield line
    finally:
        listener.close()
        await line.aclose()
