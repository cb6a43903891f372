"""Creates that a phone sends twice: one effect, one answer."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from onboarder.access import staff
from onboarder.records.account_tables import idempotency
from tests.support.signed_in import Service, with_key

PEOPLE = "/api/v1/people"
BUDI = {"id": "C07", "name": "Budi", "role": "canvasser", "markets": ["KNM"]}


async def add(service: Service, key: int = 1, **changes: object) -> httpx.Response:
    return await service.coordinator.post(PEOPLE, json=BUDI | changes, headers=with_key(key))


async def test_a_create_without_a_key_is_refused(service: Service) -> None:
    refused = await service.coordinator.post(PEOPLE, json=BUDI)

    assert (refused.status_code, refused.json()["code"]) == (400, "key_missing")


REPEATED_OTHERWISE = {
    "/api/v1/people/{person}/enrolments": "the QR code before it is void, and none is shown twice",
    "/api/v1/session/enrolment": "a QR code lets one phone in, once",
}


async def test_every_create_takes_a_key(service: Service) -> None:
    described = (await service.anybody.get("/api/v1/openapi.json")).json()
    without = {
        path
        for path, methods in described["paths"].items()
        for said in methods.values()
        if {"201", "202"} & said["responses"].keys()
        and "Idempotency-Key" not in {one["name"] for one in said.get("parameters", [])}
    }

    assert without == REPEATED_OTHERWISE.keys()


async def test_a_repeat_gets_the_same_answer_and_changes_nothing(service: Service) -> None:
    first = await add(service)
    service.pass_by(timedelta(hours=11))

    again = await add(service)

    assert (again.status_code, again.content) == (201, first.content)


async def test_the_layout_of_the_json_does_not_matter(service: Service) -> None:
    first = await add(service)
    turned = str(dict(reversed(BUDI.items()))).replace("'", '"')

    again = await service.coordinator.post(
        PEOPLE, content=turned, headers=with_key(1) | {"Content-Type": "application/json"}
    )

    assert again.content == first.content


async def test_the_key_with_another_body_is_refused(service: Service) -> None:
    await add(service)

    refused = await add(service, name="Lain")

    assert (refused.status_code, refused.json()["code"]) == (422, "key_reused")


async def test_keys_of_two_people_have_nothing_to_do_with_each_other(service: Service) -> None:
    await add(service)

    other = await service.operator.post(PEOPLE, json=BUDI | {"id": "C08"}, headers=with_key(1))

    assert other.status_code == 201


async def test_what_was_refused_may_be_mended_under_the_same_key(service: Service) -> None:
    assert (await add(service, markets=["XXX"])).status_code == 422

    assert (await add(service)).status_code == 201


async def test_while_it_is_carried_out_a_repeat_is_told_to_wait(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, calls = asyncio.Event(), asyncio.Event(), list[str]()
    carry_out = staff.add_person

    async def slowly(*given: object, by: str) -> object:
        calls.append(by)
        begun.set()
        await go_on.wait()
        return await carry_out(*given, by=by)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(staff, "add_person", slowly)
    first = asyncio.create_task(add(service))
    await begun.wait()

    meanwhile = await add(service)
    go_on.set()

    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "in_progress")
    assert meanwhile.headers["retry-after"] == "5"
    assert ((await first).status_code, (await add(service)).status_code) == (201, 201)
    assert calls == ["ani"]


async def test_of_the_same_request_many_times_at_once_one_is_carried_out(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, carry_out = list[str](), staff.add_person

    async def counted(*given: object, by: str) -> object:
        calls.append(by)
        await asyncio.sleep(0.01)
        return await carry_out(*given, by=by)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(staff, "add_person", counted)

    answers = await asyncio.gather(*(add(service) for _ in range(8)))

    assert {one.status_code for one in answers} <= {201, 409}
    assert calls == ["ani"]


async def test_work_that_died_under_its_key_is_completed_by_a_repeat(service: Service) -> None:
    """As a killed process leaves it: the person is on record, the key is claimed, nobody works on it."""
    answer = await add(service)
    await left_behind(service)

    meanwhile = await add(service)
    service.pass_by(timedelta(seconds=service.premises.deadline + 1))
    again = await add(service)
    later = await add(service)

    assert meanwhile.status_code == 409
    assert (again.status_code, again.content) == (201, answer.content)
    assert (later.status_code, later.content) == (201, answer.content)


async def test_work_that_was_cut_off_before_it_began_is_done_by_a_repeat(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_off(*_: object, **__: object) -> object:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(staff, "add_person", cut_off)
        with pytest.raises(asyncio.CancelledError):
            await add(service)

    assert (await add(service)).status_code == 409
    service.pass_by(timedelta(seconds=service.premises.deadline + 1))
    assert (await add(service)).status_code == 201


async def left_behind(service: Service) -> None:
    """The claim as it is while the work is done, by a process that is no more."""
    async with service.town.database.write() as tx:
        await tx.execute(update(idempotency).values(made=None, claim="gone"))
