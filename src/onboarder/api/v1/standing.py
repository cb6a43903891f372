"""`/standing` and `/stuck`: where the programme stands, and shops that do not get on, mended cause by cause."""

import asyncio
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from onboarder.api.premises import Premises
from onboarder.api.v1.bodies import Page, Sent, Shown, Words
from onboarder.api.v1.door import allowed
from onboarder.api.v1.refusal import Refusal
from onboarder.office import standing as use_case
from onboarder.office import stuck as stuck_use_case
from onboarder.office.exports import Sheet, as_csv, as_xlsx
from onboarder.office.standing import Standing
from onboarder.office.standing_said import sentence, sheets_of
from onboarder.office.stuck import Cause
from onboarder.office.words import Words as Texts
from onboarder.people.roles import Person, Role
from onboarder.problems import UsageProblem
from onboarder.records.journeys import Stage

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CAUSE = r"^(task|failure|state):[a-z0-9_.]{1,100}$"
Figures = Annotated[Person, Depends(allowed(Role.VIEWER, Role.COORDINATOR, Role.OPERATOR))]
Office = Annotated[Person, Depends(allowed(Role.COORDINATOR, Role.OPERATOR))]
Lang = Annotated[str, Query(pattern="^(id|en)$", examples=["id"])]
Counts = dict[Stage, int]


class StepShown(Shown):
    step: Stage
    count: int


class MarketShown(Shown):
    market: str
    name: str
    counts: Counts


class CanvasserShown(Shown):
    """`pace`: merchants live per working day over the last ones; null with too few days to tell."""

    canvasser: str
    counts: Counts
    pace: float | None


class DayShown(Shown):
    """`due`: where the straight line to the target stands on that day."""

    day: date
    counts: Counts
    total: int
    due: int


class ForecastShown(Shown):
    """`likely_low` to `likely_high` holds in eight cases of ten; null where nothing can be told."""

    prospect: str
    pace: float | None
    needed: float | None
    expected: int | None
    likely_low: int | None
    likely_high: int | None
    sentence: str


class StandingShown(Shown):
    """Figures without names; `by_canvasser` is empty for viewers. `practice`: nothing here is real."""

    funnel: list[StepShown]
    by_market: list[MarketShown]
    by_canvasser: list[CanvasserShown]
    by_day: list[DayShown]
    stopped: int
    unknown_days: int
    target: int
    ends_on: date
    practice: bool
    forecast: ForecastShown


class CauseShown(Shown):
    """`repair`: `redrive`, `answer` (with one of `answers`) or `by_hand`."""

    cause: str
    who: str
    title: str
    shops: int
    since: datetime
    examples: list[str]
    repair: str
    answers: list[str]


class RepairSent(Sent):
    answer: Annotated[Words, Field(min_length=1, max_length=20)] | None = None


class RepairedShown(Shown):
    """`left`: of the cause, for the next press."""

    done: int
    left: int


def router(premises: Premises) -> APIRouter:
    """`/standing`, `/stuck`."""
    made = APIRouter(tags=["standing"])
    _standing(made, premises)
    _stuck(made, premises)
    return made


def _standing(made: APIRouter, premises: Premises) -> None:
    @made.get("/standing")
    async def show(who: Figures, lang: Lang = "id") -> StandingShown:
        seen = await _seen(premises)
        return _shown(seen, _texts(premises, lang), people=who.role is not Role.VIEWER)

    @made.get("/standing.xlsx", response_class=Response)
    async def as_workbook(who: Figures, lang: Lang = "id") -> Response:
        sheets = await _sheets(premises, who, lang)
        return Response(await asyncio.to_thread(as_xlsx, sheets), media_type=XLSX)

    @made.get("/standing.csv", response_class=Response)
    async def as_text(who: Figures, lang: Lang = "id") -> Response:
        *_, days = await _sheets(premises, who, lang)
        return Response(as_csv(days), media_type="text/csv; charset=utf-8")


def _stuck(made: APIRouter, premises: Premises) -> None:
    around = premises.around

    @made.get("/stuck")
    async def causes(who: Office, lang: Lang = "id") -> Page[CauseShown]:
        async with around.database.read() as tx:
            found = await stuck_use_case.stuck(tx, who.programme, now=around.clock())
        texts = _texts(premises, lang)
        return Page(items=[_cause(one, texts) for one in found], next=None)

    @made.post("/stuck/{cause}/repair")
    async def repair(
        cause: Annotated[str, Path(pattern=CAUSE)], who: Office, sent: RepairSent
    ) -> RepairedShown:
        """Mend one batch of the cause, without a key; 404 once there is nothing left of it."""
        try:
            done = await stuck_use_case.repair(
                around.database,
                premises.doorbell,
                who.programme,
                cause,
                sent.answer,
                by=who.id,
                clock=around.clock,
            )
        except UsageProblem:
            raise Refusal("cannot_mend") from None
        if not done.done and not done.left:
            raise Refusal("not_found")
        return RepairedShown(done=done.done, left=done.left)


async def _seen(premises: Premises) -> Standing:
    around = premises.around
    practice = {name: one.connector.manifest.practice for name, one in around.marketplaces.items()}
    async with around.database.read() as tx:
        return await use_case.standing(tx, around.programme, practice, now=around.clock())


async def _sheets(premises: Premises, who: Person, lang: str) -> list[Sheet]:
    people = who.role is not Role.VIEWER
    return sheets_of(_texts(premises, lang), await _seen(premises), people=people)


def _texts(premises: Premises, lang: str) -> Texts:
    return Texts(lang, ZoneInfo(premises.around.programme.timezone))


def _shown(seen: Standing, texts: Texts, *, people: bool) -> StandingShown:
    told = seen.forecast
    named = seen.canvassers if people else ()
    return StandingShown(
        funnel=[StepShown(step=stage, count=count) for stage, count in seen.funnel.items()],
        by_market=[
            MarketShown(market=one.market, name=one.name, counts=dict(one.counts))
            for one in seen.markets
        ],
        by_canvasser=[
            CanvasserShown(canvasser=one.canvasser, counts=dict(one.counts), pace=one.pace)
            for one in named
        ],
        by_day=[
            DayShown(day=one.day, counts=dict(one.counts), total=one.total, due=one.due)
            for one in seen.days
        ],
        stopped=seen.stopped,
        unknown_days=seen.unknown_days,
        target=told.target,
        ends_on=told.ends_on,
        practice=seen.practice,
        forecast=ForecastShown(
            prospect=told.prospect,
            pace=told.pace,
            needed=told.needed,
            expected=told.expected,
            likely_low=told.likely_low,
            likely_high=told.likely_high,
            sentence=sentence(texts, told),
        ),
    )


def _cause(one: Cause, texts: Texts) -> CauseShown:
    said = texts.either(one.id, one.en) or texts(f"stuck.{one.key.replace(':', '_')}")
    examples = dict.fromkeys(str(held.store) for held in one.held)
    return CauseShown(
        cause=one.key,
        who=one.who,
        title=said,
        shops=one.stores,
        since=one.since,
        examples=list(examples)[: stuck_use_case.EXAMPLES],
        repair=one.repair,
        answers=list(one.answers),
    )
