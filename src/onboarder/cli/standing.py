"""`onboarder status`: stores by state, or everything about one merchant's stores."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.text import Text

from onboarder.application import Application
from onboarder.cli.choosing import Choice
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.progress_table import progress_document, progress_table
from onboarder.cli.tables import facts, table
from onboarder.cli.wording import Words, harmless
from onboarder.model.recorded import ListingRecord, StoreWork
from onboarder.model.work import Failure
from onboarder.problems import UsageProblem
from onboarder.records import presence, stores
from onboarder.records import tasks as task_records
from onboarder.records.progress import chosen_stores, progress
from onboarder.records.tasks import TaskRecord


async def status(desk: Desk, choice: Choice) -> int:
    async with desk.application() as app:
        if choice.ids:
            await _details(desk, app, choice)
        else:
            await _overview(desk, app, choice)
    return Exit.DONE


async def _overview(desk: Desk, app: Application, choice: Choice) -> None:
    now = app.clock()
    async with app.database.read() as tx:
        parts = await progress(tx, choice.stores(app), now)
        workers = await presence.alive(tx, now)
    document = {"workers": len(workers), "progress": progress_document(parts)}
    if not parts:
        desk.say("status.nothing")
    elif not workers and any(one.busy for one in parts):
        desk.say("watch.no_worker")
    desk.show(document, lambda: [progress_table(desk.words, parts)] if parts else [])


async def _details(desk: Desk, app: Application, choice: Choice) -> None:
    async with app.database.read() as tx:
        found = await chosen_stores(tx, choice.stores(app))
        if not found:
            raise _no_store(choice.ids)
        works = [await stores.load(tx, one.id) for one in found]
        open_tasks = await task_records.open_tasks(tx)
    said = _Store(desk.words, ZoneInfo(app.programme.timezone))
    mine = [(work, [one for one in open_tasks if one.store_id == work.store.id]) for work in works]
    desk.show(
        {"stores": [said.document(work, asked) for work, asked in mine]},
        lambda: [part for work, asked in mine for part in said.render(work, asked)],
    )


def _no_store(ids: Sequence[str]) -> UsageProblem:
    named = ", ".join(ids)
    return UsageProblem(
        f"no store of {named} on record",
        hint="order one with: onboarder open MERCHANT --marketplace NAME",
        id_message=f"belum ada toko untuk {named}",
        id_hint="pesan dengan: onboarder open PEDAGANG --marketplace NAMA",
    )


class _Store:
    """One store in the person's words and time zone."""

    def __init__(self, words: Words, zone: ZoneInfo) -> None:
        self._words = words
        self._zone = zone

    def document(self, work: StoreWork, asked: Sequence[TaskRecord]) -> dict[str, object]:
        store = work.store
        return {
            "store": store.id,
            "merchant": store.merchant_id,
            "marketplace": store.marketplace,
            "state": store.state,
            "complete": store.complete,
            "reason": store.reason,
            "url": store.url,
            "remote_id": store.remote_id,
            "failure": self._failure_document(store.failure),
            "next_look": _iso(store.due_at),
            "observed_at": _iso(store.observed_at),
            "listings": [self._listing_document(one) for one in self._listings(work)],
            "unsettled_writes": len(work.doubts),
            "tasks": [
                {"number": one.id, "code": one.code, "who": one.who, "text": self._text(one)}
                for one in asked
            ],
        }

    def render(self, work: StoreWork, asked: Sequence[TaskRecord]) -> list[RenderableType]:
        store, words = work.store, self._words
        head = facts(
            (
                (words("word.store"), store.id),
                (words("word.merchant"), f"{work.merchant.name} · {work.merchant.stall}"),
                (words("word.state"), words(f"store_state.{store.state}")),
                (words("word.reason"), store.reason),
                (words("word.address"), store.url),
                (words("word.failure"), self._failure(store.failure)),
                (words("word.next_look"), self._time(store.due_at) or words("word.not_planned")),
                (words("word.seen"), self._time(store.observed_at)),
            )
        )
        names = {str(one.id): one.name for one in work.products}
        rows = [
            [
                one.applied.title if one.applied else names.get(one.reference, one.reference),
                words(f"listing_state.{one.state}"),
                self._failure(one.failure) or one.reason or "",
            ]
            for one in self._listings(work)
        ]
        header = [words("word.listing"), words("word.state"), words("word.reason")]
        parts: list[RenderableType] = [head, table(header, rows)] if rows else [head]
        return [
            *parts,
            *(Text(harmless(f"[{one.id}] {one.who}: {self._text(one)}")) for one in asked),
        ]

    def _listings(self, work: StoreWork) -> list[ListingRecord]:
        return sorted(work.listings.values(), key=lambda one: (one.state, one.reference))

    def _listing_document(self, one: ListingRecord) -> dict[str, object]:
        return {
            "reference": one.reference,
            "state": one.state,
            "remote_id": one.remote_id,
            "reason": one.reason,
            "failure": self._failure_document(one.failure),
        }

    def _text(self, task: TaskRecord) -> str:
        return self._words.either(task.id_text, task.en_text)

    def _failure(self, failure: Failure | None) -> str | None:
        return None if failure is None else self._words.either(failure.id, failure.en)

    def _failure_document(self, failure: Failure | None) -> dict[str, object] | None:
        if failure is None:
            return None
        text = self._failure(failure)
        return {
            "code": failure.code,
            "who": failure.who,
            "text": text,
            "at": _iso(failure.at),
            "request_id": failure.request_id,
        }

    def _time(self, at: datetime | None) -> str | None:
        return None if at is None else f"{at.astimezone(self._zone):%Y-%m-%d %H:%M:%S %Z}"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
