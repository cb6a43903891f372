"""“Macet”: what holds shops up, cause by cause, and mending all of one at once."""

from collections.abc import Sequence

from fastapi import APIRouter, Response

from onboarder.model.people import Actor
from onboarder.office.exports import Sheet
from onboarder.office.stuck import EXAMPLES, Cause, Repair, repair, stuck
from onboarder.web.desk.downloads import FileKind, as_file
from onboarder.web.desk.forms import text_of
from onboarder.web.desk.frame import back_to, page
from onboarder.web.desk.html import Html, el
from onboarder.web.desk.parts import button, card, downloads, place, post, shop_link, who
from onboarder.web.desk.visit import InOffice, Visit

HERE = "/meja/macet"


def routes(made: APIRouter) -> None:
    @made.get("/macet")
    async def show(visit: InOffice) -> Response:
        words, causes = visit.words, await _causes(visit)
        shops = len({one.store for cause in causes for one in cause.held})
        said = words("stuck.some", shops=words.number(shops), causes=len(causes))
        return page(
            visit,
            words("stuck.title"),
            el("p", said if causes else words("stuck.none"), class_="lead"),
            [_card(visit, one) for one in causes],
            downloads(words, HERE, *FileKind) if causes else None,
        )

    @made.post("/macet")
    async def mend(visit: InOffice) -> Response:
        form = await visit.request.form(max_files=0, max_fields=10)
        around = visit.around
        done = await repair(
            around.database,
            visit.premises.doorbell,
            around.programme.code,
            text_of(form, "sebab"),
            text_of(form, "jawaban") or None,
            by=visit.person.id,
            clock=around.clock,
        )
        return back_to(
            HERE, "mended_some" if done.left else "mended", done=done.done, left=done.left
        )

    @made.get("/macet.{kind}")
    async def to_take_away(kind: FileKind, visit: InOffice) -> Response:
        return await as_file("macet", kind, _sheet(visit, await _causes(visit)))


async def _causes(visit: Visit) -> list[Cause]:
    around = visit.around
    async with around.database.read() as tx:
        return await stuck(tx, around.programme.code, now=visit.now)


def _sentence(visit: Visit, cause: Cause) -> str:
    said = visit.words.either(cause.id, cause.en)
    return said or visit.words(f"stuck.{cause.key.replace(':', '_')}")


def _card(visit: Visit, cause: Cause) -> Html:
    words = visit.words
    shown = [
        el("li", shop_link(one.store, place(visit, one.market, one.stall)))
        for one in cause.held[:EXAMPLES]
    ]
    more = cause.stores - min(cause.stores, EXAMPLES)
    if more:
        shown.append(el("li", words("stuck.more", count=words.number(more))))
    return card(
        el("p", _sentence(visit, cause), class_="sentence"),
        el(
            "p",
            who(words, cause.who or Actor.NOBODY),
            " ",
            words("stuck.since", age=words.age(cause.since, visit.now)),
            " · ",
            el("small", cause.key.partition(":")[2]),
            class_="soft",
        ),
        el("ul", shown, class_="examples"),
        _buttons(visit, cause),
        title=words("stuck.shops", count=words.number(cause.stores)),
    )


def _buttons(visit: Visit, cause: Cause) -> Html:
    words, number = visit.words, len(cause.held)
    cause_key = el("input", type="hidden", name="sebab", value=cause.key)
    match cause.repair:
        case Repair.REDRIVE:
            said = words("stuck.redrive", count=words.number(number))
            return post(HERE, cause_key, button(said))
        case Repair.ANSWER:
            return post(HERE, cause_key, [_answer(visit, one, number) for one in cause.answers])
        case Repair.BY_HAND:
            return el("p", words("stuck.by_hand"), class_="soft")


def _answer(visit: Visit, answer: str, number: int) -> Html:
    said = visit.words.maybe(f"answer.{answer}", answer)
    return button(f"{said} ({visit.words.number(number)})", kind="second", jawaban=answer)


def _sheet(visit: Visit, causes: Sequence[Cause]) -> Sheet:
    words = visit.words
    names = ("cause", "owner", "market", "stall", "shop", "since", "text")
    rows = [
        [
            cause.key,
            words.maybe(f"actor.{cause.who}", cause.who),
            one.market,
            one.stall,
            one.store,
            words.time(one.since),
            _sentence(visit, cause),
        ]
        for cause in causes
        for one in cause.held
    ]
    return Sheet(words("stuck.title"), [words(f"word.{one}") for one in names], rows)
