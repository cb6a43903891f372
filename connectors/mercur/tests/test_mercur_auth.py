"""Logins: tokens that are read, shared while fresh, and made anew when they no longer do."""

import base64
import json
from datetime import UTC, datetime, timedelta

import anyio
import httpx
import pytest
from pydantic import SecretStr
from tests.marketplace.samples import SETTINGS

from onboarder.connector.contract import Access, Credentials
from onboarder.connector.errors import ActionNeeded, CredentialsExpired
from onboarder.model.ids import Reference, RemoteId
from onboarder.problems import ConfigProblem
from onboarder_mercur.auth import (
    Login,
    MemberAuth,
    Token,
    credentials,
    member_auth,
    read_token,
)
from onboarder_mercur.settings import read_settings

NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


def jwt(number: int, *, actor: str = "mem_1", minutes: int = 10) -> str:
    """An unsigned token issued now."""
    iat = int(NOW.timestamp())
    claims = {"actor_id": actor, "iat": iat, "exp": iat + 60 * minutes, "number": number}
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.x"


class FakeMercur:
    """Issues numbered tokens; counts what it is asked."""

    def __init__(self, *, known: bool = True, actor: str = "mem_1") -> None:
        self.known = known
        self.free = not known
        self.actor = actor
        self.now = NOW
        self.asked: list[str] = []

    def login(self) -> Login:
        return Login(
            "a@b.test", log_in=self._log_in, register=self._register, clock=lambda: self.now
        )

    async def _log_in(self) -> Token | None:
        await anyio.lowlevel.checkpoint()
        self.asked.append("log in")
        return read_token(jwt(len(self.asked), actor=self.actor)) if self.known else None

    async def _register(self) -> Token | None:
        self.asked.append("register")
        return read_token(jwt(len(self.asked), actor="")) if self.free else None


async def test_tasks_that_ask_at_once_share_one_login() -> None:
    mercur = FakeMercur()
    login = mercur.login()

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(login.known)

    assert mercur.asked == ["log in"]


async def test_a_token_is_made_anew_when_half_its_life_is_over() -> None:
    mercur = FakeMercur()
    login = mercur.login()
    await login.known()
    mercur.now = NOW + timedelta(minutes=4)
    await login.known()
    assert mercur.asked == ["log in"]

    mercur.now = NOW + timedelta(minutes=5)
    await login.known()

    assert mercur.asked == ["log in", "log in"]


async def test_a_token_that_was_refused_is_replaced_once_for_all() -> None:
    mercur = FakeMercur()
    login = mercur.login()
    dead = await login.known()
    assert dead is not None
    text = dead.secret.get_secret_value()

    first = await login.known(instead_of=text)
    second = await login.known(instead_of=text)

    assert first is second is not dead
    assert len(mercur.asked) == 2


async def test_a_token_from_before_the_first_store_is_not_kept() -> None:
    mercur = FakeMercur(actor="")
    login = mercur.login()

    await login.known()
    mercur.actor = "mem_1"
    token = await login.known()

    assert token is not None
    assert token.owns_stores


async def test_an_unknown_login_is_registered() -> None:
    mercur = FakeMercur(known=False)

    token = await mercur.login().made()

    assert mercur.asked == ["log in", "register"]
    assert not token.owns_stores


async def test_a_login_with_another_password_needs_the_operator() -> None:
    mercur = FakeMercur(known=False)
    mercur.free = False

    with pytest.raises(ActionNeeded, match="wrong_login"):
        await mercur.login().made()


def test_a_token_that_is_said_to_last_for_ever_is_kept() -> None:
    token = read_token(jwt(1, minutes=10**12))

    assert token.expires_at.year == 2100
    assert credentials("a@b.test", token).expires_at == token.expires_at


@pytest.mark.parametrize("text", ["", "a.b", "e30.e30.x", "e30.!!!.x"])
def test_something_else_than_a_token_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"Token|token|base64|Incorrect"):
        read_token(text)


def test_every_call_names_the_login_and_the_store() -> None:
    way_in = Access(Reference("r"), RemoteId("sel_1"), credentials("a@b.test", read_token(jwt(1))))

    request = next(member_auth(way_in).auth_flow(httpx.Request("GET", "http://x.test/")))

    assert request.headers["authorization"] == f"Bearer {jwt(1)}"
    assert request.headers["x-seller-id"] == "sel_1"
    assert way_in.credentials.expires_at == NOW + timedelta(minutes=10)


def test_without_a_store_no_store_is_named() -> None:
    request = next(MemberAuth(SecretStr("t")).auth_flow(httpx.Request("GET", "http://x.test/")))

    assert "x-seller-id" not in request.headers


def test_credentials_of_another_kind_are_treated_as_expired() -> None:
    foreign = Access(Reference("r"), RemoteId("s"), Credentials(SecretStr("{}")))

    with pytest.raises(CredentialsExpired):
        member_auth(foreign)


@pytest.mark.parametrize(
    "wrong", [{"email_domain": "no domain"}, {"account": "nobody"}, {"colour": "red"}]
)
def test_a_wrong_setting_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigProblem, match=next(iter(wrong))):
        read_settings({**SETTINGS, **wrong})


def test_stores_get_addresses_in_the_mail_domain() -> None:
    settings = read_settings(SETTINGS)

    assert settings.programme_login == "onboarder@onboarder.test"
    assert settings.address_of("knm-1") == "knm-1@onboarder.test"
