"""Bodies that no connector may take for the truth, and refusals that say to wait."""

import zlib
from collections.abc import Mapping

from onboarder.connector.testing.proxy import Reply


def _gzip_bomb() -> Reply:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = b" " * 1024 * 1024
    body = b"".join(squeeze.compress(blanks) for _ in range(16)) + squeeze.flush()
    return Reply(200, body, {"content-encoding": "gzip"})


MAINTENANCE = Reply(
    200,
    b"<!doctype html><title>Maintenance</title><h1>Sedang perbaikan</h1>",
    {"content-type": "text/html"},
)
EMPTY = Reply(200, b"")
OTHER_SHAPE = Reply(200, b'{"ok":true}')
INVALID = Reply(201, b'{"id":"1","name":"Ker')
SERVER_ERROR = Reply(500, b'{"message":"something broke"}')
BAD_GATEWAY = Reply(502, b"<html><h1>502 Bad Gateway</h1></html>", {"content-type": "text/html"})
OVERSIZED = Reply(200, b" " * 3_000_000)
GZIP_BOMB = _gzip_bomb()
"""16 MiB of blanks in 16 kB."""
UNAVAILABLE = Reply(503, b'{"message":"closed"}', {"retry-after": "1"})
"""With a time, so that no reader waits for a second try."""
BURST = Reply(503, b'{"message":"closed"}')

SPOILT_ANSWERS: Mapping[str, Reply] = {
    "a web page": MAINTENANCE,
    "an empty body": EMPTY,
    "another shape": OTHER_SHAPE,
    "broken JSON": INVALID,
    "a server error": SERVER_ERROR,
    "a gateway's page": BAD_GATEWAY,
    "too many bytes": OVERSIZED,
    "a gzip bomb": GZIP_BOMB,
}
"""What may come back from a write that was done, by what people would call it."""


def limited(retry_after: str | None, date: str | None = None) -> Reply:
    """A 429 that says when to come back, or does not."""
    said = {"retry-after": retry_after, "date": date}
    headers = {name: text for name, text in said.items() if text is not None}
    return Reply(429, b'{"message":"too many requests"}', headers)
