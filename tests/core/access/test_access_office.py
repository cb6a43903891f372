"""The office's sign-in: password and code, what is counted, and what is not said."""

import asyncio
import statistics
import time
from datetime import timedelta

import pytest
from pydantic import SecretStr
from pyotp.totp import TOTP
from sqlalchemy import select

from onboarder.access.limits import ACCOUNT, ADDRESS, FORGET, Limit
from onboarder.access.refused import Refused, Why
from onboarder.access.sessions import OFFICE, seat
from onboarder.access.signing_in import by_password, set_up
from onboarder.people.one_time_codes import counter_of
from onboarder.records.account_tables import account, attempt
from tests.core.access.conftest import HERE, PASSWORD, Gatehouse
from tests.support.town import MORNING

OTHER = SecretStr("bukan kata sandinya")


async def test_password_and_code_open_a_session_for_one_working_day(house: Gatehouse) -> None:
    authenticator = await house.coordinator()

    token = await sign_in(house, code=house.code(authenticator))

    found = await house.seat(token)
    assert (found.person.id, found.pin_needed) == ("ani", False)
    assert found.person.markets == {"KNM", "PGI"}
    house.pass_by(OFFICE)
    assert await seat(house.entrance, token) is None


async def test_the_account_may_be_written_in_any_case(house: Gatehouse) -> None:
    authenticator = await house.coordinator()

    assert await sign_in(house, name=" Ani ", code=house.code(authenticator))


async def test_a_code_works_once(house: Gatehouse) -> None:
    code = house.code(await house.coordinator())

    ended = await asyncio.gather(
        *(sign_in(house, code=code) for _ in range(4)), return_exceptions=True
    )

    assert len([one for one in ended if isinstance(one, SecretStr)]) == 1
    assert await why(house, code=code) is Why.NOT_LET_IN


async def test_a_code_before_the_last_used_one_is_over(house: Gatehouse) -> None:
    authenticator = await house.coordinator()
    before = house.code(authenticator)
    house.pass_by(timedelta(seconds=30))
    await sign_in(house, code=house.code(authenticator))

    assert await why(house, code=before) is Why.NOT_LET_IN


