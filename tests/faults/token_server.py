"""A marketplace's door for tokens, in a process of its own: every refresh token works once, using one again revokes all.

`python -m tests.faults.token_server PORT SECONDS`. What it is asked it does at once, and says so only after the
seconds; a refusal comes at once.
`GET /account` tells at once, by shop: refreshes done, requests refused, and whether the family was revoked.
"""

import asyncio
import json
import sys
from dataclasses import asdict

from tests.support.family import Families


async def serve(port: int, delay: float) -> None:
    families = Families()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = (
                int(head.partition("content-length:")[2].split()[0]) if "length:" in head else 0
            )
            status, said = _judge(families, head, await reader.readexactly(length))
            if head.startswith("post") and status.startswith("200"):
                await asyncio.sleep(delay)
            writer.write(_http(status, said))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has died
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def _judge(families: Families, head: str, body: bytes) -> tuple[str, object]:
    if head.startswith("get"):
        return "200 OK", {shop: asdict(one) for shop, one in families.known.items()}
    asked = json.loads(body)
    fresh = families.of(asked["shop"]).refresh(int(asked["refresh"]))
    return ("403 Forbidden", {}) if fresh is None else ("200 OK", {"refresh": fresh})


def _http(status: str, said: object) -> bytes:
    body = json.dumps(said).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
