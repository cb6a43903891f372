"""Events posted to the address in the rules: signed, at most once or twice, sometimes not at all."""

import asyncio
import hashlib
import hmac
import random
from collections.abc import Callable

import httpx

from onboarder_rehearsal.server.desk import Desk

SIGNATURE = "X-Pasar-Signature"
"""Header: `t=SECONDS,v1=HEX` with HMAC-SHA256 over `SECONDS.BODY`."""
_PATIENCE = 2.0
"""Seconds for one delivery; there is no second try, the receiver has to look for itself."""


def signature(key: str, at: int, body: bytes) -> str:
    """The value of the signature header."""
    digest = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class PostOffice:
    """Sends the notices that the desk leaves."""

    def __init__(self, desk: Desk, open_client: Callable[[], httpx.AsyncClient]) -> None:
        self._desk = desk
        self._open_client = open_client

    async def send_all(self) -> int:
        """Post what waits, in order; answers how many posts were made. A notice is gone whether it arrived or not."""
        notices = self._take_all()
        if not notices:
            return 0
        async with self._open_client() as client:
            sent = [await self._send(client, body) for body in notices]
        return sum(sent)

    def _take_all(self) -> list[bytes]:
        """The bodies to post, lost ones left out and doubled ones twice."""
        state, rules = self._desk.state, self._desk.rules
        rows = state.all("SELECT no, body FROM notice ORDER BY no LIMIT 500")
        if not rows:
            return []
        with state.commit():
            state.run("DELETE FROM notice WHERE no <= ?", rows[-1]["no"])
        bodies: list[bytes] = []
        for row in rows:
            chance = random.Random(f"{rules.seed}/notice/{row['no']}")  # noqa: S311  (a practised fault)
            lost = chance.random() < rules.webhook_lost
            doubled = chance.random() < rules.webhook_doubled
            bodies += [str(row["body"]).encode()] * (0 if lost else 1 + doubled)
        return bodies

    async def _send(self, client: httpx.AsyncClient, body: bytes) -> bool:
        rules, at = self._desk.rules, int(self._desk.now())
        if rules.webhook_url is None:
            return False
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: signature(rules.webhook_key, at, body),
        }
        try:
            await asyncio.wait_for(
                client.post(rules.webhook_url, content=body, headers=headers), _PATIENCE
            )
        except (httpx.HTTPError, TimeoutError):
            return False
        return True
