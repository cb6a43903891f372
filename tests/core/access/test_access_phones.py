"""A canvasser's phone: the QR code, the PIN, the session, and its end."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from onboarder.access import enrolling, staff
from onboarder.access.enrolling import LASTS, TRIES, enrol, give_pin, invite
from onboarder.access.refused import Refused, Why
from onboarder.access.sessions import IDLE, LONGEST, NOTED, PIN_AGAIN, seat, sign_out
from onboarder.access.staff import Changes, change_person, looked_after
from onboarder.people.roles import Person, Role
from onboarder.records.account_tables import enrolment, session
from tests.core.access.conftest import HERE, PIN, Gatehouse
from tests.support.town import PROGRAMME

WRONG = SecretStr("905172")
ANI = Person("ani", Role.COORDINATOR, PROGRAMME.code, frozenset())


async def test_a_qr_code_lets_one_phone_in(house: Gatehouse) -> None:
    found = await house.seat(await house.phone())

    assert (found.person.id, found.person.role) == ("C07", Role.CANVASSER)
    assert found.person.markets == {"KNM"}
    assert not found.pin_needed


async def test_of_phones_that_scan_at_once_one_is_let_in(house: Gatehouse) -> None:
    invitation = await invite(house.entrance, await house.canvasser(), by="ani")

    ended = await asyncio.gather(
        *(enrol(house.entrance, invitation.token, PIN, title="HP", address=HERE) for _ in range(6)),
        return_exceptions=True,
    )

    assert len([one for one in ended if isinstance(one, SecretStr)]) == 1
    assert [one.why for one in ended if isinstance(one, Refused)] == [Why.TOKEN_UNKNOWN] * 5
    async with house.entrance.database.read() as tx:
        assert len((await tx.execute(select(session))).all()) == 1


async def test_a_qr_code_works_for_ten_minutes(house: Gatehouse) -> None:
    invitation = await invite(house.entrance, await house.canvasser(), by="ani")
    house.pass_by(LASTS)

    assert await refusal(house, invitation.token) is Why.TOKEN_UNKNOWN
    assert timedelta(minutes=10) == LASTS


async def test_a_new_qr_code_voids_the_one_before(house: Gatehouse) -> None:
    first = await invite(house.entrance, await house.canvasser(), by="ani")
    await invite(house.entrance, "C07", by="ani")

    assert await refusal(house, first.token) is Why.TOKEN_UNKNOWN


async def test_a_qr_code_of_somebody_disabled_lets_nobody_in(house: Gatehouse) -> None:
    invitation = await invite(house.entrance, await house.canvasser(), by="ani")
    await disable(house)

    assert await refusal(house, invitation.token) is Why.TOKEN_UNKNOWN


@pytest.mark.parametrize(
    "pin", ["111111", "123456", "987654", "890123", "274274", "27495", "27495x"]
)
async def test_pins_that_people_try_first_are_refused(house: Gatehouse, pin: str) -> None:
    invitation = await invite(house.entrance, await house.canvasser(), by="ani")

    assert await refusal(house, invitation.token, SecretStr(pin)) is Why.PIN_WEAK
    assert await enrol(house.entrance, invitation.token, PIN, title="HP", address=HERE)


async def test_neither_tokens_nor_pins_are_on_record(house: Gatehouse) -> None:
    invitation = await invite(house.entrance, await house.canvasser(), by="ani")
    token = await enrol(house.entrance, invitation.token, PIN, title="HP", address=HERE)

    async with house.entrance.database.read() as tx:
        kept = str([(await tx.execute(select(one))).all() for one in (enrolment, session)])
    assert not [one for one in (invitation.token, token, PIN) if one.get_secret_value() in kept]
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in kept


async def test_a_lost_phone_is_out_with_its_next_request(house: Gatehouse) -> None:
    token = await house.phone()
    device = (await house.seat(token)).session.device

    await staff.lose(house.entrance, ANI, device)
    await staff.lose(house.entrance, ANI, device)

    assert await seat(house.entrance, token) is None
    assert ("ani", "phone.lost", f"device:{device}") in await house.audited()


async def test_whoever_is_disabled_is_out_with_all_phones(house: Gatehouse) -> None:
    tokens = [await house.phone(), await house.phone()]
    await disable(house)

    assert [await seat(house.entrance, one) for one in tokens] == [None, None]


async def test_signing_out_ends_that_phone_alone(house: Gatehouse) -> None:
    here, there = await house.phone(), await house.phone()
    await sign_out(house.entrance, await house.seat(here))

    assert await seat(house.entrance, here) is None
    assert await seat(house.entrance, there) is not None


async def test_new_markets_count_with_the_next_request(house: Gatehouse) -> None:
    token = await house.phone()
    async with house.entrance.database.write() as tx:
        there = await looked_after(tx, ANI, "C07")
        changes = Changes(markets=frozenset(one.code for one in PROGRAMME.markets[:1]) | {"PGI"})  # type: ignore[arg-type]  # a market's code
        await change_person(tx, house.entrance, there, changes, by="ani")

    assert (await house.seat(token)).person.markets == {"KNM", "PGI"}


async def test_an_idle_phone_falls_asleep_and_one_in_use_does_not(house: Gatehouse) -> None:
    token = await house.phone()
    house.pass_by(IDLE - timedelta(seconds=1))
    assert await seat(house.entrance, token) is not None
    house.pass_by(IDLE - timedelta(seconds=1))
    assert await seat(house.entrance, token) is not None

    house.pass_by(LONGEST - 2 * IDLE + timedelta(seconds=2))
    assert await seat(house.entrance, token) is None


async def test_use_is_noted_now_and_then_not_each_time(house: Gatehouse) -> None:
    token = await house.phone()
    begun = (await house.seat(token)).session.seen_at
    house.pass_by(NOTED - timedelta(seconds=1))
    await house.seat(token)
    assert (await house.seat(token)).session.seen_at == begun
    house.pass_by(timedelta(seconds=1))
    await house.seat(token)

    assert (await house.seat(token)).session.seen_at == begun + NOTED


async def test_the_pin_is_asked_for_once_a_working_day(house: Gatehouse) -> None:
    token = await house.phone()
    house.pass_by(PIN_AGAIN)
    asked = await house.seat(token)

    await give_pin(house.entrance, asked, PIN)

    assert asked.pin_needed
    assert not (await house.seat(token)).pin_needed


async def test_the_right_pin_gives_all_tries_back(house: Gatehouse) -> None:
    token = await house.phone()
    here = await house.seat(token)
    for _ in range(3):
        assert [await told(house, token, WRONG) for _ in range(TRIES - 1)] == [Why.PIN_WRONG] * (
            TRIES - 1
        )
        await give_pin(house.entrance, here, PIN)

    assert await seat(house.entrance, token) is not None


async def test_five_wrong_pins_sign_the_phone_out(house: Gatehouse) -> None:
    token = await house.phone()

    ended = [await told(house, token, WRONG) for _ in range(TRIES)]

    assert ended == [Why.PIN_WRONG] * 4 + [Why.ENROL_AGAIN]
    assert await seat(house.entrance, token) is None
    assert [one[1] for one in await house.audited()][-6:] == ["pin.wrong"] * 5 + ["pin.exhausted"]


async def test_pins_given_all_at_once_are_five_tries_too(
    house: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await house.phone()
    here = await house.seat(token)
    looked_at = list[SecretStr]()

    async def counting(_: str | None, pin: SecretStr) -> bool:
        looked_at.append(pin)
        await asyncio.sleep(0.01)
        return False

    monkeypatch.setattr(enrolling, "fits", counting)
    ended = await asyncio.gather(
        *(give_pin(house.entrance, here, WRONG) for _ in range(20)), return_exceptions=True
    )

    assert len(looked_at) == TRIES
    assert all(isinstance(one, Refused) for one in ended)
    assert await seat(house.entrance, token) is None


async def disable(house: Gatehouse) -> None:
    async with house.entrance.database.write() as tx:
        there = await looked_after(tx, ANI, "C07")
        await change_person(tx, house.entrance, there, Changes(disabled=True), by="ani")


async def refusal(house: Gatehouse, token: SecretStr, pin: SecretStr = PIN) -> Why:
    with pytest.raises(Refused) as caught:
        await enrol(house.entrance, token, pin, title="HP", address=HERE)
    return caught.value.why


async def told(house: Gatehouse, token: SecretStr, pin: SecretStr) -> Why:
    here = await house.seat(token)
    with pytest.raises(Refused) as caught:
        await give_pin(house.entrance, here, pin)
    return caught.value.why
