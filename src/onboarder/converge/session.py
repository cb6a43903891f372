"""One pass over one store: the lease, what is known, and the way in."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import CredentialsExpired, MarketplaceError
from onboarder.connector.leave import leave_until
from onboarder.connector.manifest import CredentialKind
from onboarder.converge import renewal
from onboarder.converge.pass_records import PassRecords
from onboarder.converge.renewal import LOST, OpenCredentials
from onboarder.converge.surroundings import Surroundings
from onboarder.model.recorded import (
    Lease,
    SealedCredentials,
    StoreWork,
)
from onboarder.people.vault import KeyGone
from onboarder.records import credentials, writes
from onboarder.records.credentials import FreshCredentials
from onboarder.records.database import Transaction

log = structlog.get_logger()

T = TypeVar("T")

RENEW_BEFORE = timedelta(minutes=5)
"""A login's credentials that expire sooner are renewed before a pass."""
RENEW_CONSENT_BEFORE = timedelta(minutes=30)
"""Credentials by consent that expire sooner, or within the longest pass, are renewed before a pass."""


class Session(PassRecords):
    """With credentials that are renewed when they run out or turn out dead."""

    def __init__(self, around: Surroundings, lease: Lease, work: StoreWork) -> None:
        super().__init__(around, lease, work)
        self._held: OpenCredentials | None = None
        self._looked_at_expiry = False

    async def call(self, action: Callable[[], Awaitable[T]]) -> T:
        """Call the marketplace for a store that may have no credentials yet."""
        await self._stay()
        with leave_until(self.lease.until):
            return await action()

    async def reach(self, action: Callable[[Access], Awaitable[T]]) -> T:
        """Call the marketplace with valid credentials, renewing them once if they turn out dead."""
        await self._stay()
        await self._renew_early()
        try:
            with leave_until(self.lease.until):
                return await action(await self._access())
        except CredentialsExpired:
            await self._renew()
            with leave_until(self.lease.until):
                return await action(await self._access())

    async def seal(self, given: Credentials) -> FreshCredentials:
        """New credentials ready to be adopted. Before a transaction: it may take one of its own, for the merchant's key."""
        store = self.store
        return await renewal.seal(
            self.around.vault, store.merchant_id, store.id, given, now=self.now
        )

    async def adopt_credentials(
        self, tx: Transaction, given: Credentials, sealed: FreshCredentials
    ) -> None:
        """Keep new credentials."""
        generation = await credentials.adopt(tx, self.store.id, sealed)
        self._held = OpenCredentials(given, generation)

    async def _stay(self) -> None:
        """Before a call: prolong a lease that it might outlive. A worker that slept past its lease learns it here."""
        if self.lease.until - self.now < self.around.lease_span / 2:
            await self.write(rest=self._prolong_doubts)

    async def _access(self) -> Access:
        held = await self._open_credentials()
        if self.store.remote_id is None or held is None:
            raise RuntimeError(f"{self.store.id} was reached before it was opened")
        return Access(self.store.reference, self.store.remote_id, held.credentials)

    async def _renew_early(self) -> None:
        """Once a pass: credentials that live shorter than that are renewed when they are refused."""
        held = None if self._looked_at_expiry else await self._open_credentials()
        if held is None:
            return
        self._looked_at_expiry = True
        expires = held.credentials.expires_at
        if not self._runs_out(expires):
            return
        try:
            await self._renew()
        except CredentialsExpired:
            raise
        except MarketplaceError as error:
            if not self._by_consent or (expires is not None and expires <= self.now):
                raise
            log.info("renewal.later", code=error.advice.code)  # the old ones still open the door

    def _runs_out(self, expires: datetime | None) -> bool:
        """Whether the credentials may not last for this pass, or would run out unused."""
        known = self.work.credentials
        if known is not None and known.renew_by is not None and known.renew_by <= self.now:
            return True
        longest = max(RENEW_CONSENT_BEFORE, self.around.pass_span)
        return expires is not None and expires - self.now < (
            longest if self._by_consent else RENEW_BEFORE
        )

    async def _renew(self) -> None:
        fresh: Credentials | None = None
        sealed: FreshCredentials | None = None
        if self._by_consent:
            seen = self._held.generation if self._held else 0
            self._held = await self.around.renewals.renewed(self.store, self.connector, seen)
        else:
            with leave_until(self.lease.until):
                fresh = await self.connector.renew(await self._access())
            sealed = await self.seal(fresh)
        async with self.commit() as tx:
            if fresh is not None and sealed is not None:
                await self.adopt_credentials(tx, fresh, sealed)
            await self._prolong_doubts(tx)

    async def _prolong_doubts(self, tx: Transaction) -> None:
        """With the lease: what was intended is only sent from now on."""
        await writes.prolong_doubts(tx, self.lease, self.now + self.longest_doubt)

    @property
    def _by_consent(self) -> bool:
        return self.manifest.credentials is CredentialKind.CONSENT

    async def _open_credentials(self) -> OpenCredentials | None:
        """What opens the store; `CredentialsExpired` if only the merchant can give it anew."""
        known = self.work.credentials
        if self._held is None and known is not None:
            if self._by_consent and known.lost_at is not None:
                raise CredentialsExpired(LOST)
            self._held = await self._unsealed(known)
        return self._held

    async def _unsealed(self, known: SealedCredentials) -> OpenCredentials:
        try:
            return await renewal.opened(self.around.vault, self.store, known)
        except KeyGone:
            if not self._by_consent:
                raise
            raise CredentialsExpired(LOST, detail="the merchant's key is gone") from None
