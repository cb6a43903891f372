"""What is unlucky rather than wrong: two at once, late repeats, odd letters. A clear answer, and nothing lost."""

import asyncio
import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import update

from onboarder.api.v1.paging import cursor
from onboarder.field.left_uploads import forget_left
from onboarder.records import repeats
from onboarder.records.account_tables import session
from tests.support.signed_in import Service, ulid, with_key
from tests.support.stall import Stall, a_photo

PEOPLE = "/api/v1/people"
GROWS = "\U0001d160"
"""One character that is three once it is normalised."""


async def test_two_who_change_one_person_at_once_do_not_undo_each_other(service: Service) -> None:
    outcomes = set[tuple[int, ...]]()
    for number in range(6):
        seen = await service.coordinator.get(f"{PEOPLE}/C01")
        changes = (
            {"name": f"A{number}", "markets": ["KNM"]},
            {"name": f"B{number}", "markets": ["KNM", "PGI"]},
        )
        answers = await asyncio.gather(
            *(
                service.coordinator.patch(
                    f"{PEOPLE}/C01",
                    json=one,
                    headers={"If-Match": seen.headers["etag"]},
                )
                for one in changes
            )
        )
        outcomes.add(tuple(sorted(one.status_code for one in answers)))

    assert outcomes == {(200, 412)}


async def test_nobody_is_called_as_the_registers_are(service: Service) -> None:
    body = {"id": "Import", "name": "X", "role": "canvasser", "markets": ["KNM"]}

    answer = await service.coordinator.post(PEOPLE, json=body, headers=with_key(1))

    assert (answer.status_code, answer.json()["code"]) == (422, "person_unfit")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("goods", GROWS * 200),
        ("stall", GROWS * 45),
        ("email", "x" * 190 + "\ufb03" * 5 + "@a.id"),
    ],
)
async def test_text_that_grows_when_it_is_read_is_too_long(
    stall: Stall, field: str, text: str
) -> None:
    blank = {"block": ""} if field == "stall" else {}

    answer = await stall.register(**{**blank, field: text})

    assert answer.status_code == 422
    assert "field_too_long" in answer.text


async def test_a_half_sent_photo_that_was_forgotten_is_begun_anew(
    service: Service, stall: Stall
) -> None:
    photo, kit = a_photo(), service.premises.kit
    digest = hashlib.sha256(photo).hexdigest()
    told = {"id": ulid(50), "size": len(photo), "sha256": digest, "kind": "photo"}
    await service.canvasser.post("/api/v1/uploads", json=told, headers=with_key(50))
    await stall.send(photo[:10_000], 0)
    service.pass_by(timedelta(days=8))
    await forget_left(kit.database, kit.uploads, kit.rules.uploads, kit.clock())
    async with kit.database.write() as tx:
        await tx.execute(update(session).values(pin_due_at=None))

    again = await service.canvasser.post("/api/v1/uploads", json=told, headers=with_key(50))

    assert (again.status_code, again.json()["offset"]) == (201, 0)


@pytest.mark.parametrize("where", ["plans", "nights"])
@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_cursor_beyond_the_calendar_is_none(service: Service, where: str, at: str) -> None:
    answer = await service.coordinator.get(f"/api/v1/{where}", params={"cursor": cursor(at)})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


async def test_a_register_may_be_called_anything(service: Service) -> None:
    file = {"name": "\U0001f600" * 100 + ".csv", "content": "Tm8gUmVnO05hbWE="}
    body = {"id": ulid(1), "files": [file]}

    answer = await service.coordinator.post("/api/v1/imports", json=body, headers=with_key(1))

    assert (answer.status_code, answer.json()["id"]) == (201, ulid(1))


async def test_an_endless_length_is_too_large(service: Service) -> None:
    answer = await service.coordinator.post(
        PEOPLE, content=b"{}", headers={"content-length": "9" * 5000}
    )

    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_create_that_a_clock_far_ahead_left_behind_can_be_done(service: Service) -> None:
    now = service.town.clock()
    create = repeats.Create("C01", ulid(1), "digest")
    async with service.town.database.write() as tx:
        ahead = now + timedelta(days=1)
        await repeats.claim(tx, create, "dead", now=ahead, stale=ahead)

    async with service.town.database.write() as tx:
        mine = await repeats.claim(tx, create, "alive", now=now, stale=now - timedelta(minutes=1))

    assert mine.name == "alive"
