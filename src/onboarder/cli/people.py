"""`onboarder people`: who may sign in. Here the first coordinator is made, and whoever lost their authenticator is helped.

A password is asked for at the terminal or made up, never taken from the line; it and the authenticator's secret are shown
once, to whoever typed the command.
"""

import getpass
import secrets
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr
from rich.console import RenderableType
from rich.text import Text

from onboarder.access import enrolling, staff
from onboarder.access.entrance import Entrance
from onboarder.access.refused import Refused, Why
from onboarder.access.sessions import close_session
from onboarder.access.signing_in import SHORTEST, SetUp, check_password, set_up
from onboarder.access.staff import Changes, NewPerson
from onboarder.application import Application
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import facts, table
from onboarder.model.ids import MarketCode
from onboarder.people.roles import Person, Role
from onboarder.problems import RefusedProblem, UsageProblem
from onboarder.qr_code import for_screen
from onboarder.records import accounts, sessions
from onboarder.records.accounts import AccountRecord
from onboarder.records.sessions import SessionRecord

MADE_UP_WORDS = 4
"""Groups of a password that is made up: 96 bits."""


@dataclass(frozen=True, slots=True)
class Added:
    """A person as typed on the line."""

    id: str
    role: str
    name: str
    markets: Sequence[str]


async def add(desk: Desk, typed: Added) -> int:
    """A new person. Whoever signs in with a password gets one, and an authenticator."""
    fresh = NewPerson(
        typed.id, _role(typed.role), typed.name, frozenset(map(MarketCode, typed.markets))
    )
    async with desk.application() as app:
        with _told(typed.id):
            password = None if fresh.role is Role.CANVASSER else _password(desk, fresh.id)
            await staff.add_person(_entrance(app), fresh, by=desk.actor)
        desk.say("people.added", person=fresh.id, role=fresh.role)
        if password is None:
            desk.say("people.enrol_at_the_desk")
            desk.show({"id": fresh.id, "role": fresh.role}, tuple)
            return Exit.DONE
        return await _set_up(desk, app, fresh.id, password)


async def reset(desk: Desk, person: str) -> int:
    """A new password and a new authenticator; the person is signed out everywhere."""
    async with desk.application() as app:
        account = await _account(app, person)
        with _told(person):
            if account.role is Role.CANVASSER:
                raise Refused(Why.NO_PIN)
            password = _password(desk, account.id)
        return await _set_up(desk, app, account.id, password)


async def invite(desk: Desk, person: str) -> int:
    """The link and QR code that let one phone of a canvasser in, once. An earlier one is void."""
    async with desk.application() as app:
        address, programme = app.settings.public_address, app.programme.code
        with _told(person):
            operator = Person(desk.actor, Role.OPERATOR, programme, frozenset())
            invitation = await staff.invite(_entrance(app), operator, person)
    link, until = invitation.link(address).get_secret_value(), invitation.expires_at
    minutes = enrolling.LASTS // timedelta(minutes=1)
    desk.say("people.open_on_the_phone", person=person, minutes=minutes)
    desk.show(
        {"id": person, "link": link, "expires_at": until.isoformat()},
        lambda: [Text(for_screen(link)), Text(link)],
    )
    return Exit.DONE


async def show_everybody(desk: Desk) -> int:
    async with desk.application() as app, app.database.read() as tx:
        found = [
            (one, await sessions.devices(tx, one.id, now=app.clock()))
            for one in await accounts.everybody(tx, app.programme.code)
        ]
    words = desk.words
    header = [
        words("people.id"),
        words("people.role"),
        words("people.name"),
        words("people.markets"),
        words("people.devices"),
        words("people.disabled"),
    ]
    desk.show(
        {"people": [_document(*one) for one in found]},
        lambda: [table(header, [_line(*one) for one in found])],
    )
    return Exit.DONE


async def disable(desk: Desk, person: str) -> int:
    """The person is signed out everywhere at once and cannot come back. Safe to repeat."""
    async with desk.application() as app:
        account, entrance = await _account(app, person), _entrance(app)
        async with app.database.write() as tx:
            await staff.change_person(tx, entrance, account, Changes(disabled=True), by=desk.actor)
    desk.say("people.is_disabled", person=account.id)
    desk.show({"id": account.id, "disabled": True}, tuple)
    return Exit.DONE


async def lose(desk: Desk, device: str) -> int:
    """The phone is signed out with its next request. Safe to repeat."""
    async with desk.application() as app, app.database.write() as tx:
        owner = await sessions.owner_of(tx, device)
        with _told(device):
            if owner is None:
                raise Refused(Why.NOT_FOUND)
        await close_session(tx, _entrance(app), device, by=desk.actor, action="phone.lost")
    desk.say("people.lost", device=device, person=owner)
    desk.show({"device": device, "id": owner}, tuple)
    return Exit.DONE


