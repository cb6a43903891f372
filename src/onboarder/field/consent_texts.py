"""The texts merchants agree to, by purpose and version, from config/field/consent_texts.toml."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onboarder.field.rules import unusable
from onboarder.model.consents import Purpose
from onboarder.model.ids import MarketplaceName
from onboarder.model.people import Programme
from onboarder.problems import ConfigProblem
from onboarder.settings import read_toml

Lang = Literal["id", "en"]


class Wording(BaseModel):
    """In one language. The summary is read out."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    title: str = Field(min_length=1)
    summary: str = Field(min_length=1)
    text: str = Field(min_length=1)


class _Version(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: Purpose
    version: str = Field(min_length=1, max_length=16)
    required: bool
    id: Wording
    en: Wording


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    text: tuple[_Version, ...]


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One text as the merchant is shown it, all names filled in."""

    purpose: Purpose
    marketplace: MarketplaceName | None
    version: str
    required: bool
    id: Wording
    en: Wording

    @property
    def digest(self) -> str:
        """Of every word in both languages: proof of what was agreed to."""
        said = (self.purpose, self.marketplace or "", self.version)
        words = [getattr(one, name) for one in (self.id, self.en) for name in Wording.model_fields]
        return hashlib.sha256("\x1f".join([*said, *words]).encode()).hexdigest()


class ConsentTexts:
    """All versions; the last one of each purpose is the one to be read out."""

    def __init__(self, versions: Sequence[_Version], programme: Programme) -> None:
        self._versions = {(one.purpose, one.version): one for one in versions}
        self._current = {one.purpose: one for one in versions}
        self._facts = {
            "programme": programme.name,
            "city": programme.city,
            "until": f"{programme.ends_on:%d-%m-%Y}",
        }

    def current(self, marketplaces: Sequence[tuple[MarketplaceName, str]]) -> list[ConsentText]:
        """What is to be asked: once for each purpose, and for each marketplace (name and title)."""
        shown: list[ConsentText] = []
        for one in self._current.values():
            by_marketplace = one.purpose is Purpose.MARKETPLACE
            about = marketplaces if by_marketplace else [(None, "")]
            shown += [self._filled(one, name, title) for name, title in about]
        return shown

    def find(
        self, purpose: Purpose, version: str, marketplace: MarketplaceName | None, title: str
    ) -> ConsentText | None:
        """The text of that version, about the marketplace if it is about one; None if there is none."""
        one = self._versions.get((purpose, version))
        if one is None or (purpose is Purpose.MARKETPLACE) != (marketplace is not None):
            return None
        return self._filled(one, marketplace, title)

    def _filled(
        self, one: _Version, marketplace: MarketplaceName | None, title: str
    ) -> ConsentText:
        facts = {**self._facts, "marketplace": title}
        said = [
            Wording(**{name: text.format(**facts) for name, text in wording.model_dump().items()})
            for wording in (one.id, one.en)
        ]
        return ConsentText(one.purpose, marketplace, one.version, one.required, *said)


def read_consent_texts(config_dir: Path, programme: Programme) -> ConsentTexts:
    """The texts; `ConfigProblem` if a purpose has none or a text names an unknown fact."""
    path = config_dir / "field" / "consent_texts.toml"
    try:
        versions = _File.model_validate(read_toml(path)).text
    except ValidationError as error:
        raise unusable(path, error) from None
    texts = ConsentTexts(versions, programme)
    faults = {f"no text for {one}" for one in set(Purpose) - {one.purpose for one in versions}}
    if len({(one.purpose, one.version) for one in versions}) != len(versions):
        faults.add("a version stands there twice")
    try:
        for one in versions:
            where = MarketplaceName("x") if one.purpose is Purpose.MARKETPLACE else None
            texts.find(one.purpose, one.version, where, "X")
    except (KeyError, IndexError, ValueError) as error:
        faults.add(f"unknown in braces: {error}")
    if faults:
        what = "; ".join(sorted(faults))
        raise ConfigProblem(
            f"{path}: {what}",
            hint="compare with the project's config/field/consent_texts.toml",
            id_message=f"{path} tidak bisa dipakai: {what}",
            id_hint="bandingkan dengan config/field/consent_texts.toml milik proyek",
        )
    return texts
