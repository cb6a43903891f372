"""The desk's pages around their content: head, navigation, notices; and the pages for what went wrong."""

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from onboarder.office.words import LANGUAGES
from onboarder.people.roles import Role
from onboarder.web.desk.html import Html, Node, el
from onboarder.web.desk.visit import FIGURES, LANG_COOKIE, OFFICE, Visit

HOME = "/meja/"
SIGN_IN = "/meja/masuk"
_ROOMS: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("standing", HOME, FIGURES),
    ("stuck", "/meja/macet", OFFICE),
    ("tasks", "/meja/tugas", OFFICE),
    ("shops", "/meja/toko", OFFICE),
    ("plans", "/meja/rencana", OFFICE),
    ("nights", "/meja/malam", FIGURES),
    ("imports", "/meja/impor", OFFICE),
    ("people", "/meja/orang", OFFICE),
)
"""Key of the name, address, and who sees it."""


def page(
    visit: Visit, title: str, *content: Node, status: HTTPStatus = HTTPStatus.OK
) -> HTMLResponse:
    """A whole page. A notice asked for in the address stands at its top."""
    words = visit.words
    main = el("main", el("h1", title), _notice(visit), content, id="isi", tabindex=-1)
    body = el(
        "body",
        el("a", words("frame.skip"), href="#isi", class_="skip"),
        _top(visit),
        _navigation(visit),
        main,
        el("footer", visit.premises.programme, " · ", words.time(visit.now)),
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("title", f"{title} · onboarder"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("link", rel="stylesheet", href="/meja/style.css"),
        el("link", rel="icon", href="data:,"),
    )
    answer = HTMLResponse(f"<!doctype html>{el('html', head, body, lang=words.lang)}", status)
    if visit.request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie(
            LANG_COOKIE, words.lang, max_age=31_536_000, secure=True, httponly=True, samesite="lax"
        )
    return answer


def back_to(path: str, notice: str = "", **facts: object) -> Response:
    """After a form: the page that shows what came of it, with a notice of `notices` in the texts."""
    said = {"kabar": notice, **{f"k_{name}": str(value) for name, value in facts.items()}}
    query = f"?{urlencode(said)}" if notice else ""
    return RedirectResponse(f"{path}{query}", HTTPStatus.SEE_OTHER)


def trouble(visit: Visit, key: str, status: HTTPStatus, *more: Node) -> HTMLResponse:
    """A page that says what went wrong and what to do, from `trouble` in the texts."""
    words = visit.words
    return page(
        visit,
        words(f"trouble.{key}.title"),
        el("p", words(f"trouble.{key}.text"), class_="lead"),
        more,
        el("p", el("a", words("frame.home"), href=HOME)),
        status=status,
    )


def to_sign_in(request: Request) -> Response:
    """The sign-in page, which leads back to where somebody wanted to go."""
    wanted = request.url.path if request.method == "GET" else HOME
    query = f"?{urlencode({'ke': wanted})}" if wanted != HOME else ""
    return RedirectResponse(f"{SIGN_IN}{query}", HTTPStatus.SEE_OTHER)


def _notice(visit: Visit) -> Node:
    """Only facts that are figures, codes or places are taken from the address."""
    query = visit.request.query_params
    key = f"notices.{query.get('kabar', '')}"
    text = visit.words.maybe(key, "")
    if not text:
        return None
    facts = {name[2:]: value[:80] for name, value in query.items() if name.startswith("k_")}
    try:
        said = text.format(**facts)
    except (KeyError, IndexError):
        return None
    return el("div", el("p", said), class_="note", role="status")


def _top(visit: Visit) -> Html:
    words, seat = visit.words, visit.seat
    other = next(one for one in LANGUAGES if one != words.lang)
    language = el(
        "a", words("frame.other_language"), href=f"{visit.path}?lang={other}", hreflang=other
    )
    who: Node = language
    if seat is not None:
        out = el("button", words("frame.sign_out"), class_="plain")
        who = [
            el("span", f"{seat.person.id} · {words(f'role.{seat.person.role}')}"),
            language,
            el("form", out, method="post", action="/meja/keluar"),
        ]
    inner = el("div", el("strong", visit.premises.programme), el("div", who, class_="who"))
    return el("header", inner, class_="top")


def _navigation(visit: Visit) -> Node:
    if visit.seat is None or visit.person.role is Role.CANVASSER:
        return None
    links = [
        el(
            "li",
            el(
                "a",
                visit.words(f"rooms.{key}"),
                href=href,
                aria_current="page" if _within(visit.path, href) else None,
            ),
        )
        for key, href, roles in _ROOMS
        if visit.person.role in roles
    ]
    return el("nav", el("ul", links), aria_label=visit.words("frame.navigation"))


def _within(path: str, room: str) -> bool:
    return path == room or (room != HOME and path.startswith(f"{room}/"))
