"""Renewing what can be renewed only once: one renewal per expiry, whichever process and task needs it.

The right to renew is a claim in the database, and its call ends well before the claim does. Whoever comes second waits
for the new generation and never sends the old token itself. Once begun, a renewal is finished whatever becomes of who
asked for it, because its answer is the only copy there is. An answer that was lost may have used the token up: then one
more try is made, and if that fails too, only the merchant can give new ones.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from onboarder.connector.advice import LATE, UNAVAILABLE
from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import (
    Advice,
    CredentialsExpired,
    MarketplaceError,
    OutcomeUnknown,
    Unavailable,
)
from onboarder.connector.leave import leave_until
from onboarder.model.ids import MerchantId, StoreId
from onboarder.model.people import Actor
from onboarder.model.recorded import SealedCredentials, StoreRecord
from onboarder.people.vault import KeyGone, Vault
from onboarder.problems import ConfigProblem
from onboarder.records import credentials
from onboarder.records.credentials import Claim, FreshCredentials
from onboarder.records.database import Database, RecordsBusy, Transaction

log = structlog.get_logger()

MOST_TRIES = 2
"""Renewals of one generation whose answers were lost: the second is the last."""
SECOND_TRY_AFTER = timedelta(minutes=5)
"""After a lost answer: short faults of the marketplace are over by then, and it has finished what it had begun."""
SHARE_LEFT = 4
"""An idle store's credentials are renewed when a quarter of the time is left in which they can be."""
LOOKS = 40
"""How often, within one call's deadline, it is looked whether somebody else's renewal has ended."""
SAVES = 60
"""Attempts to save an answer, a minute at least: a server that restarts refuses at once. Then it is given up as lost."""
SAVE_PAUSE = timedelta(seconds=1)

LOST = Advice(
    "consent.lost",
    Actor.CANVASSER,
    "Izin untuk toko ini tidak berlaku lagi. Minta pedagang membuka tautan pribadinya lagi; lihat: onboarder consent TOKO",
    "The authorisation of this store is not valid any more. The merchant follows the personal link again; "
    "see: onboarder consent STORE",
)
UNDER_WAY = Advice(
    "renewal.under_way",
    Actor.NOBODY,
    "Izin toko sedang diperpanjang. Sistem melanjutkan sendiri.",
    "The store's authorisation is being renewed. Work goes on by itself.",
)


class Renews(Protocol):
    """What of a connector is needed here."""

    async def renew(self, access: Access) -> Credentials: ...


@dataclass(frozen=True, slots=True)
class OpenCredentials:
    """Credentials ready to use, and which generation they are."""

    credentials: Credentials
    generation: int


