"""Pieces that several pages of the desk are made of."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import quote

from onboarder.model.ids import StoreId, marketplace_of
from onboarder.model.shop import ListingField
from onboarder.office.words import Words
from onboarder.web.desk.html import Html, Node, el
from onboarder.web.desk.visit import Visit


def card(*content: Node, title: str | None = None) -> Html:
    return el("section", el("h2", title) if title else None, content, class_="card")


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[Node]],
    *,
    caption: str | None = None,
    figures: Iterable[int] = (),
    stack: bool = False,
    few: bool = False,
) -> Html:
    """`figures` are the columns that hold numbers. `stack`: on a phone each row becomes a block with its titles;
    other tables become narrow, with `few` without their fourth and fifth column.
    """
    right = set(figures)
    heads = [
        el("th", text, scope="col", class_="n" if at in right else None)
        for at, text in enumerate(header)
    ]
    body = [
        el(
            "tr",
            [
                el("td", cell, class_=_class(at, right), data_label=header[at])
                for at, cell in enumerate(row)
            ],
        )
        for row in rows
    ]
    made = el(
        "table",
        el("caption", caption) if caption else None,
        el("thead", el("tr", heads)),
        el("tbody", body),
        class_="stack" if stack else "dense few" if few else "dense",
    )
    return el("div", made, class_="wide")


def facts(pairs: Iterable[tuple[str, Node]]) -> Html:
    return el("dl", [(el("dt", name), el("dd", value)) for name, value in pairs], class_="facts")


def figures(pairs: Iterable[tuple[str, str]]) -> Html:
    """Large figures with what they are."""
    return el(
        "dl",
        [el("div", el("dt", name), el("dd", value)) for name, value in pairs],
        class_="figures",
    )


def note(*content: Node, tone: str = "") -> Html:
    return el("div", el("p", content), class_=f"note {tone}".strip())


def shop_link(store: StoreId, said: str | None = None) -> Html:
    return el("a", said or store, href=f"/meja/toko/{quote(store)}")


def button(text: str, *, kind: str = "", **values: str) -> Html:
    """A button with the values it sends."""
    name, value = next(iter(values.items()), (None, None))
    return el("button", text, class_=kind or None, name=name, value=value)


def post(action: str, *content: Node) -> Html:
    """A form on one line."""
    return el("form", content, method="post", action=action, class_="line")


def field(
    label: str,
    name: str,
    *,
    value: str = "",
    hint: str = "",
    kind: str = "text",
    **more: str | int | bool | None,
) -> Html:
    said = el("span", " ", hint) if hint else None
    return el("label", label, said, el("input", name=name, type=kind, value=value or None, **more))


def select(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str = "") -> Html:
    made = [el("option", text, value=value, selected=value == chosen) for value, text in options]
    return el("label", label, el("select", made, name=name))


def downloads(words: Words, path: str, *kinds: str) -> Html:
    links = [
        el("a", words(f"frame.download_{kind}"), href=f"{path}.{kind}", class_="button second")
        for kind in kinds
    ]
    return el("p", links, class_="line noprint")


def place(visit: Visit, market: str, stall: str) -> str:
    """`Pasar Kanoman · Blok A/3`."""
    named = {one.code: one.name for one in visit.around.programme.markets}
    return " · ".join(one for one in (named.get(market, market), stall) if one)  # type: ignore[call-overload]  # a code as text


def readable(words: Words, field: str, text: str) -> str:
    """What a field holds, rupiah as people read them; of variants a price holds several."""
    if field != ListingField.PRICE:
        return text
    return re.sub(r"\d+", lambda figure: words.number(int(figure[0])), text)


def who(words: Words, actor: str) -> Html:
    return el("span", words.maybe(f"actor.{actor}", actor), class_="tag")


def marketplace_title(visit: Visit, store: StoreId) -> str:
    found = visit.around.marketplaces.get(marketplace_of(store))
    return found.connector.manifest.title if found else marketplace_of(store)


def since(words: Words, at: datetime, now: datetime) -> str:
    return words.age(at, now)


def _class(at: int, right: set[int]) -> str | None:
    if at in right:
        return "n"
    return "head" if at == 0 else None