def test_codes_of_the_half_minutes_around_now_are_taken_and_no_others() -> None:
    secret = SecretStr("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    totp = TOTP(secret.get_secret_value())
    present = totp.timecode(MORNING)
    codes = [totp.generate_otp(present + one) for one in range(-3, 4)]

    found = [counter_of(secret, code, MORNING) for code in codes]

    assert found == [None, None, present - 1, present, present + 1, None, None]


async def test_everything_that_is_wrong_gets_the_same_answer(house: Gatehouse) -> None:
    authenticator = await house.coordinator()
    code = house.code(authenticator)

    assert await why(house, password=OTHER, code=code) is Why.NOT_LET_IN
    assert await why(house, code="000000") is Why.NOT_LET_IN
    assert await why(house, name="siapa", code=code) is Why.NOT_LET_IN
    assert await why(house, name="", code=code) is Why.NOT_LET_IN


async def test_an_unknown_account_takes_as_long_as_a_wrong_password(house: Gatehouse) -> None:
    await house.coordinator()

    async def took(name: str) -> float:
        started = time.perf_counter()
        await why(house, name=name, password=OTHER)
        house.pass_by(timedelta(minutes=20))
        return time.perf_counter() - started

    known, unknown = list[float](), list[float]()
    for number in range(7):
        known.append(await took("ani"))
        unknown.append(await took(f"siapa-{number}"))

    assert 0.5 < statistics.median(unknown) / statistics.median(known) < 2


async def test_an_account_that_is_tried_too_often_waits_longer_each_time(house: Gatehouse) -> None:
    authenticator = await house.coordinator()
    waits = list[timedelta]()
    for _ in range(ACCOUNT.free - 1):
        await why(house, password=OTHER)
    for _ in range(5):
        await why(house, password=OTHER)
        with pytest.raises(Refused) as caught:
            await sign_in(house, code=house.code(authenticator))
        assert caught.value.until is not None
        waits.append(caught.value.until - house.clock())
        house.pass_by(waits[-1])

    assert [one.total_seconds() for one in waits] == [60, 120, 240, 480, 900]


@pytest.mark.parametrize("name", ["ani", "siapa"])
async def test_tries_all_at_once_are_counted_one_by_one(house: Gatehouse, name: str) -> None:
    await house.coordinator()

    ended = await asyncio.gather(
        *(sign_in(house, name=name, password=OTHER) for _ in range(12)), return_exceptions=True
    )

    found = sorted(one.why for one in ended if isinstance(one, Refused))
    assert found == sorted([Why.NOT_LET_IN] * ACCOUNT.free + [Why.WAIT] * (12 - ACCOUNT.free))


async def test_a_right_try_forgives_the_account_s_wrong_ones(house: Gatehouse) -> None:
    authenticator = await house.coordinator()
    for _ in range(3):
        for _ in range(ACCOUNT.free - 1):
            assert await why(house, password=OTHER) is Why.NOT_LET_IN
        house.pass_by(timedelta(seconds=30))
        assert await sign_in(house, code=house.code(authenticator))


async def test_an_address_that_guesses_over_many_accounts_waits(
    house: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onboarder.access.signing_in.ADDRESS", Limit(free=3))

    told = [await why(house, name=f"siapa-{number}") for number in range(4)]
    elsewhere = await why(house, name="siapa-9", address="203.0.113.9")

    assert told == [Why.NOT_LET_IN] * 3 + [Why.WAIT]
    assert elsewhere is Why.NOT_LET_IN
    assert ADDRESS.free == 100


async def test_an_office_that_signs_in_every_day_never_waits(
    house: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onboarder.access.signing_in.ADDRESS", Limit(free=3))
    authenticator = await house.coordinator()

    for _ in range(8):
        house.pass_by(timedelta(minutes=1))
        assert await sign_in(house, code=house.code(authenticator))


async def test_tries_are_counted_anew_the_next_day(house: Gatehouse) -> None:
    await house.coordinator()
    for _ in range(4):
        await why(house, password=OTHER)
    house.pass_by(FORGET + timedelta(seconds=1))

    told = [await why(house, password=OTHER) for _ in range(5)]

    assert told == [Why.NOT_LET_IN] * 5


async def test_what_lies_on_record_opens_nothing(house: Gatehouse) -> None:
    authenticator = await house.coordinator()
    await why(house, name="ibu-sari", address="198.51.100.200")

    async with house.entrance.database.read() as tx:
        kept = str([(await tx.execute(select(one))).all() for one in (account, attempt)])
    secrets = (PASSWORD.get_secret_value(), authenticator.secret, "ibu-sari", "198.51.100.200")
    assert not [one for one in secrets if one in kept]


@pytest.mark.parametrize("password", ["pendek", "ani ani ani ani"])
async def test_weak_passwords_are_refused(house: Gatehouse, password: str) -> None:
    await house.coordinator()

    with pytest.raises(Refused) as caught:
        await set_up(house.entrance, "ani", SecretStr(password), by="test")
    assert caught.value.why is Why.PASSWORD_WEAK


async def test_a_new_set_up_ends_the_old_one_and_its_sessions(house: Gatehouse) -> None:
    old = await house.coordinator()
    token = await sign_in(house, code=house.code(old))
    house.pass_by(timedelta(minutes=1))
    new = await house.coordinator()

    assert await seat(house.entrance, token) is None
    assert await why(house, code=house.code(old)) is Why.NOT_LET_IN
    assert await sign_in(house, code=house.code(new))


async def test_every_event_is_audited_without_what_was_typed(house: Gatehouse) -> None:
    authenticator = await house.coordinator()
    await why(house, password=OTHER)
    await why(house, name="ibu-sari")
    device = (await house.seat(await sign_in(house, code=house.code(authenticator)))).session.device

    assert await house.audited() == [
        ("test", "account.added", "account:ani"),
        ("test", "account.set_up", "account:ani"),
        ("anybody", "session.refused", "account:ani"),
        ("anybody", "session.refused", "account:?"),
        ("ani", "session.opened", f"device:{device}"),
    ]


async def sign_in(
    house: Gatehouse,
    *,
    name: str = "ani",
    password: SecretStr = PASSWORD,
    code: str = "000000",
    address: str = HERE,
) -> SecretStr:
    return await by_password(
        house.entrance, name, password, code, title="Peramban", address=address
    )


async def why(
    house: Gatehouse,
    *,
    name: str = "ani",
    password: SecretStr = PASSWORD,
    code: str = "000000",
    address: str = HERE,
) -> Why:
    """Why that sign-in is refused."""
    with pytest.raises(Refused) as caught:
        await sign_in(house, name=name, password=password, code=code, address=address)
    return caught.value.why