class Renewals:
    """The renewals of one process. `deadline` bounds one call, a claim lasts twice as long. Call `drain` at the end."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        *,
        clock: Callable[[], datetime],
        name: str,
        deadline: timedelta,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._name = name
        self._deadline = deadline
        self._sleep = sleep
        self._under_way: dict[tuple[StoreId, int], asyncio.Task[OpenCredentials]] = {}

    async def renewed(
        self, store: StoreRecord, connector: Renews, generation: int
    ) -> OpenCredentials:
        """Newer credentials than `generation`, renewed by us or by whoever was first. Safe to repeat.

        `CredentialsExpired` once only the merchant can give them; `Unavailable` while somebody else still renews them; what
        else the connector raises leaves them as they were. If the caller is cut off, the renewal goes on.
        """
        key = (store.id, generation)
        under_way = self._under_way.get(key)
        if under_way is None:
            under_way = asyncio.create_task(self._renewed(store, connector, generation))
            self._under_way[key] = under_way
            under_way.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(under_way)

    async def drain(self) -> None:
        """Wait until every renewal under way has ended and its answer is saved."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _ended(self, key: tuple[StoreId, int], done: asyncio.Task[OpenCredentials]) -> None:
        del self._under_way[key]
        if not done.cancelled() and done.exception() is not None:
            log.info("renewal.failed", store=key[0], error=type(done.exception()).__name__)

    async def _renewed(
        self, store: StoreRecord, connector: Renews, generation: int
    ) -> OpenCredentials:
        for _ in range(LOOKS):
            newest = await self._newest(store.id)
            if newest.lost_at is not None:
                raise CredentialsExpired(LOST)
            if newest.generation > generation:
                return await opened(self._vault, store, newest)
            claim = await self._claim(store.id, generation)
            if claim is not None:
                return await self._carry_out(store, connector, newest, claim)
            paused = (newest.renewer_until or self._clock()) - self._clock()
            if paused > self._span:  # after a lost answer: nothing to wait for here
                raise Unavailable(UNDER_WAY, retry_after=paused)
            await self._sleep(self._deadline.total_seconds() / LOOKS)
        raise Unavailable(UNDER_WAY, retry_after=self._deadline)

    async def _carry_out(
        self, store: StoreRecord, connector: Renews, old: SealedCredentials, claim: Claim
    ) -> OpenCredentials:
        if claim.attempt > MOST_TRIES:
            raise await self._lost(claim, "no answer to the last try")
        try:
            access = await self._access(store, old)
            fresh = await self._asked(connector, access, claim)
        except (CredentialsExpired, KeyGone) as error:
            raise await self._lost(claim, type(error).__name__) from None
        except OutcomeUnknown as error:
            await self._note_unknown(claim, error)
            raise
        except (MarketplaceError, ConfigProblem, RecordsBusy):  # before anything was sent
            await self._let_go(claim)
            raise
        if await self._saved(store, claim, fresh):
            log.info("renewal.done", store=store.id, generation=claim.generation + 1)
            return OpenCredentials(fresh, claim.generation + 1)
        return await opened(self._vault, store, await self._newest(store.id))

    async def _asked(self, connector: Renews, access: Access, claim: Claim) -> Credentials:
        """One call, begun only if it is sure to end before the claim does."""
        last = claim.until - self._deadline
        if self._clock() > last:
            raise Unavailable(UNDER_WAY, detail="slept over the claim")
        try:
            with leave_until(last):
                async with asyncio.timeout(self._deadline.total_seconds()):
                    return await connector.renew(access)
        except TimeoutError:
            raise OutcomeUnknown(LATE, detail="no answer to a renewal in time") from None

    async def _saved(self, store: StoreRecord, claim: Claim, fresh: Credentials) -> bool:
        """Whether it was saved; False if newer ones came meanwhile. Nobody else has this answer, so be patient."""
        for attempt in range(SAVES):
            try:
                sealed = await seal(
                    self._vault, store.merchant_id, store.id, fresh, now=self._clock()
                )
                async with self._database.write() as tx:
                    return await credentials.save(tx, claim, sealed)
            except RecordsBusy:
                if attempt == SAVES - 1:
                    raise
                await self._sleep(SAVE_PAUSE.total_seconds())
        raise AssertionError

    async def _access(self, store: StoreRecord, old: SealedCredentials) -> Access:
        if store.remote_id is None:
            raise RuntimeError(f"{store.id} was to be renewed before it was opened")
        held = await opened(self._vault, store, old)
        return Access(store.reference, store.remote_id, held.credentials)

    async def _newest(self, where: StoreId) -> SealedCredentials:
        async with self._database.read() as tx:
            found = await credentials.find(tx, where)
        if found is None:
            raise CredentialsExpired(LOST, detail="no credentials on record")
        return found

    async def _claim(self, where: StoreId, generation: int) -> Claim | None:
        async with self._database.write() as tx:
            now = self._clock()
            return await credentials.claim(
                tx, where, generation, renewer=self._name, now=now, until=now + self._span
            )

    async def _note_unknown(self, claim: Claim, error: OutcomeUnknown) -> None:
        """A fault that the marketplace itself reports is an answer: only what was lost on the way counts as a try."""
        if error.advice.code == UNAVAILABLE.code:
            await self._let_go(claim)
            return
        async with self._database.write() as tx:
            await credentials.pause(tx, claim, self._clock() + SECOND_TRY_AFTER)

    async def _let_go(self, claim: Claim) -> None:
        async with self._database.write() as tx:
            await credentials.let_go(tx, claim)

    async def _lost(self, claim: Claim, why: str) -> CredentialsExpired:
        async with self._database.write() as tx:
            await credentials.lose(tx, claim.store_id, claim.generation, now=self._clock())
        log.warning("consent.lost", store=claim.store_id, why=why)
        return CredentialsExpired(LOST, detail=why)

    @property
    def _span(self) -> timedelta:
        return 2 * self._deadline


async def opened(vault: Vault, store: StoreRecord, held: SealedCredentials) -> OpenCredentials:
    """The credentials unsealed; `KeyGone` if the merchant's key was destroyed."""
    secret = await vault.open(credentials.place(store.merchant_id, store.id), held.sealed)
    return OpenCredentials(
        Credentials(secret, held.expires_at, held.renewable_until), held.generation
    )


async def keep(
    tx: Transaction,
    vault: Vault,
    owner: MerchantId,
    where: StoreId,
    given: Credentials,
    *,
    now: datetime,
) -> OpenCredentials:
    """Keep credentials that the store or its merchant gave anew, sealed. They win over any renewal under way."""
    sealed = await seal(vault, owner, where, given, now=now)
    return OpenCredentials(given, await credentials.adopt(tx, where, sealed))


async def seal(
    vault: Vault, owner: MerchantId, where: StoreId, given: Credentials, *, now: datetime
) -> FreshCredentials:
    """Credentials ready to be written; a merchant's first ones make her key, durably."""
    until = given.renewable_until
    return FreshCredentials(
        await vault.seal(credentials.place(owner, where), given.secret),
        given.expires_at,
        until,
        None if until is None else until - (until - now) / SHARE_LEFT,
    )
