"""A connector under test with everything around it: proxy, marketplace, clock, listening logs."""

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import httpx
from pydantic import SecretStr

from onboarder.connector.advice import ErrorTable
from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import (
    Access,
    Connector,
    CreateOutcome,
    Equipment,
    ListingDraft,
    OpenedStore,
    Page,
    RemotePhoto,
)
from onboarder.connector.errors import MarketplaceError
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.connector.manifest import Capability, Manifest
from onboarder.connector.testing.marketplace import Act, HeldListing, HeldStore, MarketplaceControl
from onboarder.connector.testing.proxy import (
    AsStranger,
    Exchange,
    FaultProxy,
    Reply,
    Spoil,
    Strike,
    fault_proxy,
)
from onboarder.connector.testing.samples import a_draft, a_listing, a_photo, a_store
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.shop import ListingContent, ObservedListing, StoreContent

T = TypeVar("T")

LARGEST_ANSWER = 2_000_000
"""Bytes of an answer that a connector on the bench accepts; small, so that oversized answers are quickly made."""


class NonconformingError(AssertionError):
    """The connector breaks a promise; the text says which and how."""


@dataclass(frozen=True)
class Subject:
    """What is tested: a connector, the marketplace it talks to, and the hands at that marketplace."""

    build: Callable[[Equipment], Connector]
    control: MarketplaceControl
    upstream: httpx.AsyncClient
    """Way to the marketplace, from `open_client`; the kit puts its fault proxy in between."""
    errors: ErrorTable
    clock: Callable[[], datetime]
    hurry: timedelta = timedelta(seconds=0.6)
    """A deadline that an undisturbed call of this marketplace keeps easily; slow answers are tested with it."""
    as_stranger: AsStranger | None = None
    """How a call is given an unknown token where that is not a matter of the `Authorization` header alone."""

    @property
    def manifest(self) -> Manifest:
        """As an instance with these settings declares it."""
        return self.build(_paper_equipment(self)).manifest


@dataclass(frozen=True)
class Shop:
    """A store that is open for trade, and the way into it."""

    bench: "Bench"
    content: StoreContent
    access: Access
    connector: Connector
    photos: tuple[RemotePhoto, ...] = ()
    """As many as the marketplace asks of every listing, already uploaded."""

    def listing(self, tail: str = "p1", *names: str) -> ListingContent:
        """Content with a Reference of this store's own."""
        reference = Reference(f"{self.content.reference}-{tail}")
        content = a_listing(reference, self.bench.control.category, *names)
        return replace(content, photos=tuple(one.hash for one in self.photos))

    def draft(self, content: ListingContent, *photos: RemotePhoto) -> ListingDraft:
        """Ready to send, with these photos or the shop's own."""
        return a_draft(content, *(photos or self.photos))

    def drafts(self, *contents: ListingContent) -> list[ListingDraft]:
        return [self.draft(content) for content in contents]

    async def try_to_create(
        self, content: ListingContent, *photos: RemotePhoto
    ) -> CreateOutcome | None:
        """What became of one listing; None if the answer did not speak of it."""
        draft = self.draft(content, *photos)
        outcome = await outcome_of(self.connector.create_listings(self.access, [draft]))
        if isinstance(outcome, MarketplaceError):
            return outcome
        return outcome.get(content.reference)

    async def create(self, content: ListingContent, *photos: RemotePhoto) -> ObservedListing:
        """A listing made without disturbance."""
        outcome = await self.try_to_create(content, *photos)
        if isinstance(outcome, ObservedListing):
            return outcome
        raise NonconformingError(f"an undisturbed create ended in {outcome!r}") from outcome

    async def find(self, content: ListingContent) -> ObservedListing | None:
        return await self.connector.find_listing(self.access, content.reference)

    async def found(self, content: ListingContent) -> ObservedListing:
        """As `find`, where it must be there."""
        found = await self.find(content)
        if found is None:
            raise NonconformingError(f"find_listing({content.reference}) found nothing")
        return found

    async def held(self, content: ListingContent) -> HeldListing:
        """The one listing that the marketplace holds under the Reference."""
        held = await self.bench.control.listings(content.reference)
        expect(len(held) == 1, f"the marketplace holds {len(held)} of {content.reference}, not 1")
        return held[0]

    async def how_many(self, content: ListingContent) -> int:
        return len(await self.bench.control.listings(content.reference))

    async def upload(self, number: int = 0) -> RemotePhoto:
        return await self.connector.upload_photo(self.access, a_photo(number))

    async def pages(self) -> list[Page]:
        """All pages from the first to the last."""
        pages = [await self.connector.observe_listings(self.access, None)]
        while pages[-1].next_cursor is not None:
            expect(len(pages) < 50, "observe_listings never says that a page is the last")
            pages.append(await self.connector.observe_listings(self.access, pages[-1].next_cursor))
        return pages


