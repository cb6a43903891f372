"""What stands on record for the matrix: for each name in a path an object of one's own, a foreign one, a missing one.

Whatever is called NEAR is foreign to a canvasser, as it belongs to another market or to a colleague; whatever is called FAR
belongs to another programme. Names and phones are in no answer to whom they are foreign.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select

from onboarder.connector.advice import UNAVAILABLE
from onboarder.model.ids import (
    MarketCode,
    MerchantId,
    ProgrammeCode,
    RunId,
    StoreId,
    merchant_id,
    store_id,
)
from onboarder.model.plans import PlanState
from onboarder.model.work import Lane, RunState
from onboarder.people.roles import Role
from onboarder.records import (
    accounts,
    plans,
    register,
    register_imports,
    runs,
    sessions,
    stores,
    tables,
    tasks,
    uploads,
)
from onboarder.records.accounts import AccountRecord
from onboarder.records.plans import PlanRecord
from onboarder.records.register_imports import ImportRecord, ImportState
from onboarder.records.sessions import SessionRecord
from onboarder.records.uploads import Upload, UploadState
from tests.support.signed_in import FOREIGN, OWN, Service, ulid
from tests.support.town import PROGRAMME, REHEARSAL, a_merchant, a_product

NEAR = ("Siti Sebelah", "81234500")
FAR = ("Siti Jauh", "81999800")
"""A name, and part of a phone number."""
ELSEWHERE = ProgrammeCode("lain")


@dataclass(frozen=True, slots=True)
class Names:
    """Values of one path parameter. `foreign` exists, but is nothing of theirs, for each role that could ask at all."""

    own: str
    foreign: Mapping[Role, str]
    missing: str


Plant = Callable[[Service], Awaitable[Names]]


def hidden_from(role: Role) -> tuple[str, ...]:
    """What no answer to that role may hold."""
    return (*NEAR, *FAR) if role in {Role.CANVASSER, Role.VIEWER} else FAR


def _names(own: str, near: str, far: str, missing: str) -> Names:
    foreign = {role: near if hidden_from(role) != FAR else far for role in Role}
    return Names(own, foreign, missing)


def _every(names: Names) -> tuple[MerchantId, MerchantId, MerchantId]:
    near, far = names.foreign[Role.CANVASSER], names.foreign[Role.COORDINATOR]
    return MerchantId(names.own), MerchantId(near), MerchantId(far)


async def _person(service: Service) -> Names:
    """A colleague who works beside one, and somebody of another programme."""
    await _employ(service, "C09", NEAR[0], PROGRAMME.code)
    await _employ(service, "L01", FAR[0], ELSEWHERE)
    return _names("C02", "C09", "L01", "C99")


async def _device(service: Service) -> Names:
    await _person(service)
    return _names("hp-c02", "hp-c09", "hp-l01", "hp-c99")


async def _merchant(service: Service) -> Names:
    own, near, far = [await _settle(service, *one) for one in _PLACES]
    return _names(own, near, far, "knm-00000000")


async def _good(service: Service) -> Names:
    owners = await _merchant(service)
    own, near, far = (a_product(replace(a_merchant(0), id=one), 0).id for one in _every(owners))
    return _names(own, near, far, "knm-00000000-00000000")


async def _store(service: Service) -> Names:
    owners = await _merchant(service)
    pairs, now = [(one, REHEARSAL) for one in _every(owners)], service.town.clock()
    async with service.town.database.write() as tx:
        await stores.trigger(tx, pairs, lane=Lane.STALL, by="C01", now=now)
    own, near, far = (store_id(*one) for one in pairs)
    return _names(own, near, far, f"{owners.missing}@{REHEARSAL}")


async def _task(service: Service) -> Names:
    where = await _store(service)
    own, near, far = [await _ask(service, StoreId(one)) for one in _every(where)]
    return _names(own, near, far, "999999")


async def _upload(service: Service) -> Names:
    """The coordinator's own, a colleague's, and one from elsewhere."""
    await _person(service)
    for number, owner in enumerate(("ani", "C09", "L01")):
        now = service.town.clock()
        fresh = Upload(
            id=ulid(900 + number),
            account=owner,
            kind="photo",
            size=1000,
            sha256="0" * 64,
            received=0,
            state=UploadState.OPEN,
            photo=None,
            created_at=now,
            touched_at=now,
        )
        async with service.town.database.write() as tx:
            await uploads.begin(tx, fresh)
    return _names(ulid(900), ulid(901), ulid(902), ulid(999))


async def _cause(service: Service) -> Names:
    """What holds up a shop of ours, and what only holds up a shop of another programme."""
    stores_of = await _store(service)
    await _ask(service, StoreId(stores_of.own))
    far = StoreId(stores_of.foreign[Role.COORDINATOR])
    await _ask(service, far, code="elsewhere.only")
    away = "task:elsewhere.only"
    return _names(f"task:{UNAVAILABLE.code}", away, away, "task:nothing.at_all")


async def _plan(service: Service) -> Names:
    own, far = ulid(901), ulid(902)
    async with service.town.database.write() as tx:
        for number, programme in ((own, PROGRAMME.code), (far, ELSEWHERE)):
            await plans.add(tx, _drafted(number, programme, service), ())
    return _names(own, far, far, ulid(999))


async def _run(service: Service) -> Names:
    """A night looks at every programme and belongs to none: what it tells is counted for the one that asks."""
    run, now = RunId("20261123T010000000000"), service.town.clock()
    async with service.town.database.write() as tx:
        if await runs.run_by_id(tx, run) is None:
            await runs.begin(tx, run, by="test", scope={}, now=now)
            await runs.end(tx, run, RunState.DONE, {}, now)
    return _names(run, "20260101T01", "20260101T01", "20260101T02")


async def _register(service: Service) -> Names:
    own, far, now = ulid(911), ulid(912), service.town.clock()
    async with service.town.database.write() as tx:
        for number, programme in ((own, PROGRAMME.code), (far, ELSEWHERE)):
            fresh = ImportRecord(number, programme, ImportState.OPEN, (), {}, "test", now)
            await register_imports.add(tx, fresh)
    return _names(own, far, far, ulid(999))


def _drafted(number: str, programme: ProgrammeCode, service: Service) -> PlanRecord:
    return PlanRecord(
        id=number,
        programme=programme,
        market=OWN,
        merchants=(),
        marketplaces=(REHEARSAL,),
        digest="0" * 64,
        state=PlanState.DRAFTED,
        shares=(),
        differences=(),
        made_by="test",
        made_at=service.town.clock(),
    )


PLANTS: Mapping[str, Plant] = {
    "person": _person,
    "device": _device,
    "merchant": _merchant,
    "good": _good,
    "store": _store,
    "task": _task,
    "upload": _upload,
    "cause": _cause,
    "plan": _plan,
    "run": _run,
    "register": _register,
}
"""Each name that stands in braces in a path of the API."""

_PLACES = (
    ("Ibu Ani", "81555500", PROGRAMME.code, OWN),
    (*NEAR, PROGRAMME.code, FOREIGN),
    (*FAR, ELSEWHERE, OWN),
)


async def _settle(
    service: Service, name: str, phone: str, programme: ProgrammeCode, market: MarketCode
) -> str:
    """A trained merchant with one product."""
    owner = replace(
        a_merchant(0),
        id=merchant_id(programme, market, name),
        programme=programme,
        market=market,
        register_key=name,
        name=name,
        shop_name=f"Toko {name}",
        phone=f"+62{phone}123",
    )
    async with service.town.database.write() as tx:
        if await register.merchant_by_id(tx, owner.id) is None:
            await register.save_merchants(tx, [owner], (), service.town.clock())
            await register.save_products(tx, [a_product(owner, 0)], (), service.town.clock())
    return owner.id


async def _ask(service: Service, where: StoreId, *, code: str = UNAVAILABLE.code) -> str:
    owner = MerchantId(where.partition("@")[0])
    advice = replace(UNAVAILABLE, code=code, id=f"Tanya {owner}", en=f"Ask {owner}")
    async with service.town.database.write() as tx:
        await tasks.ask(
            tx, where=where, owner=owner, subject=where, advice=advice, now=service.town.clock()
        )
        found = await tx.scalar(select(tables.task.c.id).where(tables.task.c.store_id == where))
    return str(found)


async def _employ(service: Service, who: str, name: str, programme: ProgrammeCode) -> None:
    now = service.town.clock()
    async with service.town.database.write() as tx:
        if await accounts.find(tx, who) is not None:
            return
        await accounts.add(
            tx,
            AccountRecord(
                who, programme, Role.CANVASSER, name, now, "test", markets=frozenset({OWN})
            ),
        )
        later = now + timedelta(days=9)
        device = f"hp-{who.lower()}"
        await sessions.add(tx, SessionRecord(who * 8, device, who, name, now, now, later, later))
