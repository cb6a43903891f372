"""A merchant who exists only to be looked for: her name, number and words, and everywhere they must not be heard."""

import io
import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar, cast

import httpx
import pytest
import structlog
from redis import Redis

from onboarder.logging import QUIET, configure_logging

T = TypeVar("T")

NAME, SHOP = "Kenari Rahasiawati", "Warung Kenari Rahasia"
PHONE, LOCAL_PHONE = "+6281377700077", "081377700077"
EMAIL = "kenari@rahasia.example"
REGISTER = (
    "No Reg;Nama Pedagang;No HP;Email;Pasar;Blok/Los;Nama Usaha;Jenis Dagangan;Tgl Pelatihan;Canvasser\n"
    f"R-077;{NAME};{LOCAL_PHONE};{EMAIL};Kanoman;Blok A/1;{SHOP};Kerupuk;12/11/2026;c07\n"
    f"R-078;Budi Contoh;081234567802;;Kanoman;Blok A/2;Terasi Contoh;Terasi;13/11/2026;c07\n"
)
GOODS = (
    "No Reg;Nama Pedagang;Nama Barang;Hrg;Stok;Berat (gr);Kategori\n"
    f"R-077;{NAME};Kerupuk Udang;Rp 12.500;20;250;Kerupuk\n"
    f"R-077;{NAME};Kerupuk Aneh;12.5;20;250;Kerupuk\n"
    "R-078;Budi Contoh;Terasi Udang;15rb;10;100;Terasi\n"
)
"""Sample data: invented. One price is unclear, so the import asks about it."""


@dataclass
class Listener:
    """Hears logs, responses, queues and figures. `secrets` are the words that must not be among them."""

    secrets: set[str] = field(
        default_factory=lambda: {
            *NAME.split(),
            "Rahasia",
            PHONE.removeprefix("+62"),
            EMAIL,
        }
    )
    heard: dict[str, str] = field(default_factory=dict[str, str])
    log: io.StringIO = field(default_factory=io.StringIO)

    def hear(self, where: str, text: str) -> None:
        self.heard[where] = self.heard.get(where, "") + text

    def hear_redis(self, url: str) -> int:
        """All keys and values, as stored; returns how many keys there are."""
        with Redis.from_url(url) as redis:
            found = cast("list[bytes]", _asker(redis)("KEYS", "*"))
            keys = [one.decode() for one in found]
            for key in keys:
                self.hear("redis", f"{key} {_value(redis, key)!r}\n")
        return len(keys)

    def hear_answer(self, where: str, answer: httpx.Response, *, address: bool = True) -> None:
        """Status, headers and body. `address`: whether the Location counts; the marketplace's holds the state."""
        headers = [one for one in answer.headers.multi_items() if address or one[0] != "location"]
        self.hear(where, f"{answer.status_code} {headers} {answer.text}")

    def hits(self) -> dict[str, list[str]]:
        """Which secrets were heard where."""
        everywhere = {**self.heard, "log": self.log.getvalue()}
        found = {
            where: [one for one in sorted(self.secrets) if one.casefold() in text.casefold()]
            for where, text in everywhere.items()
        }
        return {where: words for where, words in found.items() if words}

    def excerpt(self, word: str) -> str:
        """The log around a word that should not be in it."""
        text = self.log.getvalue()
        at = text.casefold().find(word.casefold())
        return text[max(0, at - 600) : at + 200] if at >= 0 else ""


@contextmanager
def listening(patch: pytest.MonkeyPatch) -> Generator[Listener]:
    """Production's logging at its most talkative, into the listener's ear."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    before = {name: logging.getLogger(name).level for name in QUIET}
    listener = Listener()
    patch.setattr("sys.stderr", listener.log)
    configure_logging(logging.DEBUG)
    try:
        yield listener
    finally:
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, was in before.items():
            logging.getLogger(name).setLevel(was)


async def ignoring(work: Awaitable[T]) -> T | None:
    """What the loop of a worker does with an error of ours: it is in the log."""
    try:
        return await work
    except Exception:  # noqa: BLE001  # whatever a pass lets through is what is listened for
        structlog.get_logger().exception("canary.raised")
        return None


READING = {
    b"string": ("GET",),
    b"hash": ("HGETALL",),
    b"list": ("LRANGE", "0", "-1"),
    b"set": ("SMEMBERS",),
    b"zset": ("ZRANGE", "0", "-1", "WITHSCORES"),
}


def _value(redis: Redis, key: str) -> object:
    """Whatever the key holds."""
    ask = _asker(redis)
    command, *more = READING[cast("bytes", ask("TYPE", key))]
    return ask(command, key, *more)


def _asker(redis: Redis) -> Callable[..., object]:
    return cast("Callable[..., object]", redis.execute_command)
