"""What the use cases of field work share in one process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from onboarder.connector.manifest import Manifest
from onboarder.converge.doorbell import Doorbell
from onboarder.converge.surroundings import Surroundings
from onboarder.field.consent_texts import ConsentTexts, read_consent_texts
from onboarder.field.refused import Missing
from onboarder.field.rules import FieldRules, read_field_rules
from onboarder.intake.photos import Keeper
from onboarder.intake.rules import IntakeRules
from onboarder.model.ids import CanvasserId, MarketCode, MarketplaceName, normal
from onboarder.people.roles import Person, Role
from onboarder.people.sealed_box import Box
from onboarder.records import field
from onboarder.records.database import Database, Transaction
from onboarder.records.field import Entry


class BoxOpener(Protocol):
    """Opens what phones sealed."""

    def open(self, box: Box, *, bound: str) -> bytes:
        """`KeyUnknown`, `BoxSpoilt`."""
        ...


@dataclass(frozen=True, slots=True)
class Kit:
    """Parts, limits and texts."""

    around: Surroundings
    doorbell: Doorbell
    public_url: str
    intake: IntakeRules
    rules: FieldRules
    texts: ConsentTexts
    photos: Keeper
    uploads: Path
    """Folder of the files that are still being sent."""
    boxes: BoxOpener

    @property
    def database(self) -> Database:
        return self.around.database

    @property
    def clock(self) -> Callable[[], datetime]:
        return self.around.clock

    def manifest(self, name: MarketplaceName) -> Manifest | None:
        """What a configured marketplace says of itself."""
        found = self.around.marketplaces.get(name)
        return found.connector.manifest if found else None

    @property
    def titles(self) -> dict[MarketplaceName, str]:
        """The configured marketplaces as people call them."""
        return {
            name: one.connector.manifest.title for name, one in self.around.marketplaces.items()
        }


def make_kit(
    around: Surroundings,
    doorbell: Doorbell,
    *,
    public_url: str,
    config_dir: Path,
    data_dir: Path,
    intake: IntakeRules,
    photos: Keeper,
    boxes: BoxOpener,
) -> Kit:
    """`ConfigProblem` if config/field cannot be used."""
    return Kit(
        around=around,
        doorbell=doorbell,
        public_url=public_url,
        intake=intake,
        rules=read_field_rules(config_dir),
        texts=read_consent_texts(config_dir, around.programme),
        photos=photos,
        uploads=data_dir / "uploads",
        boxes=boxes,
    )


async def theirs(tx: Transaction, who: Person, key: str, *, to_edit: bool = False) -> Entry:
    """The merchant by our id or the phone's; `Missing` if there is none that this person may see."""
    found = await field.entry(tx, key, to_edit=to_edit)
    if found is None or not who.sees(found.merchant.programme, found.merchant.market):
        raise Missing
    return found


def own_markets(who: Person) -> frozenset[MarketCode] | None:
    """The markets whose merchants the person sees; None for all of the programme."""
    return who.markets if who.role is Role.CANVASSER else None


def canvasser_id(who: Person) -> CanvasserId:
    """As registers write it."""
    return CanvasserId(normal(who.id).replace(" ", "-"))