class Bench:
    """One check's surroundings; every check gets its own References."""

    def __init__(self, subject: Subject, proxy: FaultProxy, name: str) -> None:
        self.subject = subject
        self.control = subject.control
        self.proxy = proxy
        self.secrets: list[str] = []
        """Every secret that was derived for the connector."""
        self._tag = hashlib.sha256(name.encode()).hexdigest()[:7]
        self._doors: list[MarketplaceHttp] = []
        self.connector = self.another_connector()

    @property
    def manifest(self) -> Manifest:
        return self.connector.manifest

    def can(self, capability: Capability) -> bool:
        return self.manifest.can(capability)

    def another_connector(
        self, *, deadline: timedelta | None = None, ahead: timedelta = timedelta()
    ) -> Connector:
        """As another process would have it; `ahead` is by how much that process's clock is wrong."""
        door = MarketplaceHttp(
            open_client(self.proxy.url),
            UnlimitedBudget(),
            marketplace="bench",
            deadline=deadline or timedelta(seconds=20),
            clock=lambda: self.subject.clock() + ahead,
            largest_answer=LARGEST_ANSWER,
        )
        self._doors.append(door)
        return self.subject.build(
            Equipment(door, lambda: self.subject.clock() + ahead, self._derive)
        )

    def with_pages_of(self, size: int) -> None:
        """Give the connector a manifest with smaller pages, as settings may."""
        manifest = self.connector.manifest
        limits = replace(manifest.limits, page_size=size)
        vars(self.connector)["manifest"] = replace(manifest, limits=limits)

    def reference(self, tail: str = "a") -> Reference:
        return Reference(f"uji-{self._tag}-{tail}")

    async def opened(self, tail: str = "a") -> tuple[StoreContent, OpenedStore]:
        """A store as just opened, by the API or by the merchant's consent."""
        content = a_store(self.reference(tail))
        if self.can(Capability.OPEN_STORE):
            return content, await self.connector.open_store(content)
        return content, await self.control.consent(content)

    async def shop(self, tail: str = "a") -> Shop:
        """A store that is complete and open for trade."""
        content, opened = await self.opened(tail)
        access = access_to(content, opened)
        await self.control.approve_store(access.remote_id)
        await self.connector.complete_store(access, content)
        least = self.manifest.limits.photos_min
        photos = [
            await self.connector.upload_photo(access, a_photo(900 + number))
            for number in range(least)
        ]
        return Shop(self, content, access, self.connector, tuple(photos))

    def spoil(
        self, act: Act, spoil: Spoil, reply: Reply | None = None, *, times: int = 1, skip: int = 0
    ) -> None:
        """Spoil the next calls of that kind."""
        route = self.control.routes[act]
        self.proxy.strike(Strike(spoil, route, reply or Reply(500), times, skip))

    def spoil_everything(self, spoil: Spoil, reply: Reply | None = None) -> None:
        """Spoil every call until `proxy.calm()`."""
        self.proxy.strike(Strike(spoil, _any_call, reply or Reply(500), times=1_000_000))

    def sent(self, act: Act) -> int:
        """How many calls of that kind were sent so far."""
        return sum(map(self.control.routes[act], self.proxy.seen))

    async def stores(self, content: StoreContent) -> list[HeldStore]:
        return [*await self.control.stores(content.reference)]

    async def close(self) -> None:
        for door in self._doors:
            await door.aclose()

    def _derive(self, purpose: str) -> SecretStr:
        secret = hashlib.sha256(f"bench {purpose}".encode()).hexdigest()
        self.secrets.append(secret)
        return SecretStr(secret)


@asynccontextmanager
async def bench(subject: Subject, name: str) -> AsyncGenerator[Bench]:
    """A bench that is cleared away afterwards."""
    async with fault_proxy(subject.upstream, subject.as_stranger) as proxy:
        prepared = Bench(subject, proxy, name)
        try:
            yield prepared
        finally:
            await prepared.close()


def expect(holds: bool, otherwise: str) -> None:
    """NonconformingError with the text unless it holds."""
    if not holds:
        raise NonconformingError(otherwise)


async def outcome_of(call: Awaitable[T]) -> T | MarketplaceError:
    """What a call returned, or the marketplace error it raised; anything else it raises is a fault."""
    try:
        return await call
    except MarketplaceError as error:
        return error


async def expect_error(
    call: Awaitable[object], *kinds: type[MarketplaceError], when: str
) -> MarketplaceError:
    """The error of one of these kinds that the call must end in."""
    outcome = await outcome_of(call)
    names = " or ".join(kind.__name__ for kind in kinds)
    expect(isinstance(outcome, kinds), f"{when}: expected {names}, got {outcome!r}")
    assert isinstance(outcome, MarketplaceError)
    return outcome


def access_to(content: StoreContent, opened: OpenedStore) -> Access:
    return Access(content.reference, RemoteId(opened.store.remote_id), opened.credentials)


def _any_call(_: Exchange) -> bool:
    return True


def _paper_equipment(subject: Subject) -> Equipment:
    """Enough to build a connector that is only asked what it declares."""
    door = MarketplaceHttp(open_client("http://paper"), UnlimitedBudget(), marketplace="paper")
    return Equipment(door, subject.clock, lambda purpose: SecretStr(f"paper {purpose}"))
