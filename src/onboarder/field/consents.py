"""What merchants agree to at their stalls, and take back. Taking back stops the work for the stores it is about."""

from dataclasses import dataclass, field
from datetime import datetime

from onboarder.field.kit import Kit, theirs
from onboarder.field.merchants import ring
from onboarder.field.refused import Fault, Missing, NotDone, wrong
from onboarder.field.sealed import picture
from onboarder.model.consents import GivenConsent, Purpose
from onboarder.model.ids import MarketplaceName, MerchantId, StoreId, marketplace_of
from onboarder.model.work import Lane
from onboarder.people.places import Place
from onboarder.people.roles import Person
from onboarder.people.sealed_box import Box
from onboarder.records import consent, consents, stores, tasks, writes
from onboarder.records.database import Transaction
from onboarder.rules.agreements import WITHDRAWN, withdrawn


@dataclass(frozen=True, slots=True)
class Answered:
    """A merchant's answer as the phone took it down."""

    id: str
    purpose: Purpose
    marketplace: MarketplaceName | None
    text_version: str
    given: bool
    read_aloud: bool
    signature: Box | None = field(repr=False)
    at: datetime


async def record(kit: Kit, who: Person, key: str, answered: Answered) -> GivenConsent:
    """Put an answer on record, for ever. Safe to repeat. A refusal stops the stores it is about, at once and durably."""
    async with kit.database.read() as tx:
        owner = (await theirs(tx, who, key)).merchant.id
    given = await _signed(kit, who, key, owner, answered)
    async with kit.database.write() as tx:
        await theirs(tx, who, key, to_edit=True)
        known = await consents.find(tx, answered.id)
        if known is not None and known.merchant_id != owner:
            raise NotDone("id_taken", Fault("id", "id_taken"))
        if known is not None:
            return known
        await consents.append(tx, given)
        await _note(tx, given)
        woken = await _follow(tx, owner, now=given.recorded_at)
    await ring(kit, woken)
    return given


async def recorded(kit: Kit, who: Person, key: str, wanted: str) -> GivenConsent:
    """An answer of this merchant's that is on record."""
    async with kit.database.read() as tx:
        owner = (await theirs(tx, who, key)).merchant.id
        found = await consents.find(tx, wanted)
    if found is None or found.merchant_id != owner:
        raise Missing
    return found


async def _signed(
    kit: Kit, who: Person, key: str, owner: MerchantId, answered: Answered
) -> GivenConsent:
    """The answer with the digest of the words that were read out, and the signature in the vault."""
    where = answered.marketplace
    title = kit.titles.get(where) if where is not None else ""
    if title is None:
        raise wrong(Fault("marketplace", "marketplace_unknown"))
    text = kit.texts.find(answered.purpose, answered.text_version, where, title)
    if text is None:
        raise wrong(Fault("text_version", "text_unknown"))
    sealed = None
    if answered.signature is not None:
        drawn = picture(kit.boxes, answered.signature, bound=key)
        place = Place(owner, "consent_given", "signature", answered.id)
        sealed = await kit.around.vault.seal(place, drawn)
    return GivenConsent(
        id=answered.id,
        merchant_id=owner,
        purpose=answered.purpose,
        marketplace=where,
        text_version=answered.text_version,
        text_digest=text.digest,
        given=answered.given,
        read_aloud=answered.read_aloud,
        at=answered.at,
        recorded_at=kit.clock(),
        by=who.id,
        signature=sealed,
    )


async def _note(tx: Transaction, kept: GivenConsent) -> None:
    detail: dict[str, object] = {"consent": kept.id, "purpose": kept.purpose}
    if kept.marketplace is not None:
        detail["marketplace"] = kept.marketplace
    await writes.note(
        tx,
        at=kept.recorded_at,
        actor=kept.by,
        action="consent.given" if kept.given else "consent.refused",
        subject=kept.merchant_id,
        detail=detail,
    )


async def _follow(tx: Transaction, owner: MerchantId, *, now: datetime) -> list[StoreId]:
    """Bring the merchant's stores in line with all that was said; returns those for which that changed something."""
    said = await consents.of(tx, owner)
    every = await stores.of_merchants(tx, [owner])
    over = [one for one in every if withdrawn(said, marketplace_of(one))]
    stopped = await consents.stop(tx, over, now=now)
    for one in stopped:
        await consent.end_links(tx, one, now=now)
        await tasks.ask(tx, where=one, owner=owner, subject=one, advice=WITHDRAWN, now=now)
    freed = await consents.let_go_on(tx, [one for one in every if one not in over])
    for one in freed:
        await tasks.settle(tx, one, now=now, family=WITHDRAWN.code)
    await stores.wake(tx, [*stopped, *freed], lane=Lane.STALL, now=now)
    return [*stopped, *freed]
