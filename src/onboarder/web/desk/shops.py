"""“Toko”: finding a merchant, and one shop with everything that happened to it."""

from collections.abc import Sequence

from fastapi import APIRouter, Response

from onboarder.model.ids import MerchantId, StoreId, normal
from onboarder.model.people import Merchant
from onboarder.model.recorded import ListingRecord, StoreWork
from onboarder.model.shop import StoreState
from onboarder.office.nights import Shop, shop
from onboarder.records import register
from onboarder.records.history import Event, Told
from onboarder.records.progress import Selection, chosen_stores
from onboarder.web.desk.frame import page
from onboarder.web.desk.html import Html, Node, el
from onboarder.web.desk.parts import (
    card,
    facts,
    field,
    marketplace_title,
    note,
    place,
    readable,
    shop_link,
    table,
)
from onboarder.web.desk.tasks import task_row
from onboarder.web.desk.visit import InOffice, NotThere, Visit

HERE = "/meja/toko"
MOST_FOUND = 50


def routes(made: APIRouter) -> None:
    @made.get("/toko")
    async def search(visit: InOffice) -> Response:
        words, wanted = visit.words, visit.request.query_params.get("q", "")[:80]
        found = await _search(visit, wanted) if wanted.strip() else []
        form = el(
            "form",
            field(
                words("shops.search"), "q", value=wanted, kind="search", hint=words("shops.hint")
            ),
            el("button", words("shops.find"), class_="second"),
            method="get",
            action=HERE,
        )
        return page(visit, words("shops.title"), card(form), await _results(visit, found, wanted))

    @made.get("/toko/{store}")
    async def one(store: str, visit: InOffice) -> Response:
        around = visit.around
        async with around.database.read() as tx:
            seen = await shop(tx, around.programme.code, StoreId(store))
        if seen is None:
            raise NotThere
        words, work = visit.words, seen.work
        return page(
            visit,
            f"{work.merchant.shop_name or work.merchant.name} · {marketplace_title(visit, work.store.id)}",
            _facts(visit, work),
            _tasks(visit, seen),
            _listings(visit, work),
            card(_history(visit, seen), title=words("shops.history")),
        )


async def _search(visit: Visit, wanted: str) -> list[Merchant]:
    around, text = visit.around, normal(wanted)
    async with around.database.read() as tx:
        every = await register.merchants(tx, around.programme.code)
    found = (
        one
        for one in every.values()
        if text and text in normal(f"{one.name} {one.shop_name} {one.stall} {one.id}")
    )
    return sorted(found, key=lambda one: one.name)[:MOST_FOUND]


async def _results(visit: Visit, found: Sequence[Merchant], wanted: str) -> Node:
    words = visit.words
    if not wanted.strip():
        return None
    if not found:
        return card(el("p", words("shops.nobody")))
    around = visit.around
    chosen = Selection(merchants=tuple(one.id for one in found))
    async with around.database.read() as tx:
        stores = await chosen_stores(tx, chosen)
    links: dict[MerchantId, list[Node]] = {}
    for one in stores:
        links.setdefault(one.merchant_id, []).append(
            el(
                "li",
                shop_link(one.id, marketplace_title(visit, one.id)),
                f" · {words(f'state.{one.state}')}",
            )
        )
    rows: list[list[Node]] = [
        [
            one.name,
            place(visit, one.market, one.stall),
            el("code", one.id),
            el("ul", links[one.id], class_="examples") if one.id in links else words("shops.none"),
        ]
        for one in found
    ]
    header = [words(f"word.{one}") for one in ("name", "stall", "code", "shops")]
    return card(table(header, rows, stack=True))


def _facts(visit: Visit, work: StoreWork) -> Html:
    words, store = visit.words, work.store
    failure = words.either(store.failure.id, store.failure.en) if store.failure else None
    pairs: list[tuple[str, Node]] = [
        (words("word.state"), _state(visit, store.state)),
        (
            words("word.merchant"),
            f"{work.merchant.name} · {place(visit, work.merchant.market, work.merchant.stall)}",
        ),
        (words("word.code"), el("code", store.id)),
        (words("shops.reason"), store.reason),
        (
            words("shops.address"),
            el("a", store.url, href=store.url, rel="noreferrer") if _is_web(store.url) else None,
        ),
        (words("shops.next_look"), words.time(store.due_at) if store.due_at else None),
        (words("shops.seen"), words.time(store.observed_at) if store.observed_at else None),
    ]
    return card(
        note(failure, tone="warn") if failure else None,
        facts((name, value) for name, value in pairs if value),
    )


