"""Merchants registered, edited and marked as trained at their stalls."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from onboarder.field.kit import Kit, canvasser_id, own_markets, theirs
from onboarder.field.refused import Fault, Missing, NotDone, wrong
from onboarder.intake.asked import Asked
from onboarder.intake.cells import line
from onboarder.intake.likeness import People
from onboarder.intake.names import read_email, read_person
from onboarder.intake.phones import read_phone
from onboarder.model.ids import MarketCode, StoreId, merchant_id, normal
from onboarder.model.people import Merchant
from onboarder.model.work import Lane
from onboarder.people.roles import Person
from onboarder.records import field as records
from onboarder.records import stores, writes
from onboarder.records.database import Transaction
from onboarder.records.field import Entry, Wish

LONGEST = {"stall": 100, "goods": 200, "email": 200}
"""Characters of each once it is normalised, which may make it longer than it was written."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a person writes down of a merchant."""

    market: MarketCode
    name: str = field(repr=False)
    shop_name: str | None = field(repr=False)
    place: str
    """Block and stall."""
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    goods: str
    device: str | None = field(repr=False)
    """A mark of the merchant's own phone; only its digest is kept."""


async def register(
    kit: Kit,
    who: Person,
    ulid: str,
    written: Written,
    *,
    same_person_ok: bool,
    practice: bool = False,
) -> Entry:
    """A new merchant under the id that the phone made. Safe to repeat: what is on record under that id stays as it is.

    `likely_same` if the same person seems to be there already, unless a person says that it is another one. `practice`:
    somebody invented for practice, who is compared with nobody.
    """
    async with kit.database.write() as tx:
        known = await records.entry(tx, ulid)
        if known is not None:
            return await theirs(tx, who, ulid)
        fresh = replace(_entry(kit, who, ulid, written), practice=practice)
        if not who.sees(fresh.merchant.programme, fresh.merchant.market):
            raise Missing
        if not (same_person_ok or practice):
            await _look_for(tx, who, fresh.merchant)
        await records.enter(tx, fresh)
        await writes.note(
            tx,
            at=kit.clock(),
            actor=who.id,
            action="merchant.registered",
            subject=fresh.merchant.id,
        )
        return await theirs(tx, who, ulid)


async def edit(kit: Kit, who: Person, key: str, change: Callable[[Entry], Written]) -> Entry:
    """Change what is written of the merchant and wake the merchant's stores. Safe to repeat.

    `change` sees the merchant as they are while nobody else can change them, and may refuse by raising.
    """
    async with kit.database.write() as tx:
        now = kit.clock()
        before = await theirs(tx, who, key, to_edit=True)
        told = change(before)
        said = _merchant(kit, before.merchant, told)
        if not who.sees(said.programme, said.market):
            raise wrong(Fault("market", "market_unknown"))
        device = before.device if told.device is None else _digest(told.device)
        after = replace(before, merchant=said, changed_at=now, device=device)
        if replace(after, changed_at=before.changed_at) == before:
            return before
        woken = await save(tx, who, after, action="merchant.edited")
    await ring(kit, woken)
    return after


async def mark_trained(kit: Kit, who: Person, key: str, on: date) -> Entry:
    """Record the day of the training, and by whom unless somebody recorded the same day before. Safe to repeat."""
    if not _believable(kit, on):
        raise wrong(Fault("on", "date_bounds"))
    async with kit.database.write() as tx:
        before = await theirs(tx, who, key, to_edit=True)
        if before.merchant.trained_on == on and before.merchant.trained_by is not None:
            return before
        said = replace(before.merchant, trained_on=on, trained_by=canvasser_id(who))
        after = replace(before, merchant=said, changed_at=kit.clock())
        woken = await save(tx, who, after, action="merchant.trained")
    await ring(kit, woken)
    return after


async def listed(
    kit: Kit, who: Person, *, market: str, text: str, after: str, most: int
) -> list[Entry]:
    """The merchants that the person sees, of one market if one is named."""
    markets = own_markets(who)
    if market:
        if not who.sees(who.programme, MarketCode(market)):
            raise Missing
        markets = frozenset({MarketCode(market)})
    async with kit.database.read() as tx:
        wish = Wish(who.programme, markets, text)
        return await records.entries(tx, wish, after=after, most=most)


async def save(tx: Transaction, who: Person, after: Entry, *, action: str) -> list[StoreId]:
    """Write the merchant, note it, and mark the merchant's stores due; returns them."""
    await records.rewrite(tx, after)
    owner, now = after.merchant.id, after.changed_at
    await writes.note(tx, at=now, actor=who.id, action=action, subject=owner)
    return await stores.wake_merchants(tx, [owner], now=now, lane=Lane.STALL)


async def ring(kit: Kit, woken: list[StoreId]) -> None:
    """Tell the workers."""
    await kit.doorbell.ring([(one, Lane.STALL) for one in woken])


async def _look_for(tx: Transaction, who: Person, fresh: Merchant) -> None:
    alike = People(await records.namesakes(tx, fresh)).like(fresh)
    if alike:
        seen = [one for one in alike if who.sees(one.programme, one.market)]
        told: list[dict[str, object]] = [{"id": one.id, "stall": one.stall} for one in seen]
        raise NotDone("likely_same", told={"merchants": told})


def _entry(kit: Kit, who: Person, ulid: str, written: Written) -> Entry:
    programme, now = who.programme, kit.clock()
    blank = Merchant(
        id=merchant_id(programme, written.market, ulid),
        programme=programme,
        market=written.market,
        register_key=ulid,
        name="",
        shop_name="",
        stall="",
        phone=None,
    )
    device = _digest(written.device) if written.device else None
    return Entry(_merchant(kit, blank, written), who.id, now, now, device)


def _merchant(kit: Kit, before: Merchant, written: Written) -> Merchant:
    """The merchant as written, every field read as imports read it; `invalid` naming all that do not fit."""
    faults: list[Fault] = []

    def read(name: str, text: str | None, how: Callable[[str], str]) -> str | None:
        try:
            return how(text) if text else None
        except Asked as question:
            faults.append(Fault(name, question.code))
            return None

    markets = {one.code for one in kit.around.programme.markets}
    if written.market not in markets:
        faults.append(Fault("market", "market_unknown"))
    name = read("name", written.name, read_person)
    shop_name = read("shop_name", written.shop_name, read_person)
    phone = read("phone", written.phone, read_phone)
    email = read("email", written.email, read_email)
    if not written.name:
        faults.append(Fault("name", "name_missing"))
    texts = {"stall": line(written.place), "goods": line(written.goods), "email": email or ""}
    faults += [Fault(one, "field_too_long") for one in texts if len(texts[one]) > LONGEST[one]]
    if faults:
        raise wrong(*faults)
    return replace(
        before,
        market=written.market,
        name=name or "",
        shop_name=shop_name or "",
        stall=texts["stall"],
        phone=phone,
        email=email,
        goods=texts["goods"],
    )


def _believable(kit: Kit, on: date) -> bool:
    """Not long before the programme, and not after today where the programme is."""
    programme = kit.around.programme
    today = kit.clock().astimezone(ZoneInfo(programme.timezone)).date()
    earliest = programme.starts_on - timedelta(days=kit.intake.limits.values.training_days_before)
    return earliest <= on <= today


def _digest(mark: str) -> str:
    return hashlib.sha256(normal(mark).encode()).hexdigest()
