"""What phones are told to judge by, from config/field/rules.toml."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, PositiveInt, ValidationError

from onboarder.model.people import Actor
from onboarder.problems import ConfigProblem
from onboarder.settings import read_toml

NEEDS = (
    "training",
    "consent_data",
    "consent_marketplace",
    "goods",
    "category",
    "title",
    "photos",
    "variants",
    "price",
)
"""Codes of what can be missing before a shop is opened, in the order in which people see to them."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Weight(_Table):
    """A weight to choose from."""

    grams: PositiveInt
    id: str
    en: str


class Need(_Table):
    """What has to be there; `who` sees to it."""

    who: Actor
    minutes: PositiveInt
    id: str
    en: str


class UploadLimits(_Table):
    """What an account may send."""

    megabytes: PositiveInt
    piece_kilobytes: PositiveInt
    open: PositiveInt
    day_megabytes: PositiveInt
    left_days: PositiveInt
    done_days: PositiveInt

    @property
    def largest(self) -> int:
        """Bytes of one file."""
        return self.megabytes << 20

    @property
    def piece(self) -> int:
        """Bytes of one piece."""
        return self.piece_kilobytes << 10


class GoodsLimits(_Table):
    """Of one product, wherever it goes."""

    variants: PositiveInt
    photos: PositiveInt
    description_characters: PositiveInt


class FieldRules(_Table):
    """config/field/rules.toml."""

    weight: tuple[Weight, ...]
    need: Mapping[str, Need]
    uploads: UploadLimits
    goods: GoodsLimits


def read_field_rules(config_dir: Path) -> FieldRules:
    """The rules; `ConfigProblem` naming the field if they cannot be used."""
    path = config_dir / "field" / "rules.toml"
    try:
        rules = FieldRules.model_validate(read_toml(path))
    except ValidationError as error:
        raise unusable(path, error) from None
    if set(rules.need) != set(NEEDS):
        what = ", ".join(sorted(set(rules.need) ^ set(NEEDS)))
        raise ConfigProblem(
            f"{path}: needs are missing or unknown: {what}",
            hint="compare with the project's config/field/rules.toml",
            id_message=f"{path}: kebutuhan kurang atau tidak dikenal: {what}",
            id_hint="bandingkan dengan config/field/rules.toml milik proyek",
        )
    return rules


def unusable(path: Path, error: ValidationError) -> ConfigProblem:
    """What is wrong with the first wrong field of a file."""
    first = error.errors(include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return ConfigProblem(
        f"{path}: {place}: {first['msg']}",
        hint="mend the file and try again",
        id_message=f"{path} tidak bisa dipakai: {place}: {first['msg']}",
        id_hint="perbaiki berkas itu lalu coba lagi",
    )
