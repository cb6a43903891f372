"""Carrying out a plan: one durable intent before and one durable outcome after every remote write."""

from collections.abc import Sequence
from itertools import groupby
from typing import assert_never

import structlog

from onboarder.connector.contract import CreateOutcome, ListingDraft, Photo, RemotePhoto
from onboarder.connector.errors import (
    Gone,
    MarketplaceError,
    OutcomeUnknown,
    Rejected,
    Unsupported,
)
from onboarder.converge import agreed
from onboarder.converge.failures import PHOTO_MISSING
from onboarder.converge.outcomes import (
    is_final,
    is_held,
    known_record,
    record_creates,
    record_end,
    record_failure,
    record_refused_photo,
    record_success,
    record_withheld,
)
from onboarder.converge.pass_records import as_opened
from onboarder.converge.plan import (
    CompleteStore,
    CreateListing,
    OpenStore,
    RelistListing,
    Step,
    UpdateListing,
    UploadPhoto,
    WithdrawListing,
    alive,
    fields_to_set,
)
from onboarder.converge.session import Session
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.recorded import ListingRecord
from onboarder.model.shop import ListingContent
from onboarder.model.work import IntentKind
from onboarder.records import writes
from onboarder.records.database import Transaction

log = structlog.get_logger()

MOST_STRIKES = 3
"""Calls with a lost answer in a row after which the marketplace is taken to be in trouble and the pass ends."""


