"""Bodies that no connector may take for the truth, and refusals that say to wait."""

from collections.abc import Mapping

from onboarder.connector.testing.proxy import Reply, Spoil

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
UNAVAILABLE = Reply(503, b'{"message":"closed"}', {"retry-after": "1"})
"""With a time, so that no reader waits for a second try."""
BURST = Reply(503, b'{"message":"closed"}')

OTHER_ANSWERS: Mapping[str, Reply] = {
    "a web page": MAINTENANCE,
    "an empty body": EMPTY,
    "another shape": OTHER_SHAPE,
    "broken JSON": INVALID,
    "a server error": SERVER_ERROR,
    "a gateway's page": BAD_GATEWAY,
}
"""What may come back from a write that was done, by what people would call it."""


SPOILT_ANSWERS: Mapping[str, tuple[Spoil, Reply]] = {
    **{kind: (Spoil.REPLACED, reply) for kind, reply in OTHER_ANSWERS.items()},
    "half an answer": (Spoil.TRUNCATED, EMPTY),
    "too many bytes": (Spoil.BLOATED, EMPTY),
    "a gzip bomb": (Spoil.BOMBED, EMPTY),
}
"""All that may come back from a write that was done; the Reply counts for what is replaced."""


def limited(retry_after: str | None, date: str | None = None) -> Reply:
    """A 429 that says when to come back, or does not."""
    said = {"retry-after": retry_after, "date": date}
    headers = {name: text for name, text in said.items() if text is not None}
    return Reply(429, b'{"message":"too many requests"}', headers)
