"""One pass over one store: the lease, what is known, and the way in."""

import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import Advice, CredentialsExpired, MarketplaceError
from onboarder.connector.leave import leave_until
from onboarder.connector.manifest import CredentialKind
from onboarder.converge import renewal
from onboarder.converge.bound import Bound
from onboarder.converge.renewal import LOST, OpenCredentials
from onboarder.converge.surroundings import Surroundings
from onboarder.converge.wanted import Wanted, wanted
from onboarder.model.ids import ProductId, Reference, listing_id
from onboarder.model.recorded import (
    Lease,
    ListingRecord,
    SealedCredentials,
    StoreRecord,
    StoreWork,
)
from onboarder.model.shop import ListingState, ObservedStore, StoreState
from onboarder.model.work import IntentKind
from onboarder.people.vault import KeyGone
from onboarder.records import days, stores, tasks, writes
from onboarder.records.codec import Row
from onboarder.records.database import Transaction
from onboarder.rules.standing import rejection_advice, standing_advice

log = structlog.get_logger()

T = TypeVar("T")

RENEW_BEFORE = timedelta(minutes=5)
"""A login's credentials that expire sooner are renewed before a pass."""
RENEW_CONSENT_BEFORE = timedelta(minutes=30)
"""Credentials by consent that expire sooner, or within the longest pass, are renewed before a pass."""


class Session:
    """Holds the lease. Every write to the database goes through `commit`, which fences and prolongs it."""

    def __init__(self, around: Surroundings, lease: Lease, work: StoreWork) -> None:
        self.around = around
        self.lease = lease
        self.work = work
        self.marketplace = around.marketplaces[work.store.marketplace]
        self.connector = self.marketplace.connector
        self.manifest = self.connector.manifest
        self.bound: Bound | None = None
        """The time limit of the pass under way."""
        self._held: OpenCredentials | None = None
        self._looked_at_expiry = False
        self._numbers = itertools.count()

    @property
    def store(self) -> StoreRecord:
        return self.work.store

    @property
    def now(self) -> datetime:
        return self.around.clock()

    @property
    def wanted(self) -> Wanted:
        return wanted(
            self.work.merchant,
            self.work.products,
            programme=self.around.programme,
            manifest=self.manifest,
            categories=self.marketplace.categories,
            store_reference=self.store.reference,
            withdrawn=self.store.withdrawn_at is not None,
        )

    @asynccontextmanager
    async def commit(
        self, values: Row | None = None, *, progress: bool = False
    ) -> AsyncGenerator[Transaction]:
        """A transaction that begins by proving and prolonging the lease; `LeaseLost` if it is gone.

        `values` are written to the store. `progress`: the outcome of a remote write is recorded, so this store does not
        kill its workers.
        """
        until = self.now + self.around.lease_span
        lived = {"starts": 0} if progress else {}
        written = days.of_a_store({**lived, **(values or {})}, self.now)
        async with self.around.database.write() as tx:
            await stores.hold(tx, self.lease, until=until, values=written)
            yield tx
        self.lease = replace(self.lease, until=until)
        if self.bound is not None:
            self.bound.sign_of_life()

    async def reload(self) -> None:
        """Read again what is known, after this pass wrote."""
        async with self.around.database.read() as tx:
            self.work = await stores.load(tx, self.store.id)

    async def intend(self, *wishes: tuple[IntentKind, Reference]) -> list[str]:
        """Put remote writes on record, durably, before they are sent; returns the intents' ids.

        From now on until the call's deadline and the marketplace's settle time are over, nobody believes in their absence.
        """
        named = [(writes.intent_id(self.lease, next(self._numbers)), *wish) for wish in wishes]
        async with self.commit() as tx:
            await writes.intend(
                tx, self.lease, named, now=self.now, doubt_until=self._doubt_until()
            )
        return [one for one, _, _ in named]

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

    async def adopt_credentials(self, tx: Transaction, credentials: Credentials) -> None:
        """Keep new credentials, sealed."""
        store = self.store
        self._held = await renewal.keep(
            tx, self.around.vault, store.merchant_id, store.id, credentials, now=self.now
        )

    async def ask(
        self,
        tx: Transaction,
        advice: Advice,
        *,
        subject: str | None = None,
        choices: Sequence[str] = (),
    ) -> None:
        """Open a task about the store, or about one of its listings."""
        await tasks.ask(
            tx,
            where=self.store.id,
            owner=self.store.merchant_id,
            subject=subject or self.store.id,
            advice=advice,
            now=self.now,
            choices=choices,
        )

    def record(self, reference: Reference) -> ListingRecord | None:
        return self.work.listings.get(reference)

    async def stand(self, tx: Transaction, state: StoreState, reason: str | None) -> None:
        """Keep the task about the store's standing in step with what the marketplace says."""
        advice = standing_advice(state, reason)
        still = None if advice is None else advice.code
        await tasks.settle(tx, self.store.id, now=self.now, family="store.", still=still)
        if advice is not None:
            await self.ask(tx, advice)

    async def save(self, tx: Transaction, *records: ListingRecord) -> None:
        """Write listing records, tell about rejections, and keep the pass's own view in step."""
        await writes.save_listings(tx, self.store.id, records, now=self.now)
        self.work.listings.update({one.reference: one for one in records})
        for one in records:
            if one.state is ListingState.REJECTED:
                advice = rejection_advice(self.title(one.reference), one.reason)
                await self.ask(tx, advice, subject=one.id)

    def title(self, reference: Reference) -> str:
        """The product's name, for people."""
        names = (one.name for one in self.work.products if Reference(one.id) == reference)
        return next(names, reference)

    async def _stay(self) -> None:
        """Before a call: prolong a lease that it might outlive. A worker that slept past its lease learns it here."""
        if self.lease.until - self.now < self.around.lease_span / 2:
            async with self.commit():
                pass

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
        if self._by_consent:
            seen = self._held.generation if self._held else 0
            self._held = await self.around.renewals.renewed(self.store, self.connector, seen)
        else:
            with leave_until(self.lease.until):
                fresh = await self.connector.renew(await self._access())
        async with self.commit() as tx:
            if fresh is not None:
                await self.adopt_credentials(tx, fresh)
            # What was intended is only sent from now on, so its doubt lasts longer too.
            await writes.prolong_doubts(tx, self.lease, self._doubt_until())

    @property
    def _by_consent(self) -> bool:
        return self.manifest.credentials is CredentialKind.CONSENT

    def _doubt_until(self) -> datetime:
        return self.now + self.around.call_deadline + self.manifest.settle

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


def as_opened(found: ObservedStore) -> dict[str, object]:
    """What the record of a store takes over from a store just opened or found again."""
    return {
        "remote_id": found.remote_id,
        "state": found.state,
        "complete": found.complete,
        "reason": found.reason,
        "url": found.url,
        "authorised_until": found.authorised_until,
    }


def fresh_record(session: Session, reference: Reference) -> ListingRecord:
    """The record of a listing that is only planned so far."""
    return ListingRecord(listing_id(ProductId(reference), session.store.marketplace), reference)
