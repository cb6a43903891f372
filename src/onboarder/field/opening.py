"""“Buka toko”: the order for a merchant's stores, checked here so that a refusal says what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from onboarder.converge.orders import open_stores
from onboarder.field.kit import Kit, theirs
from onboarder.field.readiness import Lack, all_known, verdict
from onboarder.field.rules import Need
from onboarder.model.ids import MarketplaceName, StoreId, store_id
from onboarder.model.people import Actor
from onboarder.people.roles import Person


@dataclass(frozen=True, slots=True)
class Turned:
    """A marketplace on which no store was ordered: the first thing that is missing."""

    marketplace: MarketplaceName
    lack: Lack


@dataclass(frozen=True, slots=True)
class Ordered:
    """What was accepted is durable."""

    accepted: tuple[StoreId, ...]
    refused: tuple[Turned, ...]


async def open_shop(
    kit: Kit, who: Person, key: str, names: Sequence[MarketplaceName], *, practice: bool
) -> Ordered:
    """Order the merchant's stores where nothing is missing. Safe to repeat. `practice`: on practice marketplaces alone."""
    async with kit.database.read(brief=True) as tx:
        known = await all_known(tx, await theirs(tx, who, key))
    wanted, refused = list[MarketplaceName](), list[Turned]()
    for name in dict.fromkeys(names):
        marketplace = kit.around.marketplaces.get(name)
        if marketplace is None:
            refused.append(Turned(name, UNKNOWN))
        elif practice and not marketplace.connector.manifest.practice:
            refused.append(Turned(name, ONLY_PRACTICE))
        elif known.entry.practice and not marketplace.connector.manifest.practice:
            refused.append(Turned(name, INVENTED))
        else:
            found = verdict(kit, known, marketplace)
            lack = next((one for one in found.lacks if one.subject is None), None)
            refused += [Turned(name, lack)] if lack else []
            wanted += [] if lack else [name]
    receipt = await open_stores(
        kit.database, kit.doorbell, [known.entry.merchant], wanted, by=who.id, clock=kit.clock
    )
    owner = known.entry.merchant.id
    meanwhile = [one for one in wanted if store_id(owner, one) not in receipt.accepted]
    taken_back = Lack("consent_marketplace", kit.rules.need["consent_marketplace"])
    refused += [Turned(one, taken_back) for one in meanwhile]
    return Ordered(receipt.accepted, tuple(refused))


UNKNOWN = Lack(
    "marketplace_unknown",
    Need(
        who=Actor.OPERATOR,
        minutes=1,
        id="Marketplace ini belum diatur. Pilih yang lain; operator bisa menambahkannya.",
        en="This marketplace is not set up. Choose another; an operator can add it.",
    ),
)
INVENTED = Lack(
    "practice_merchant",
    Need(
        who=Actor.CANVASSER,
        minutes=1,
        id="Pedagang ini dicatat untuk latihan. Catat pedagang yang sebenarnya di luar mode latihan.",
        en="This merchant was registered for practice. Register the real one outside practice mode.",
    ),
)
ONLY_PRACTICE = Lack(
    "practice_only",
    Need(
        who=Actor.CANVASSER,
        minutes=1,
        id="Anda sedang dalam mode latihan. Pilih pasar latihan, atau matikan mode latihan.",
        en="You are in practice mode. Choose the practice marketplace, or leave practice mode.",
    ),
)
