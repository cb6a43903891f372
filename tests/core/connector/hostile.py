"""A marketplace on a raw socket that answers exactly the bytes a test tells it to, or none."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Hostile:
    """`received` are the heads of the requests that arrived whole, in order."""

    answering: Answering
    url: str = ""
    received: list[str] = field(default_factory=list[str])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                await reader.readexactly(_length(head))
                self.received.append(head)
                await self.answering(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def hostile(answering: Answering) -> AsyncGenerator[Hostile]:
    """The server while the body runs."""
    marketplace = Hostile(answering)
    server = await asyncio.start_server(marketplace.serve, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    marketplace.url = f"http://127.0.0.1:{port}"
    try:
        yield marketplace
    finally:
        server.close()


def answer(status: int, body: bytes = b"{}", **headers: str) -> Answering:
    """A whole answer. Header names are written with `_` for `-`."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def raw(content: bytes) -> Answering:
    """Exactly these bytes, on a connection that stays open."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(content)

    return write


def cut(content: bytes) -> Answering:
    """Exactly these bytes, then the connection is closed."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        writer.close()

    return write


def reset() -> Answering:
    """No byte, and a reset instead of an orderly end."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    return write


def trickle(content: bytes, seconds: float) -> Answering:
    """One byte every so many seconds."""

    async def write(writer: asyncio.StreamWriter) -> None:
        for byte in content:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(seconds)

    return write


def in_turn(*answers: Answering) -> Answering:
    """One after the other, the last one for ever."""
    left = list(answers)

    async def write(writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(writer)

    return write


def _length(head: str) -> int:
    for line in head.lower().split("\r\n"):
        if line.startswith("content-length:"):
            return int(line.split(":")[1])
    return 0
