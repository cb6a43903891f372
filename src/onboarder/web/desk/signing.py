"""The desk's door: password and one-time code in, and out again."""

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr

from onboarder.access.refused import Refused, Why
from onboarder.access.sessions import sign_out
from onboarder.access.signing_in import by_password
from onboarder.api.caller import caller
from onboarder.api.v1.door import let_in, see_out
from onboarder.web.desk.forms import text_of
from onboarder.web.desk.frame import HOME, SIGN_IN, page, trouble
from onboarder.web.desk.html import Html, el
from onboarder.web.desk.parts import card, field, note
from onboarder.web.desk.visit import Anybody, Visit


def routes(made: APIRouter) -> None:
    @made.get("/masuk")
    async def ask(visit: Anybody) -> Response:
        if visit.seat is not None and not visit.seat.pin_needed:
            return RedirectResponse(HOME, HTTPStatus.SEE_OTHER)
        return _page(visit, _home_of(visit.request.query_params.get("ke", "")))

    @made.post("/masuk")
    async def enter(visit: Anybody) -> Response:
        form = await visit.request.form(max_files=0, max_fields=10)
        home = _home_of(text_of(form, "ke"))
        try:
            token = await by_password(
                visit.premises.entrance,
                text_of(form, "akun"),
                SecretStr(text_of(form, "sandi")),
                text_of(form, "kode").replace(" ", ""),
                title=visit.request.headers.get("user-agent", "")[:80],
                address=caller(visit.request),
            )
        except Refused as refused:
            return _refused(visit, home, refused)
        answer = RedirectResponse(home, HTTPStatus.SEE_OTHER)
        let_in(answer, token)
        return answer

    @made.post("/keluar")
    async def leave(visit: Anybody) -> Response:
        if visit.seat is not None:
            await sign_out(visit.premises.entrance, visit.seat)
        answer = RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
        see_out(answer)
        return answer


def _refused(visit: Visit, home: str, refused: Refused) -> Response:
    if refused.why is Why.WAIT:
        until = visit.words.time(refused.until)
        said = el("p", visit.words("sign_in.wait", until=until))
        return trouble(visit, "wait", HTTPStatus.TOO_MANY_REQUESTS, said)
    return _page(visit, home, note(visit.words("sign_in.wrong"), tone="bad"))


def _page(visit: Visit, home: str, said: Html | None = None) -> Response:
    words = visit.words
    fields = el(
        "div",
        field(
            words("sign_in.account"), "akun", autocomplete="username", required=True, maxlength=80
        ),
        field(
            words("sign_in.password"),
            "sandi",
            kind="password",
            autocomplete="current-password",
            required=True,
            maxlength=200,
        ),
        field(
            words("sign_in.code"),
            "kode",
            hint=words("sign_in.code_hint"),
            inputmode="numeric",
            autocomplete="one-time-code",
            required=True,
            maxlength=10,
        ),
        class_="fields",
    )
    form = el(
        "form",
        fields,
        el("input", type="hidden", name="ke", value=home),
        el("button", words("sign_in.enter")),
        method="post",
        action=SIGN_IN,
    )
    status = HTTPStatus.OK if said is None else HTTPStatus.FORBIDDEN
    return page(
        visit,
        words("sign_in.title"),
        said,
        card(form),
        el("p", words("sign_in.canvassers"), " ", el("a", "/app/", href="/app/"), class_="soft"),
        status=status,
    )


def _home_of(wanted: str) -> str:
    """Only one of our own pages; anything else could lead elsewhere."""
    parts = urlsplit(wanted)
    ours = not parts.scheme and not parts.netloc and wanted.startswith(HOME)
    return wanted if ours and wanted.isprintable() and "\\" not in wanted else HOME
