"""Reading an answer's body within a limit, so that a small compressed answer cannot grow without end."""

import zlib
from collections.abc import AsyncIterator

_GZIP = 31
"""zlib's window size for a gzip frame."""


class TooLargeError(Exception):
    """The body is larger than allowed."""


class BrokenGzipError(Exception):
    """The body is no whole gzip frame, or more than one."""


async def read_bounded(chunks: AsyncIterator[bytes], *, gzipped: bool, most: int) -> bytes:
    """The body, decompressed if need be, of at most `most` bytes; never holds more than one chunk beyond that."""
    unzip = zlib.decompressobj(wbits=_GZIP) if gzipped else None
    body = bytearray()
    try:
        async for chunk in chunks:
            body += unzip.decompress(chunk, most - len(body) + 1) if unzip else chunk
            if len(body) > most:
                raise TooLargeError
            if unzip and unzip.unused_data:
                raise BrokenGzipError  # what follows the frame would be kept without any limit
    except zlib.error:
        raise BrokenGzipError from None
    if unzip and body and not unzip.eof:
        raise BrokenGzipError
    return bytes(body)
