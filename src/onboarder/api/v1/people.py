"""`/people` and `/devices`: the people that somebody looks after, and the phones they are signed in with."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from onboarder.access import staff
from onboarder.access.staff import Changes, NewPerson
from onboarder.api.premises import Premises
from onboarder.api.v1.bodies import Page, Sent, Shown, Words
from onboarder.api.v1.door import allowed
from onboarder.api.v1.etag import Versioned
from onboarder.api.v1.once import Repeatable
from onboarder.api.v1.paging import Paged
from onboarder.api.v1.refusal import Refusal
from onboarder.model.ids import MarketCode
from onboarder.people.roles import Person, Role
from onboarder.qr_code import for_page
from onboarder.records.accounts import AccountRecord
from onboarder.records.sessions import SessionRecord

"""What follows a # stays in the phone: no server and no log sees it."""

Markets = Annotated[tuple[Annotated[str, Field(max_length=16)], ...], Field(max_length=50)]
Name = Annotated[Words, Field(min_length=1, max_length=staff.LONGEST_NAME)]
Keeper = Annotated[Person, Depends(allowed(Role.COORDINATOR, Role.OPERATOR))]
Anyone = Annotated[Person, Depends(allowed(*Role))]


class PersonSent(Sent):
    """A canvasser (with markets) or a viewer; an operator makes coordinators too."""

    id: Annotated[str, Field(pattern=f"^{staff.ID}$", examples=["C07"])]
    name: Name
    role: Role
    markets: Markets = ()


class PersonChanged(Sent):
    """What is left out stays as it is. Whoever is disabled is signed out everywhere."""

    name: Name | None = None
    markets: Markets | None = None
    disabled: bool | None = None


class PersonShown(Shown):
    id: str
    name: str
    role: Role
    markets: list[str]
    disabled: bool
    created_at: datetime


class DeviceShown(Shown):
    """`title`: what the phone calls itself."""

    id: str
    title: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class InvitationShown(Shown):
    """`qr`: an SVG element. It is shown once; nobody can ask for it again."""

    link: str
    qr: str
    expires_at: datetime


def router(premises: Premises) -> APIRouter:
    """`/people`, `/devices`."""
    made = APIRouter(tags=["people"])
    _people(made, premises)
    _devices(made, premises)
    return made


def _people(made: APIRouter, premises: Premises) -> None:
    entrance = premises.entrance

    @made.get("/people")
    async def everybody(who: Keeper, paging: Paged) -> Page[PersonShown]:
        rows = await staff.everybody(entrance, who, after=paging.after, most=paging.most)
        return paging.page(rows, lambda row: row.id, _shown)

    @made.post("/people", status_code=201)
    async def add(who: Keeper, sent: PersonSent, once: Repeatable) -> PersonShown:
        if sent.role not in staff.LOOKS_AFTER[who.role]:
            raise Refusal("not_allowed")
        fresh = NewPerson(sent.id, sent.role, sent.name, _markets(sent.markets))

        async def work() -> str:
            return (await staff.add_person(entrance, fresh, by=who.id)).id

        return _shown(await staff.person(entrance, who, await once.do(work)))

    @made.get("/people/{person}")
    async def one(person: str, who: Keeper, versions: Versioned) -> PersonShown:
        shown = _shown(await staff.person(entrance, who, person))
        versions.mark(shown)
        return shown

    @made.patch("/people/{person}")
    async def change(
        person: str, who: Keeper, sent: PersonChanged, versions: Versioned
    ) -> PersonShown:
        markets = None if sent.markets is None else _markets(sent.markets)
        changes = Changes(sent.name, markets, sent.disabled)
        async with entrance.database.write() as tx:
            there = await staff.looked_after(tx, who, person, to_change=True)
            versions.must_match(_shown(there))
            after = await staff.change_person(tx, entrance, there, changes, by=who.id)
        shown = _shown(after)
        versions.mark(shown)
        return shown


def _devices(made: APIRouter, premises: Premises) -> None:
    entrance = premises.entrance

    @made.post("/people/{person}/enrolments", status_code=201)
    async def invite(person: str, who: Keeper) -> InvitationShown:
        """A QR code that lets one phone in; the one before it is void, so this may be repeated."""
        invitation = await staff.invite(entrance, who, person)
        link = invitation.link(premises.public_url).get_secret_value()
        return InvitationShown(link=link, qr=for_page(link), expires_at=invitation.expires_at)

    @made.get("/people/{person}/devices")
    async def devices(person: str, who: Anyone) -> Page[DeviceShown]:
        """Those of somebody you look after, or your own."""
        found = await staff.devices(entrance, who, person)
        return Page(items=[_device(one) for one in found], next=None)

    @made.delete("/devices/{device}", status_code=204)
    async def lose(device: str, who: Anyone) -> None:
        """The phone is lost: it is signed out with its next request. Safe to repeat."""
        await staff.lose(entrance, who, device)


def _markets(codes: tuple[str, ...]) -> frozenset[MarketCode]:
    return frozenset(MarketCode(one) for one in codes)


def _shown(account: AccountRecord) -> PersonShown:
    return PersonShown(
        id=account.id,
        name=account.name,
        role=account.role,
        markets=sorted(account.markets),
        disabled=account.disabled_at is not None,
        created_at=account.created_at,
    )


def _device(session: SessionRecord) -> DeviceShown:
    return DeviceShown(
        id=session.device,
        title=session.title,
        created_at=session.created_at,
        seen_at=session.seen_at,
        expires_at=min(session.expires_at, session.idle_until),
    )
