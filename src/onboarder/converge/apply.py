"""Carrying out a plan: one durable intent before and one durable outcome after every remote write."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import assert_never

import structlog

from onboarder.connector.advice import UNREADABLE
from onboarder.connector.contract import CreateOutcome, ListingDraft, Photo, RemotePhoto
from onboarder.connector.errors import (
    Gone,
    MarketplaceError,
    OutcomeUnknown,
    Rejected,
    Unsupported,
)
from onboarder.converge import agreed
from onboarder.converge.failures import PARKED, failure
from onboarder.converge.plan import (
    CompleteStore,
    CreateListing,
    OpenStore,
    RelistListing,
    Step,
    UpdateListing,
    UploadPhoto,
    WithdrawListing,
)
from onboarder.converge.session import Session, fresh_record
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.recorded import ListingRecord
from onboarder.model.shop import ListingContent, ListingState, ObservedListing
from onboarder.model.work import IntentKind, IntentState
from onboarder.records import runs, tasks, writes
from onboarder.records.database import Transaction

log = structlog.get_logger()

MOST_STRIKES = 3
"""Lost answers in a row after which the marketplace is taken to be in trouble and the pass ends."""
MOST_ATTEMPTS = 6
"""Lost answers for one listing after which it is parked for an operator."""


class Appliance:
    """Applies steps for one session; counts lost answers in a row."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._strikes = 0

    async def apply(self, steps: Sequence[Step]) -> None:
        """Carry the steps out in order. Refusals of single listings are recorded and do not stop the others."""
        for kind, run in groupby(steps, key=type):
            if kind is CreateListing:
                creates = [step for step in run if isinstance(step, CreateListing)]
                size = self.session.manifest.limits.create_batch
                for start in range(0, len(creates), size):
                    await self._create([one.content for one in creates[start : start + size]])
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
                await self._withdraw(step.record)
            case RelistListing():
                await self._relist(step.record)
            case _:
                assert_never(step)

    async def _open_store(self) -> None:
        session = self.session
        [intent] = await session.intend((IntentKind.OPEN_STORE, session.store.reference))
        try:
            found = await session.connector.find_store(session.wanted.store)
            opened = found or await session.connector.open_store(session.wanted.store)
        except MarketplaceError as error:
            await self._unsent_or_unknown(intent, error)
            raise
        known_empty = {} if found else {"observed_at": session.now}
        async with session.commit(
            **known_empty,
            remote_id=opened.store.remote_id,
            state=opened.store.state,
            complete=opened.store.complete,
            reason=opened.store.reason,
            url=opened.store.url,
            failure=None,
        ) as tx:
            await session.adopt_credentials(tx, opened.credentials)
            await writes.conclude(tx, intent, IntentState.DONE, now=session.now)
            await writes.note(
                tx, at=session.now, actor="system", action="store.opened", subject=session.store.id
            )
        await session.reload()
        log.info("store.opened", store=session.store.id, state=session.store.state)

    async def _complete_store(self) -> None:
        session = self.session
        if session.store.complete:
            return
        [intent] = await session.intend((IntentKind.COMPLETE_STORE, session.store.reference))
        try:
            done = await session.reach(
                lambda way: session.connector.complete_store(way, session.wanted.store)
            )
        except MarketplaceError as error:
            await self._unsent_or_unknown(intent, error)
            raise
        async with session.commit(state=done.state, complete=done.complete) as tx:
            await writes.conclude(tx, intent, IntentState.DONE, now=session.now)
        await session.reload()

    async def _upload(self, step: UploadPhoto) -> None:
        session = self.session
        photo = Photo(step.photo, "image/jpeg", session.around.photos.read(step.photo))
        remote = await session.reach(lambda way: session.connector.upload_photo(way, photo))
        async with session.commit() as tx:
            await writes.save_photo(tx, session.store.id, step.photo, remote.key)
        session.work.photos[step.photo] = remote.key

    async def _create(self, contents: Sequence[ListingContent]) -> None:
        session = self.session
        drafts = [self._draft(content) for content in contents]
        intents = await session.intend(
            *((IntentKind.CREATE_LISTING, content.reference) for content in contents)
        )
        try:
            answer = await session.reach(lambda way: session.connector.create_listings(way, drafts))
            outcomes: dict[Reference, CreateOutcome] = dict(answer)
        except (OutcomeUnknown, Rejected, Unsupported) as error:
            outcomes = {content.reference: error for content in contents}
        except MarketplaceError as error:
            async with session.commit() as tx:
                for intent in intents:
                    await writes.conclude(
                        tx, intent, IntentState.REFUSED, now=session.now, code=error.advice.code
                    )
            raise
        await self._record_creates(contents, intents, outcomes)

    async def _record_creates(
        self,
        contents: Sequence[ListingContent],
        intents: Sequence[str],
        outcomes: Mapping[Reference, CreateOutcome],
    ) -> None:
        session = self.session
        errors: list[MarketplaceError | None] = []
        async with session.commit() as tx:
            for content, intent in zip(contents, intents, strict=True):
                outcome = outcomes.get(content.reference) or OutcomeUnknown(
                    UNREADABLE,
                    reference=content.reference,
                    detail="missing from the batch's answer",
                )
                errors.append(await self._record_create(tx, content, intent, outcome))
        for error in errors:
            self._strike(error)

    async def _record_create(
        self, tx: Transaction, content: ListingContent, intent: str, outcome: CreateOutcome
    ) -> MarketplaceError | None:
        session = self.session
        record = self._record(content.reference)
        if isinstance(outcome, ObservedListing):
            settled = session.now + session.manifest.settle
            fresh = agreed.created(record, content, outcome, now=session.now, settled=settled)
            await session.save(tx, fresh)
            await writes.conclude(tx, intent, IntentState.DONE, now=session.now)
            await tasks.settle(tx, record.id, now=session.now)
            await runs.close_drifts(tx, session.store.id, content.reference)
            return None
        await writes.conclude(
            tx,
            intent,
            _intent_state(outcome),
            now=session.now,
            code=outcome.advice.code,
            request_id=outcome.request_id,
        )
        await session.save(tx, self._failed(record, content, outcome))
        await self._ask_about(tx, record, content, outcome)
        return outcome

    async def _update(self, step: UpdateListing) -> None:
        session, record = self.session, step.record
        draft = self._draft(step.content)
        [intent] = await session.intend((IntentKind.UPDATE_LISTING, record.reference))
        remote_id = _remote(record)
        try:
            shown = await session.reach(
                lambda way: session.connector.update_listing(way, remote_id, draft, step.fields)
            )
        except MarketplaceError as error:
            await self._record_failure(intent, record, step.content, error)
            return
        fresh = agreed.updated(record, step.content, step.fields, shown, now=session.now)
        await self._record_success(intent, fresh)

    async def _withdraw(self, record: ListingRecord) -> None:
        session = self.session
        [intent] = await session.intend((IntentKind.WITHDRAW_LISTING, record.reference))
        remote_id = _remote(record)
        try:
            shown = await session.reach(
                lambda way: session.connector.withdraw_listing(way, remote_id)
            )
        except MarketplaceError as error:
            await self._record_failure(intent, record, record.applied, error)
            return
        if shown is None:
            fresh = replace(record, state=ListingState.WITHDRAWN, remote_id=None)
        else:
            fresh = agreed.observed(record, shown.over(record.observed), now=session.now)
        await self._record_success(intent, fresh)

    async def _relist(self, record: ListingRecord) -> None:
        session = self.session
        [intent] = await session.intend((IntentKind.RELIST_LISTING, record.reference))
        remote_id = _remote(record)
        try:
            shown = await session.reach(lambda way: session.connector.relist(way, remote_id))
        except MarketplaceError as error:
            await self._record_failure(intent, record, record.applied, error)
            return
        fresh = agreed.observed(record, shown.over(record.observed), now=session.now)
        await self._record_success(
            intent, replace(fresh, repairs=frozenset(), failure=None, attempts=0)
        )

    async def _record_success(self, intent: str, fresh: ListingRecord) -> None:
        session = self.session
        async with session.commit() as tx:
            await session.save(tx, fresh)
            await writes.conclude(tx, intent, IntentState.DONE, now=session.now)
            await tasks.settle(tx, fresh.id, now=session.now)
            await runs.close_drifts(tx, session.store.id, fresh.reference)
        self._strikes = 0

    async def _record_failure(
        self,
        intent: str,
        record: ListingRecord,
        content: ListingContent | None,
        error: MarketplaceError,
    ) -> None:
        session = self.session
        async with session.commit() as tx:
            state = _intent_state(error)
            await writes.conclude(
                tx,
                intent,
                state,
                now=session.now,
                code=error.advice.code,
                request_id=error.request_id,
            )
            await session.save(tx, self._failed(record, content, error))
            await self._ask_about(tx, record, content, error)
        self._strike(error)

    async def _unsent_or_unknown(self, intent: str, error: MarketplaceError) -> None:
        session = self.session
        async with session.commit() as tx:
            await writes.conclude(
                tx,
                intent,
                _intent_state(error),
                now=session.now,
                code=error.advice.code,
                request_id=error.request_id,
            )

    def _failed(
        self, record: ListingRecord, content: ListingContent | None, error: MarketplaceError
    ) -> ListingRecord:
        """The record after an error: refusals are final for this content, doubts wait, vanished ones are marked."""
        now = self.session.now
        failed = replace(record, failure=failure(error, now))
        digest = content.digest if content is not None else None
        if isinstance(error, Gone):
            return replace(failed, state=ListingState.VANISHED)
        if isinstance(error, OutcomeUnknown):
            parked = record.attempts + 1 >= MOST_ATTEMPTS
            return replace(
                failed,
                attempts=record.attempts + 1,
                not_before=now + self.session.around.call_deadline + self.session.manifest.settle,
                refused_digest=digest if parked else record.refused_digest,
            )
        return replace(failed, refused_digest=digest) if _final(error) else failed

    async def _ask_about(
        self,
        tx: Transaction,
        record: ListingRecord,
        content: ListingContent | None,
        error: MarketplaceError,
    ) -> None:
        parked = isinstance(error, OutcomeUnknown) and record.attempts + 1 >= MOST_ATTEMPTS
        if not (parked or _final(error)):
            return
        title = content.title if content is not None else record.reference
        said = failure(error, self.session.now)
        advice = PARKED if parked else error.advice
        told = replace(
            advice,
            id=f"{title}: {PARKED.id if parked else said.id}",
            en=f"{title}: {PARKED.en if parked else said.en}",
        )
        await self.session.ask(tx, told, subject=record.id)

    def _strike(self, error: MarketplaceError | None) -> None:
        """Single refusals do not stop the pass; trouble of the whole marketplace does."""
        if error is None:
            self._strikes = 0
        elif isinstance(error, OutcomeUnknown):
            self._strikes += 1
            if self._strikes >= MOST_STRIKES:
                raise error
        elif not (_final(error) or isinstance(error, Gone)):
            raise error

    def _record(self, reference: Reference) -> ListingRecord:
        return self.session.record(reference) or fresh_record(self.session, reference)

    def _draft(self, content: ListingContent) -> ListingDraft:
        keys = self.session.work.photos
        photos = tuple(RemotePhoto(one, keys[one]) for one in content.photos if one in keys)
        return ListingDraft(content, photos)


def _final(error: MarketplaceError) -> bool:
    return isinstance(error, Rejected | Unsupported)


def _intent_state(error: MarketplaceError) -> IntentState:
    """Only a lost answer leaves a doubt; every other error says that nothing was changed there."""
    return IntentState.UNKNOWN if isinstance(error, OutcomeUnknown) else IntentState.REFUSED


def _remote(record: ListingRecord) -> RemoteId:
    if record.remote_id is None:
        raise RuntimeError(f"{record.id} has no remote id")
    return record.remote_id
