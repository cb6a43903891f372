"""A store whose token several processes renew, at a connector that keeps its families strictly."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import Advice, CredentialsExpired
from onboarder.connector.leave import has_leave
from onboarder.converge import renewal
from onboarder.converge.renewal import Renewals
from onboarder.model.ids import RemoteId
from onboarder.model.people import Actor
from onboarder.model.recorded import SealedCredentials, StoreRecord
from onboarder.people.vault import Vault
from onboarder.records import credentials
from onboarder.records.database import Database, RecordsBusy, Transaction
from tests.support.family import Families, Family
from tests.support.fuse import Fuse, FusedDatabase
from tests.support.tokens import number_in, pair
from tests.support.town import CALL_DEADLINE, Clock, Town

REFUSED = Advice("refused", Actor.MERCHANT, "Token ditolak.", "The token is refused.")
Deed = Callable[[], Awaitable[object]]


@dataclass
class Asks:
    """A connector that renews at its families, and what happens before and after the marketplace did its part."""

    families: Families
    clock: Clock
    before: Deed | None = None
    after: Deed | None = None
    error: Exception | None = None
    begun: int = 0
    had_leave: list[bool] = field(default_factory=list[bool])

    async def renew(self, access: Access) -> Credentials:
        self.begun += 1
        self.had_leave.append(has_leave(self.clock()))
        if self.before is not None:
            await self.before()
        if self.error is not None:
            raise self.error
        number = self.families.of(access.remote_id).refresh(number_in(access))
        if number is None:
            raise CredentialsExpired(REFUSED)
        if self.after is not None:
            await self.after()
        return pair(number, self.clock())


@dataclass
class Desk:
    """A store with the first pair of its family, and processes that renew it."""

    town: Town
    store: StoreRecord
    asks: Asks

    def process(
        self,
        name: str = "p1",
        *,
        database: Database | None = None,
        vault: Vault | None = None,
        deadline: timedelta = CALL_DEADLINE,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> Renewals:
        """The renewals of one process of several."""
        return Renewals(
            database or self.town.database,
            vault or self.town.around.vault,
            clock=self.town.clock,
            name=name,
            deadline=deadline,
            sleep=sleep or self.town.clock.sleep,
        )

    async def held(self) -> SealedCredentials:
        async with self.town.database.read() as tx:
            found = await credentials.find(tx, self.store.id)
        assert found is not None
        return found

    async def number(self) -> int:
        """The number of the refresh token on record."""
        opened = await renewal.opened(self.town.around.vault, self.store, await self.held())
        return number_in(Access(self.store.reference, RemoteId("S1"), opened.credentials))

    async def give(self, number: int) -> None:
        """The merchant consents: a new family's token."""
        owner, where = self.store.merchant_id, self.store.id
        async with self.town.database.write() as tx:
            now = self.town.clock()
            await renewal.keep(tx, self.town.around.vault, owner, where, pair(number, now), now=now)

    @property
    def family(self) -> Family:
        return self.asks.families.of("S1")


class Tiring(FusedDatabase):
    """Its process falls asleep for a while after every write."""

    def __init__(self, inner: Database, clock: Clock) -> None:
        super().__init__(inner, Fuse())
        self._clock = clock

    @asynccontextmanager
    async def write(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        async with super().write(brief=brief) as tx:
            yield tx
        self._clock.pass_by(CALL_DEADLINE + timedelta(seconds=1))


class Busy(FusedDatabase):
    """Busy three times once something was renewed."""

    def __init__(self, inner: Database, family: Family) -> None:
        super().__init__(inner, Fuse())
        self._family = family
        self._left = 3

    @asynccontextmanager
    async def write(self, *, brief: bool = False) -> AsyncGenerator[Transaction]:
        if self._family.refreshes and self._left:
            self._left -= 1
            raise RecordsBusy
        async with super().write(brief=brief) as tx:
            yield tx
