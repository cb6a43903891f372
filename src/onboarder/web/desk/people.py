"""“Orang & HP”: canvassers and viewers, letting a phone in by QR, and locking a lost one out."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from fastapi import APIRouter, Response

from onboarder.access import staff
from onboarder.access.staff import ID, LOOKS_AFTER, Changes, NewPerson
from onboarder.model.ids import MarketCode
from onboarder.people.roles import Role
from onboarder.qr_code import for_page
from onboarder.records.accounts import AccountRecord
from onboarder.records.sessions import SessionRecord
from onboarder.web.desk.forms import text_of, texts_of
from onboarder.web.desk.frame import back_to, page
from onboarder.web.desk.html import Html, Node, el
from onboarder.web.desk.parts import button, card, facts, field, note, post, select, table
from onboarder.web.desk.visit import InOffice, Visit

HERE = "/meja/orang"


def routes(made: APIRouter) -> None:
    _everybody(made)
    _phones(made)

    @made.post("/orang/{person}/ubah")
    async def change(person: str, visit: InOffice) -> Response:
        form = await visit.request.form(max_files=0, max_fields=100)
        entrance = visit.premises.entrance
        changes = Changes(
            name=text_of(form, "nama")[:200] or None,
            markets=frozenset(map(MarketCode, texts_of(form, "pasar"))),
            disabled=text_of(form, "berhenti") == "ya",
        )
        async with entrance.database.write() as tx:
            there = await staff.looked_after(tx, visit.person, person, to_change=True)
            if there.role is not Role.CANVASSER:
                changes = Changes(name=changes.name, disabled=changes.disabled)
            await staff.change_person(tx, entrance, there, changes, by=visit.person.id)
        return back_to(f"{HERE}/{quote(person)}", "person_changed")


def _everybody(made: APIRouter) -> None:
    @made.get("/orang")
    async def show(visit: InOffice) -> Response:
        people = await staff.everybody(visit.premises.entrance, visit.person)
        words = visit.words
        return page(visit, words("people.title"), _list(visit, people), _new(visit))

    @made.post("/orang")
    async def add(visit: InOffice) -> Response:
        form = await visit.request.form(max_files=0, max_fields=100)
        number, role = text_of(form, "kode"), text_of(form, "peran")
        name = text_of(form, "nama")[:200]
        allowed = {str(one): one for one in LOOKS_AFTER[visit.person.role]}
        if not re.fullmatch(ID, number) or role not in allowed or not name:
            return page(visit, visit.words("people.title"), _wrong(visit), _new(visit))
        markets = frozenset(map(MarketCode, texts_of(form, "pasar")))
        fresh = NewPerson(number, allowed[role], name, markets)
        await staff.add_person(visit.premises.entrance, fresh, by=visit.person.id)
        return back_to(f"{HERE}/{quote(number)}", "person_added")

    @made.get("/orang/{person}")
    async def one(person: str, visit: InOffice) -> Response:
        entrance = visit.premises.entrance
        account = await staff.person(entrance, visit.person, person)
        phones = await staff.devices(entrance, visit.person, person)
        return page(
            visit,
            account.name,
            card(_facts(visit, account), _invite(visit, account)),
            _devices(visit, phones),
            _edit(visit, account),
        )


def _phones(made: APIRouter) -> None:
    @made.post("/orang/{person}/hp")
    async def invite(person: str, visit: InOffice) -> Response:
        """Shown once, in the answer itself: the code stands in no address and nobody can ask for it again."""
        words, entrance = visit.words, visit.premises.entrance
        account = await staff.person(entrance, visit.person, person)
        invitation = await staff.invite(entrance, visit.person, person)
        link = invitation.link(visit.premises.public_url).get_secret_value()
        steps = [el("li", words(f"people.step{number}")) for number in (1, 2, 3)]
        return page(
            visit,
            words("people.let_in", name=account.name),
            card(
                el("ol", steps),
                Html(for_page(link)),
                el("p", words("people.until", time=words.time(invitation.expires_at))),
                el("details", el("summary", words("people.as_link")), el("p", link)),
            ),
            el("p", el("a", words("people.back"), href=f"{HERE}/{quote(person)}")),
        )

    @made.post("/hp/{device}/hilang")
    async def lose(device: str, visit: InOffice) -> Response:
        form = await visit.request.form(max_files=0, max_fields=5)
        await staff.lose(visit.premises.entrance, visit.person, device)
        return back_to(f"{HERE}/{quote(text_of(form, 'orang'))}", "phone_lost")


def _list(visit: Visit, people: Sequence[AccountRecord]) -> Html:
    words = visit.words
    names = {one.code: one.name for one in visit.around.programme.markets}
    rows: list[list[Node]] = [
        [
            el("a", one.name, href=f"{HERE}/{quote(one.id)}"),
            one.id,
            words(f"role.{one.role}"),
            words.listed(names.get(market, market) for market in sorted(one.markets)),
            el("span", words("people.disabled"), class_="tag bad") if one.disabled_at else None,
        ]
        for one in people
    ]
    header = [words(f"word.{one}") for one in ("name", "code", "role", "markets", "remark")]
    return card(table(header, rows, stack=True) if rows else el("p", words("people.none")))


def _facts(visit: Visit, account: AccountRecord) -> Html:
    words = visit.words
    names = {one.code: one.name for one in visit.around.programme.markets}
    pairs: list[tuple[str, Node]] = [
        (words("word.code"), account.id),
        (words("word.role"), words(f"role.{account.role}")),
        (words("word.since"), words.time(account.created_at)),
    ]
    if account.markets:
        listed = words.listed(names.get(one, one) for one in sorted(account.markets))
        pairs.append((words("word.markets"), listed))
    if account.disabled_at:
        pairs.append((words("word.remark"), words("people.disabled")))
    return facts(pairs)


def _invite(visit: Visit, account: AccountRecord) -> Node:
    if account.role is not Role.CANVASSER or account.disabled_at:
        return None
    return post(f"{HERE}/{quote(account.id)}/hp", button(visit.words("people.enrol")))


def _devices(visit: Visit, phones: Sequence[SessionRecord]) -> Html:
    words = visit.words
    rows: list[list[Node]] = [
        [
            one.title or "HP",
            words.time(one.seen_at),
            words.time(one.created_at),
            post(
                f"/meja/hp/{quote(one.device)}/hilang",
                el("input", type="hidden", name="orang", value=one.account_id),
                button(words("people.lost"), kind="danger"),
            ),
        ]
        for one in phones
    ]
    header = [words("people.device"), words("people.seen"), words("people.enrolled"), ""]
    empty = el("p", words("people.no_phones"))
    return card(table(header, rows, stack=True) if rows else empty, title=words("people.phones"))


def _edit(visit: Visit, account: AccountRecord) -> Html:
    words = visit.words
    stop = el(
        "label",
        el(
            "input",
            type="checkbox",
            name="berhenti",
            value="ya",
            checked=account.disabled_at is not None,
        ),
        words("people.stop"),
        class_="pick",
    )
    form = el(
        "form",
        el(
            "div",
            field(words("word.name"), "nama", value=account.name, required=True, maxlength=200),
            class_="fields",
        ),
        _markets(visit, account.markets) if account.role is Role.CANVASSER else None,
        stop,
        el("button", words("people.save"), class_="second"),
        method="post",
        action=f"{HERE}/{quote(account.id)}/ubah",
    )
    return card(form, title=words("people.edit"))


def _new(visit: Visit) -> Html:
    words = visit.words
    roles = [
        (str(one), words(f"role.{one}")) for one in Role if one in LOOKS_AFTER[visit.person.role]
    ]
    fields = el(
        "div",
        field(words("word.name"), "nama", required=True, maxlength=200, autocomplete="off"),
        field(
            words("word.code"),
            "kode",
            hint=words("people.code_hint"),
            required=True,
            pattern="[A-Za-z0-9][A-Za-z0-9._\\-]{0,39}",
            autocomplete="off",
        ),
        select(words("word.role"), "peran", roles),
        class_="fields",
    )
    form = el(
        "form",
        fields,
        _markets(visit, frozenset()),
        el("button", words("people.add")),
        method="post",
        action=HERE,
    )
    return card(form, title=words("people.new"))


def _markets(visit: Visit, chosen: frozenset[MarketCode]) -> Html:
    picks = [
        el(
            "label",
            el("input", type="checkbox", name="pasar", value=one.code, checked=one.code in chosen),
            one.name,
            class_="pick",
        )
        for one in visit.around.programme.markets
    ]
    return el("fieldset", el("legend", visit.words("people.markets")), picks)


def _wrong(visit: Visit) -> Html:
    return note(visit.words("people.wrong"), tone="bad")