def _tasks(visit: Visit, seen: Shop) -> Node:
    if not seen.tasks:
        return None
    back = f"{HERE}/{seen.work.store.id}"
    rows = [task_row(visit, one, back=back) for one in seen.tasks]
    return card(rows, title=visit.words("shops.tasks"))


def _listings(visit: Visit, work: StoreWork) -> Html:
    words = visit.words
    names = {str(one.id): one.name for one in work.products}
    rows: list[list[Node]] = [
        [
            one.applied.title if one.applied else names.get(one.reference, one.reference),
            words(f"state.{one.state}"),
            _why(visit, one),
        ]
        for one in sorted(work.listings.values(), key=lambda one: one.reference)
    ]
    header = [words("word.product"), words("word.state"), words("word.remark")]
    body = table(header, rows, stack=True) if rows else el("p", words("shops.no_listings"))
    return card(body, title=words("shops.listings"))


def _why(visit: Visit, one: ListingRecord) -> str:
    said = visit.words.either(one.failure.id, one.failure.en) if one.failure else ""
    return said or one.reason or ""


def _history(visit: Visit, seen: Shop) -> Html:
    products = {str(one.id): one.name for one in seen.work.products}
    return el(
        "ol", [_event(visit, one, products) for one in reversed(seen.events)], class_="history"
    )


def _event(visit: Visit, one: Event, products: dict[str, str]) -> Html:
    words = visit.words
    about = products.get(one.subject.partition("@")[0], "")
    text = words.either(one.id_text, one.en_text)
    said = " · ".join(filter(None, (_what(visit, one), about)))
    return el(
        "li",
        el("time", words.time(one.at)),
        el("span", words.maybe(f"actor.{one.who}", one.who)),
        el(
            "div",
            el("p", said),
            el("p", _answer(visit, one), class_="soft") if one.answer else None,
            el("p", text, class_="soft") if text else None,
        ),
    )


def _what(visit: Visit, one: Event) -> str:
    words = visit.words
    match one.told:
        case Told.CALL:
            return words.maybe(f"step.{one.what}", one.what)
        case Told.DEED:
            return words.maybe(f"deed.{one.what.replace('.', '_')}", one.what)
        case Told.ASKED:
            return words("shops.asked", code=one.what)
        case Told.ANSWERED:
            return words("shops.answered", code=one.what)
        case Told.FOUND:
            kind = words.maybe(f"drift.{one.what}", one.what)
            return words("shops.found", kind=kind)


def _answer(visit: Visit, one: Event) -> str:
    words, parts = visit.words, one.answer.split(" · ")
    match one.told:
        case Told.CALL:
            return " · ".join(words.maybe(f"intent.{part}", part) for part in parts)
        case Told.FOUND:
            return " · ".join(words.maybe(f"outcome.{part}", _named(visit, part)) for part in parts)
        case _:
            return words.maybe(f"answer.{one.answer}", one.answer)


def _named(visit: Visit, change: str) -> str:
    """`price: 7500 → 8500` with the field's own word."""
    name, colon, rest = change.partition(": ")
    return f"{visit.words.maybe(f'field.{name}', name)}{colon}{readable(visit.words, name, rest)}"


def _state(visit: Visit, state: StoreState) -> Html:
    bad = {StoreState.REFUSED, StoreState.SUSPENDED, StoreState.CLOSED, StoreState.VANISHED}
    tone = "tag bad" if state in bad else "tag" if state is StoreState.OPEN else "tag warn"
    return el("span", visit.words(f"state.{state}"), class_=tone)


def _is_web(url: str | None) -> bool:
    return url is not None and url.startswith(("https://", "http://"))