async def _set_up(desk: Desk, app: Application, person: str, password: "_Password") -> int:
    with _told(person):
        made = await set_up(_entrance(app), person, password.word, by=desk.actor)
    desk.say("people.shown_once")
    shown = password.word.get_secret_value() if password.made_up else None
    document = {
        "id": person,
        "password": shown,
        "authenticator": made.address.get_secret_value(),
    }
    desk.show(document, lambda: _once(desk, person, shown, made))
    return Exit.DONE


def _once(desk: Desk, person: str, password: str | None, made: SetUp) -> list[RenderableType]:
    words = desk.words
    return [
        facts(
            (
                (words("people.id"), person),
                (words("people.password"), password),
                (words("people.secret"), made.secret.get_secret_value()),
            )
        ),
        Text(for_screen(made.address.get_secret_value())),
        Text(words("people.scan")),
    ]


@dataclass(frozen=True, slots=True)
class _Password:
    word: SecretStr
    made_up: bool


def _password(desk: Desk, person: str) -> _Password:
    """Asked for twice at a terminal; made up when nothing is typed or nobody is there."""
    typed = ""
    if sys.stdin.isatty():
        desk.say("people.ask_password", shortest=SHORTEST)
        typed = _hidden(desk.words("people.password"))
        if typed and typed != _hidden(desk.words("people.again")):
            raise UsageProblem(
                "the two passwords differ; nothing was changed",
                id_message="kedua kata sandi berbeda; tidak ada yang diubah",
            )
    word = SecretStr(typed or "-".join(secrets.token_hex(3) for _ in range(MADE_UP_WORDS)))
    check_password(person, word)
    return _Password(word, made_up=not typed)


def _hidden(label: str) -> str:
    return getpass.getpass(f"{label}: ")


def _role(text: str) -> Role:
    if text not in list(Role):
        known = ", ".join(Role)
        raise UsageProblem(
            f"--role takes one of {known}, not {text!r}",
            id_message=f"--role berisi salah satu dari {known}, bukan {text!r}",
        )
    return Role(text)


async def _account(app: Application, person: str) -> AccountRecord:
    async with app.database.read() as tx:
        found = await accounts.find(tx, person)
    if found is None:
        with _told(person):
            raise Refused(Why.NOT_FOUND)
    return found


def _entrance(app: Application) -> Entrance:
    return Entrance(app.database, app.programme, app.vault, app.clock)


_TEXTS = {
    Why.NOT_FOUND: ("no person or device {0!r}", "tidak ada orang atau HP {0!r}"),
    Why.PERSON_EXISTS: ("there is somebody with the id {0!r}", "kode {0!r} sudah dipakai"),
    Why.PERSON_UNFIT: (
        "{0!r} needs an id of letters, digits, dots and hyphens (at most 40), and a name (at most 200)",
        "{0!r} perlu kode dari huruf, angka, titik dan tanda hubung (paling banyak 40), dan nama (paling banyak 200)",
    ),
    Why.MARKET_UNKNOWN: (
        "a market of {0!r} is not in the programme",
        "pasar untuk {0!r} tidak ada dalam program",
    ),
    Why.MARKET_MISSING: ("give {0!r} a market with --market", "beri {0!r} pasar dengan --market"),
    Why.NO_PIN: (
        "{0!r} signs in with an enrolled phone; enrol it at the desk",
        "{0!r} masuk dengan HP; daftarkan HP-nya di meja koordinator",
    ),
    Why.NO_PHONE: (
        "{0!r} signs in at the desk, not with a phone",
        "{0!r} masuk di meja, bukan dengan HP",
    ),
    Why.PERSON_DISABLED: ("{0!r} is disabled", "{0!r} sudah dinonaktifkan"),
    Why.PASSWORD_WEAK: (
        f"the password needs {SHORTEST} characters and must not contain the id {{0!r}}",
        f"kata sandi perlu {SHORTEST} huruf dan tidak boleh memuat kode {{0!r}}",
    ),
}


@contextmanager
def _told(subject: str) -> Generator[None]:
    """What the entrance refuses, as a problem of the person at the keyboard."""
    try:
        yield
    except Refused as refused:
        english, indonesian = _TEXTS[refused.why]
        raise RefusedProblem(
            english.format(subject),
            hint="see: onboarder people list",
            id_message=indonesian.format(subject),
            id_hint="lihat: onboarder people list",
        ) from None


def _document(account: AccountRecord, devices: Sequence[SessionRecord]) -> dict[str, object]:
    return {
        "id": account.id,
        "role": account.role,
        "name": account.name,
        "markets": sorted(account.markets),
        "devices": [
            {"id": one.device, "title": one.title, "seen_at": one.seen_at.isoformat()}
            for one in devices
        ],
        "disabled": account.disabled_at is not None,
    }


def _line(account: AccountRecord, devices: Sequence[SessionRecord]) -> tuple[str, ...]:
    return (
        account.id,
        account.role,
        account.name,
        " ".join(sorted(account.markets)),
        ", ".join(f"{one.device} ({one.title})" for one in devices),
        "✓" if account.disabled_at else "",
    )
