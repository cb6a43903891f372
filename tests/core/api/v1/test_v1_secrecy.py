"""What people tell us at the stall is in no log, audit trail, queue or refusal, whatever goes wrong."""

import json

import pytest
from sqlalchemy import select

from onboarder.people import sealed_box
from onboarder.records.field_tables import consent_given, identity
from onboarder.records.tables import audit
from tests.support.signed_in import ulid
from tests.support.stall import MERCHANTS, PNG, SITI, TODAY, Stall

NIK = "3274019901900099"
CANARIES = (
    "Kenari Rahasia",
    "Warung Kenari",
    "81299887766",
    "kenari@rahasia.id",
    "imei-kenari",
    NIK,
)


async def drive(stall: Stall) -> None:
    """Everything a canvasser does, well and badly."""
    canary = {
        "name": CANARIES[0],
        "shop_name": CANARIES[1],
        "phone": f"0{CANARIES[2]}",
        "email": CANARIES[3],
        "device": CANARIES[4],
    }
    phone = stall.service.canvasser
    await stall.register(**canary)
    await stall.register(**canary | {"id": ulid(8)})
    await stall.register(**canary | {"id": ulid(8), "phone": f"{CANARIES[2]} / {CANARIES[2]}"})
    path = f"{MERCHANTS}/{SITI}"
    match = {"If-Match": (await phone.get(path)).headers["etag"]}
    await phone.patch(path, json={"goods": "terasi"}, headers=match)
    await phone.patch(path, json={"name": CANARIES[0]}, headers=match)
    await phone.put(f"{path}/training", json={"on": TODAY})
    for plain, bound in (
        (NIK.encode(), SITI),
        (NIK.encode(), ulid(8)),
        (b"x" + NIK.encode(), SITI),
    ):
        body = {"kind": "nik", "box": stall.box(plain, bound=bound)}
        await phone.put(f"{path}/identity", json=body)
    await stall.add()
    await stall.consent("data", signature=stall.box(PNG))
    await stall.consent("marketplace")
    await stall.open()
    await stall.service.town.run_until_quiet()
    await stall.consent("marketplace", given=False)
    await phone.get("/api/v1/work")


async def test_nothing_personal_is_logged_or_kept_in_the_trail(
    stall: Stall, heard: list[dict[str, object]]
) -> None:
    await drive(stall)

    assert len(heard) > 15
    assert leaks(json.dumps(heard, default=str)) == []
    async with stall.service.town.database.read() as tx:
        trail = [tuple(row) for row in await tx.execute(select(audit))]
        kept = [tuple(row) for row in await tx.execute(select(identity))]
        kept += [tuple(row) for row in await tx.execute(select(consent_given))]
    assert leaks(repr(trail) + repr(stall.service.bell.rung)) == []
    assert kept != []
    assert leaks(repr(kept)) == []


async def test_an_error_of_our_own_says_nothing_personal_either(
    stall: Stall, heard: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    await stall.register()
    monkeypatch.setattr(sealed_box.BoxKeys, "open", broken)
    monkeypatch.setattr("onboarder.records.field.enter", broken)
    body = {"kind": "nik", "box": stall.box(NIK.encode())}

    answers = [
        await stall.service.canvasser.put(f"{MERCHANTS}/{SITI}/identity", json=body),
        await stall.register(id=ulid(9), name=CANARIES[0], phone=f"0{CANARIES[2]}"),
    ]

    assert [one.status_code for one in answers] == [500, 500]
    assert leaks("".join(one.text for one in answers) + json.dumps(heard, default=str)) == []


def leaks(text: str) -> list[str]:
    return [one for one in CANARIES if one in text]
