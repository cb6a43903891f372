"""`onboarder tasks`: what only people can do, and their answers."""

from datetime import datetime

from onboarder.application import Application
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import table
from onboarder.converge import orders
from onboarder.converge.choice import market_named
from onboarder.model.people import Actor
from onboarder.problems import UsageProblem
from onboarder.queue import installed_queue
from onboarder.records import tasks as records
from onboarder.records.tasks import TaskRecord


async def list_tasks(desk: Desk, *, who: str | None, market: str | None) -> int:
    role = _role(who) if who else None
    async with desk.application() as app:
        code = market_named(app.programme, market) if market else None
        async with app.database.read() as tx:
            found = await records.open_tasks(tx, who=role, market=code)
        _show(desk, app, found)
    return Exit.DONE


async def answer_task(desk: Desk, number: int, text: str) -> int:
    async with desk.application() as app, installed_queue().doorbell(app.settings) as doorbell:
        await orders.answer_task(
            app.database, doorbell, number, text, by=desk.actor, clock=app.clock
        )
        desk.say("tasks.answered", number=number, answer=text)
        if desk.as_json:
            desk.show({"task": number, "answer": text}, list)
    return Exit.DONE


def _role(text: str) -> Actor:
    roles = [one for one in Actor if one is not Actor.NOBODY]
    if text in roles:
        return Actor(text)
    known = ", ".join(roles)
    raise UsageProblem(
        f"nobody has the role {text!r}",
        hint=f"roles: {known}",
        id_message=f"tidak ada peran {text!r}",
        id_hint=f"peran: {known}",
    )


def _show(desk: Desk, app: Application, found: list[TaskRecord]) -> None:
    words, now = desk.words, app.clock()
    if not found:
        desk.say("tasks.none")
    header = ["#", *(words(f"word.{one}") for one in ("who", "market", "stall", "age", "task"))]
    rows = [
        [f"{one.id}", one.who, one.market, one.stall, _age(one.created_at, now), _text(desk, one)]
        for one in found
    ]
    desk.show(
        {"tasks": [_document(desk, one) for one in found]},
        lambda: [table(header, rows)] if rows else [],
    )
    if any(one.choices for one in found):
        desk.say("tasks.how")


def _document(desk: Desk, one: TaskRecord) -> dict[str, object]:
    return {
        "number": one.id,
        "store": one.store_id,
        "merchant": one.merchant_id,
        "subject": one.subject,
        "code": one.code,
        "who": one.who,
        "market": one.market,
        "stall": one.stall,
        "answers": list(one.choices) or ["done"],
        "created_at": one.created_at.isoformat(),
        "text": _text(desk, one),
    }


def _text(desk: Desk, one: TaskRecord) -> str:
    return desk.words.either(one.id_text, one.en_text)


def _age(since: datetime, now: datetime) -> str:
    minutes = int((now - since).total_seconds() // 60)
    hours, days = minutes // 60, minutes // 1440
    return f"{days} d" if days else f"{hours} h" if hours else f"{minutes} min"
