"""`onboarder people`: the first coordinator, and who lost something."""

import asyncio
import getpass
import re
import sys
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr
from pyotp.totp import TOTP

from onboarder.access.enrolling import enrol
from onboarder.access.entrance import Entrance
from onboarder.access.refused import Refused, Why
from onboarder.access.sessions import seat
from onboarder.access.signing_in import by_password
from onboarder.application import open_application
from onboarder.cli.exits import Exit
from onboarder.settings import Settings
from tests.core.cli.office import Office, records

ANI = ("people", "add", "ani", "--role", "coordinator", "--name", "Ani Contoh")


def _always(text: str) -> Callable[[str], str]:
    def answer(label: str) -> str:
        assert label
        return text

    return answer


def _one_by_one(texts: Iterator[str]) -> Callable[[str], str]:
    def answer(label: str) -> str:
        assert label
        return next(texts)

    return answer


def sign_in(password: str, authenticator: str) -> str:
    """The device of a session that the password and a code open."""

    async def work() -> str:
        async with open_application(Settings()) as app:
            entrance = Entrance(app.database, app.programme, app.vault, app.clock)
            secret = parse_qs(urlsplit(authenticator).query)["secret"][0]
            code = TOTP(secret).at(app.clock())
            token = await by_password(
                entrance, "ani", SecretStr(password), code, title="Meja", address="::1"
            )
            found = await seat(entrance, token)
            assert found is not None
            return found.session.device

    return asyncio.run(work())


def enrols(link: str) -> bool:
    """Whether a phone is let in by that link now."""

    async def work() -> bool:
        async with open_application(Settings()) as app:
            entrance = Entrance(app.database, app.programme, app.vault, app.clock)
            token = SecretStr(link.rpartition("=")[2])
            try:
                await enrol(entrance, token, SecretStr("274913"), title="HP", address="::1")
            except Refused as refused:
                return refused.why is not Why.TOKEN_UNKNOWN
            return True

    return asyncio.run(work())


def test_the_first_coordinator_signs_in_with_what_was_shown_once(office: Office) -> None:
    made = office.said(*ANI)

    device = sign_in(str(made["password"]), str(made["authenticator"]))

    assert re.fullmatch(r"([0-9a-f]{6}-){3}[0-9a-f]{6}", str(made["password"]))
    [person] = records(office.said("people", "list")["people"])
    assert (person["id"], person["role"], person["disabled"]) == ("ani", "coordinator", False)
    assert [one["id"] for one in records(person["devices"])] == [device]


def test_people_see_a_qr_code_and_the_secret_on_the_terminal(office: Office) -> None:
    ended = office.run(*ANI, "--lang", "en")

    assert ended.code == 0
    assert "Shown only this once" in ended.err
    assert re.search(r"authenticator +[A-Z2-7]{32}", ended.out)
    assert "█" in ended.out


def test_a_typed_password_is_taken_and_not_shown(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = "empat kata yang acak"
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", _always(typed))

    made = office.said(*ANI)

    assert made["password"] is None
    assert sign_in(typed, str(made["authenticator"]))


def test_two_different_passwords_change_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["empat kata yang acak", "empat kata yang lain"])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", _one_by_one(typed))

    assert office.run(*ANI).code == Exit.USAGE
    assert records(office.said("people", "list")["people"]) == []


def test_reset_gives_new_ones_and_signs_out(office: Office) -> None:
    old = office.said(*ANI)
    sign_in(str(old["password"]), str(old["authenticator"]))

    new = office.said("people", "reset", "ani")

    assert new["password"] != old["password"]
    [person] = records(office.said("people", "list")["people"])
    assert person["devices"] == []
    assert sign_in(str(new["password"]), str(new["authenticator"]))


def test_a_lost_device_and_a_disabled_person_are_out(office: Office) -> None:
    made = office.said(*ANI)
    device = sign_in(str(made["password"]), str(made["authenticator"]))

    office.said("people", "lost", device)
    [person] = records(office.said("people", "list")["people"])
    office.said("people", "disable", "ani")
    [after] = records(office.said("people", "list")["people"])

    assert person["devices"] == []
    assert after["disabled"] is True


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (("add", "C07", "--role", "canvasser", "--name", "Budi"), Exit.REFUSED, "--market"),
        (
            ("add", "C07", "--role", "canvasser", "--name", "B", "--market", "XX"),
            Exit.REFUSED,
            "not in the programme",
        ),
        (("add", "dua kata", "--role", "viewer", "--name", "B"), Exit.REFUSED, "needs an id"),
        (("add", "C07", "--role", "boss", "--name", "B"), Exit.USAGE, "--role takes one of"),
        (("add", "ANI", "--role", "viewer", "--name", "B"), Exit.REFUSED, "somebody with the id"),
        (("reset", "C99"), Exit.REFUSED, "no person or device"),
        (("reset", "C01"), Exit.REFUSED, "enrolled phone"),
        (("disable", "C99"), Exit.REFUSED, "no person or device"),
        (("invite", "C99"), Exit.REFUSED, "no person or device"),
        (("invite", "ani"), Exit.REFUSED, "not with a phone"),
        (("invite", "C02"), Exit.REFUSED, "is disabled"),
        (("lost", "hp-x"), Exit.REFUSED, "no person or device"),
    ],
)
def test_what_cannot_be_done_is_told(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    line: tuple[str, ...],
    code: Exit,
    said: str,
) -> None:
    monkeypatch.setenv("ONBOARDER_PUBLIC_URL", "https://onboarder.example")
    office.said(*ANI)
    for person in ("C01", "C02"):
        named = (person, "--role", "canvasser", "--name", "B", "--market", "KNM")
        office.said("people", "add", *named)
    office.said("people", "disable", "C02")

    ended = office.run("people", *line, "--lang", "en")

    assert ended.code == code
    assert said in ended.err


def test_a_phone_is_let_in_by_a_link_that_only_its_newest_holder_can_use(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBOARDER_PUBLIC_URL", "https://onboarder.example")
    office.said("people", "add", "C01", "--role", "canvasser", "--name", "B", "--market", "KNM")

    first, second = (office.said("people", "invite", "C01") for _ in range(2))

    assert str(second["link"]).startswith("https://onboarder.example/app/#masuk=")
    assert not enrols(str(first["link"]))
    assert enrols(str(second["link"]))
    assert not enrols(str(second["link"]))


def test_a_phone_is_let_in_by_the_qr_code_on_the_terminal(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBOARDER_PUBLIC_URL", "https://onboarder.example")
    office.said("people", "add", "C01", "--role", "canvasser", "--name", "B", "--market", "KNM")

    ended = office.run("people", "invite", "C01", "--lang", "en")

    assert "for 10 minutes" in ended.err
    assert "█" in ended.out


def test_no_secret_can_stand_on_the_line(office: Office) -> None:
    shown = office.run("people", "add", "--help", "--lang", "en").out

    assert set(re.findall(r"--[a-z]+", shown)) >= {"--role", "--name", "--market"}
    assert not re.search(r"--(password|pin|secret|code)", shown)