class Appliance:
    """Applies steps for one session; counts lost answers in a row."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._strikes = 0
        self._half_made: set[Reference] = set()
        """Listings whose update failed in this pass: they are not put on sale as they are."""

    async def apply(self, steps: Sequence[Step]) -> None:
        """Carry the steps out in order. Refusals of single listings are recorded and do not stop the others."""
        for kind, run in groupby(steps, key=type):
            if kind is CreateListing:
                await self._create([one.content for one in run if isinstance(one, CreateListing)])
            else:
                for step in run:
                    await self._one(step)

    async def _one(self, step: Step) -> None:
        match step:
            case OpenStore():
                await self._open_store()
            case CompleteStore():
                await self._complete_store()
            case UploadPhoto():
                await self._upload(step)
            case CreateListing():
                await self._create([step.content])
            case UpdateListing():
                await self._update(step)
            case WithdrawListing():
                await self._withdraw(self._now(step.record))
            case RelistListing():
                if step.record.reference not in self._half_made:
                    await self._relist(self._now(step.record))
            case _:
                assert_never(step)

    async def _open_store(self) -> None:
        session = self.session
        [intent] = await session.intend((IntentKind.OPEN_STORE, session.store.reference))
        content = session.wanted.store
        try:
            found = await session.call(lambda: session.connector.find_store(content))
            opened = found
            if opened is None:
                opened = await session.call(lambda: session.connector.open_store(content))
        except MarketplaceError as error:
            await record_end(session, [intent], error)
            raise
        known_empty = {} if found else {"observed_at": session.now}
        values = known_empty | as_opened(opened.store) | {"failure": None}

        sealed = await session.seal(opened.credentials)

        async def with_the_key(tx: Transaction) -> None:
            await session.adopt_credentials(tx, opened.credentials, sealed)
            await session.stand(tx, opened.store.state, opened.store.reason)
            await writes.note(
                tx, at=session.now, actor="system", action="store.opened", subject=session.store.id
            )

        await session.write(values=values, progress=True, done=[intent], rest=with_the_key)
        await session.reload()
        log.info("store.opened", store=session.store.id, state=session.store.state)

    async def _complete_store(self) -> None:
        session = self.session
        if session.store.complete or not alive(session.store.state):
            return
        [intent] = await session.intend((IntentKind.COMPLETE_STORE, session.store.reference))
        try:
            done = await session.reach(
                lambda way: session.connector.complete_store(way, session.wanted.store)
            )
        except MarketplaceError as error:
            await record_end(session, [intent], error)
            raise
        values = {"state": done.state, "complete": done.complete}
        await session.write(
            values=values,
            progress=True,
            done=[intent],
            rest=lambda tx: session.stand(tx, done.state, done.reason),
        )
        await session.reload()

    async def _upload(self, step: UploadPhoto) -> None:
        session = self.session
        try:
            photo = Photo(step.photo, "image/jpeg", session.around.photos.read(step.photo))
        except (KeyError, OSError) as error:
            missing = Rejected(PHOTO_MISSING, detail=type(error).__name__)
            await record_refused_photo(session, step.photo, missing)
            return
        try:
            remote = await session.reach(lambda way: session.connector.upload_photo(way, photo))
        except (Rejected, Unsupported) as error:
            await record_refused_photo(session, step.photo, error)
            return
        await session.write(progress=True, photos=[(step.photo, remote.key)])
        session.work.photos[step.photo] = remote.key

    async def _create(self, contents: Sequence[ListingContent]) -> None:
        size = self.session.manifest.limits.create_batch
        free = [one for one in contents if not self._refused(one)]
        for start in range(0, len(free), size):
            await self._create_batch(free[start : start + size])

    async def _create_batch(self, contents: Sequence[ListingContent]) -> None:
        session = self.session
        drafts = [self._draft(content) for content in contents]
        intents = await session.intend(
            *((IntentKind.CREATE_LISTING, content.reference) for content in contents)
        )
        try:
            answer = await session.reach(lambda way: session.connector.create_listings(way, drafts))
            outcomes: dict[Reference, CreateOutcome] = dict(answer)
        except MarketplaceError as error:
            if not _of_the_listing(error):
                await record_end(session, intents, error)
                raise
            outcomes = {content.reference: error for content in contents}
        self._judge(await record_creates(session, contents, intents, outcomes))

    async def _update(self, step: UpdateListing) -> None:
        session, record = self.session, self._now(step.record)
        if self._refused(step.content):
            return
        draft = self._draft(step.content)
        [intent] = await session.intend((IntentKind.UPDATE_LISTING, record.reference))
        remote_id = _remote(record)
        try:
            record = await self._as_shown(record)
            fields = step.fields & fields_to_set(record, step.content)
            if not fields:
                await record_withheld(session, intent, record)
                return
            shown = await session.reach(
                lambda way: session.connector.update_listing(way, remote_id, draft, fields)
            )
        except MarketplaceError as error:
            self._half_made.add(record.reference)
            await record_failure(session, intent, record, step.content, error)
            self._judge([error])
            return
        fresh = agreed.updated(record, step.content, fields, shown, now=session.now)
        await self._done(intent, fresh)

    async def _as_shown(self, record: ListingRecord) -> ListingRecord:
        """The listing looked at right before it is changed: the merchant may have edited it since the last look.

        Not after a lost answer: what is shown then may be what we sent ourselves.
        """
        session = self.session
        if record.attempts:
            return record
        shown = await session.reach(
            lambda way: session.connector.find_listing(way, record.reference)
        )
        if shown is None or shown.remote_id != record.remote_id:
            return record
        return agreed.observed(record, shown, now=session.now)

    async def _withdraw(self, record: ListingRecord) -> None:
        session = self.session
        [intent] = await session.intend((IntentKind.WITHDRAW_LISTING, record.reference))
        remote_id = _remote(record)
        try:
            shown = await session.reach(
                lambda way: session.connector.withdraw_listing(way, remote_id)
            )
        except MarketplaceError as error:
            await record_failure(session, intent, record, record.applied, error)
            self._judge([error])
            return
        await self._done(intent, agreed.withdrawn(record, shown, now=session.now))

    async def _relist(self, record: ListingRecord) -> None:
        session = self.session
        [intent] = await session.intend((IntentKind.RELIST_LISTING, record.reference))
        remote_id = _remote(record)
        try:
            shown = await session.reach(lambda way: session.connector.relist(way, remote_id))
        except MarketplaceError as error:
            await record_failure(session, intent, record, record.applied, error)
            self._judge([error])
            return
        await self._done(intent, agreed.relisted(record, shown, now=session.now))

    async def _done(self, intent: str, fresh: ListingRecord) -> None:
        await record_success(self.session, intent, fresh)
        self._judge([None])

    def _judge(self, ends: Sequence[MarketplaceError | None]) -> None:
        """After one call: refusals of single listings do not stop the pass; trouble of the whole marketplace does."""
        lost = [one for one in ends if isinstance(one, OutcomeUnknown)]
        for one in ends:
            if one is not None and not (_of_the_listing(one) or isinstance(one, Gone)):
                raise one
        self._strikes = self._strikes + 1 if lost and None not in ends else 0
        if self._strikes >= MOST_STRIKES:
            raise lost[0]

    def _now(self, planned: ListingRecord) -> ListingRecord:
        """The record as it is by now: an earlier step may have changed it since the plan."""
        return known_record(self.session, planned.reference)

    def _refused(self, content: ListingContent) -> bool:
        """Whether this very content was refused, perhaps earlier in this pass."""
        return known_record(self.session, content.reference).refused_digest == content.digest

    def _draft(self, content: ListingContent) -> ListingDraft:
        keys = self.session.work.photos
        photos = tuple(RemotePhoto(one, keys[one]) for one in content.photos if one in keys)
        return ListingDraft(content, photos)


def _of_the_listing(error: MarketplaceError) -> bool:
    """Whether it says nothing of the store's other listings."""
    return is_final(error) or is_held(error) or isinstance(error, OutcomeUnknown)


def _remote(record: ListingRecord) -> RemoteId:
    if record.remote_id is None:
        raise RuntimeError(f"{record.id} has no remote id")
    return record.remote_id
