"""The whole service over one database, and somebody of every role signed in: `client.get("/api/v1/…")`.

Sessions are put on record as they are after a sign-in; how one signs in is tested elsewhere.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from fastapi import APIRouter
from pydantic import SecretStr

from onboarder.access.sessions import IDLE, LONGEST, PIN_AGAIN
from onboarder.api.app import create_app
from onboarder.api.premises import Premises, premises
from onboarder.api.v1.door import COOKIE
from onboarder.model.ids import MarketCode
from onboarder.model.people import Market
from onboarder.people.links import digest
from onboarder.people.roles import Role
from onboarder.people.sealed_box import BoxKeys
from onboarder.records import accounts, sessions
from onboarder.records.accounts import AccountRecord
from onboarder.records.database import Database
from onboarder.records.sessions import SessionRecord
from tests.support.consenting import PUBLIC, Bell
from tests.support.town import PROGRAMME, Town, a_town

CONFIG = Path(__file__).parents[2] / "config"
OWN = MarketCode("KNM")
"""The canvasser's market; `tests.support.town.a_merchant` lives in it."""
FOREIGN = MarketCode("PGI")
"""Another market of the programme: the stranger's."""
MARKETS = (*PROGRAMME.markets, Market(FOREIGN, "Pasar Pagi", "Jl. Pagi", "45124"))


async def silence() -> str | None:
    """Redis answers."""
    return None


@dataclass
class Service:
    """`canvasser` works in OWN, `stranger` in FOREIGN; `anybody` is not signed in. All are httpx clients."""

    town: Town
    premises: Premises
    bell: Bell
    stack: AsyncExitStack
    transport: httpx.ASGITransport
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict[str, httpx.AsyncClient])

    @property
    def anybody(self) -> httpx.AsyncClient:
        return self.clients["anybody"]

    @property
    def canvasser(self) -> httpx.AsyncClient:
        return self.clients["C01"]

    @property
    def stranger(self) -> httpx.AsyncClient:
        return self.clients["C02"]

    @property
    def coordinator(self) -> httpx.AsyncClient:
        return self.clients["ani"]

    @property
    def viewer(self) -> httpx.AsyncClient:
        return self.clients["wali"]

    @property
    def operator(self) -> httpx.AsyncClient:
        return self.clients["op"]

    async def employ(self, who: str, role: Role, *markets: MarketCode) -> httpx.AsyncClient:
        """An account with one signed-in device; `a_key()` makes keys for its creates."""
        now = self.town.clock()
        async with self.town.database.write() as tx:
            await accounts.add(
                tx,
                AccountRecord(
                    who,
                    PROGRAMME.code,
                    role,
                    f"Nama {who}",
                    now,
                    "test",
                    markets=frozenset(markets),
                ),
            )
            await sessions.add(
                tx,
                SessionRecord(
                    digest(token_of(who)),
                    f"hp-{who.lower()}",
                    who,
                    "HP contoh",
                    now,
                    now,
                    now + IDLE,
                    now + LONGEST,
                    pin_due_at=now + PIN_AGAIN,
                ),
            )
        self.clients[who] = await self.client(token_of(who))
        return self.clients[who]

    async def client(self, token: SecretStr | None = None) -> httpx.AsyncClient:
        """A browser at our own pages, with that session."""
        made = httpx.AsyncClient(
            transport=self.transport,
            base_url=PUBLIC,
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        if token is not None:
            made.cookies.set(COOKIE, token.get_secret_value())
        return await self.stack.enter_async_context(made)

    def pass_by(self, span: timedelta) -> None:
        self.town.clock.pass_by(span)


@asynccontextmanager
async def a_service(
    database: Database, *, pages: tuple[APIRouter, ...] = ()
) -> AsyncGenerator[Service]:
    """The service over a migrated database, in a town of two markets."""
    async with a_town(database) as town, AsyncExitStack() as stack:
        town.around = replace(town.around, programme=replace(PROGRAMME, markets=MARKETS))
        folder = Path(stack.enter_context(TemporaryDirectory()))
        bell, boxes = Bell(), BoxKeys(folder)
        boxes.create()
        made = premises(
            town.around,
            bell,
            public_url=PUBLIC,
            state_span=timedelta(minutes=60),
            redis_silence=silence,
            metrics_token=None,
            config_dir=CONFIG,
            boxes=boxes,
            data_dir=folder,
        )
        app = create_app(made, pages=pages)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        service = Service(town, made, bell, stack, transport)
        service.clients["anybody"] = await service.client()
        for who, role, markets in _STAFF:
            await service.employ(who, role, *markets)
        yield service


_STAFF = (
    ("C01", Role.CANVASSER, (OWN,)),
    ("C02", Role.CANVASSER, (FOREIGN,)),
    ("ani", Role.COORDINATOR, ()),
    ("wali", Role.VIEWER, ()),
    ("op", Role.OPERATOR, ()),
)


def token_of(who: str) -> SecretStr:
    """The session's token of who was employed."""
    return SecretStr(sha256(f"token of {who}".encode()).hexdigest())


def ulid(number: int) -> str:
    """An id as a device makes them, the same for the same number."""
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    text = "".join(digits[(number >> (5 * place)) & 31] for place in range(10))
    return f"01KB000000000000{text[::-1]}"


def with_key(number: int) -> dict[str, str]:
    """Headers for a create."""
    return {"Idempotency-Key": ulid(number)}
