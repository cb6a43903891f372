"""Reading bodies: whatever the peer sends, memory stays bounded."""

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest

from onboarder.connector.bounded import BrokenGzipError, TooLargeError, read_bounded

MEGABYTE = 1024 * 1024


async def pieces(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def test_a_bomb_is_dropped_before_it_takes_memory() -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeeze.compress(bytes(MEGABYTE)) for _ in range(200)) + squeeze.flush()

    tracemalloc.start()
    with pytest.raises(TooLargeError):
        await read_bounded(pieces(bomb, 16_384), gzipped=True, most=MEGABYTE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8 * MEGABYTE


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_a_body_is_the_same_in_whatever_pieces_it_comes(size: int) -> None:
    body = bytes(range(256)) * 10

    plain = await read_bounded(pieces(body, size), gzipped=False, most=len(body))
    zipped = await read_bounded(pieces(gzip.compress(body), size), gzipped=True, most=len(body))

    assert plain == zipped == body


@pytest.mark.parametrize("gzipped", [True, False])
async def test_one_byte_too_many_is_too_large(*, gzipped: bool) -> None:
    body = gzip.compress(b"12345") if gzipped else b"12345"

    with pytest.raises(TooLargeError):
        await read_bounded(pieces(body, 3), gzipped=gzipped, most=4)


async def test_a_gzip_without_its_end_is_broken() -> None:
    with pytest.raises(BrokenGzipError):
        await read_bounded(pieces(gzip.compress(b"12345")[:-1], 3), gzipped=True, most=100)


async def test_an_empty_body_is_empty_whatever_it_is_called() -> None:
    assert await read_bounded(pieces(b"", 1), gzipped=True, most=10) == b""


@pytest.mark.parametrize("size", [3, 1000])
async def test_what_follows_a_whole_gzip_is_not_kept(size: int) -> None:
    read = list[int]()

    async def endless() -> AsyncIterator[bytes]:
        async for piece in pieces(gzip.compress(b"{}") + bytes(1_000_000), size):
            read.append(len(piece))
            yield piece

    with pytest.raises(BrokenGzipError):
        await read_bounded(endless(), gzipped=True, most=100)

    assert sum(read) <= 1000
