"""Which connectors are installed, and which marketplaces the operator has configured with them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from onboarder.connector.contract import Connector
from onboarder.connector.manifest import Manifest, Quotas
from onboarder.model.ids import MarketplaceName, app_key
from onboarder.problems import ConfigProblem

GROUP = "onboarder.connectors"


class BudgetConfig(BaseModel):
    """The rate the programme's app is allowed; None takes the manifest's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_second: float | None = Field(default=None, gt=0, le=10_000)
    per_store_per_second: float | None = Field(default=None, gt=0, le=10_000)
    """What each store may call besides; None: no limit of its own."""
    calls_at_once: int | None = Field(default=None, ge=1, le=1000)
    """Calls that one worker process may have under way."""


class QuotaConfig(BaseModel):
    """Quotas that the programme's app has been granted, with their source; None takes the manifest's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls_a_day: int | None = Field(default=None, ge=1, le=1_000_000_000)
    creates_a_day: int | None = Field(default=None, ge=1, le=1_000_000)
    new_for_days: int | None = Field(default=None, ge=1, le=3650)
    stores_per_app: int | None = Field(default=None, ge=1, le=10_000_000)
    resets_in: str | None = Field(default=None, max_length=64)
    source: str | None = Field(default=None, max_length=500)

    @field_validator("resets_in")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError("no such time zone")
        return zone


LONGEST_KEY = 32
"""Characters of an app's key, as the records hold it."""


class AppConfig(BaseModel):
    """A further app of the marketplace: `settings` go over those of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=LONGEST_KEY)
    settings: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class App:
    """One app of a marketplace with all that is its own."""

    name: str
    """Empty: the first."""
    key: str
    """What its secrets, rates and quotas are kept under."""
    settings: Mapping[str, object]


class MarketplaceConfig(BaseModel):
    """config/marketplaces/NAME.toml. `settings` are the connector's own; the file itself is the first app."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: MarketplaceName
    connector: str
    enabled: bool = True
    base_url: str = Field(pattern=r"^https?://[^\s/]+")
    budget: BudgetConfig = BudgetConfig()
    quotas: QuotaConfig = QuotaConfig()
    settings: Mapping[str, object] = {}
    apps: tuple[AppConfig, ...] = ()
    """Further apps, in the order in which they are filled."""

    @field_validator("apps")
    @classmethod
    def _once_each(cls, apps: tuple[AppConfig, ...]) -> tuple[AppConfig, ...]:
        names = [one.name for one in apps]
        if len(set(names)) < len(names):
            raise ValueError("two apps have the same name")
        return apps

    @model_validator(mode="after")
    def _short_keys(self) -> Self:
        if self.apps and max(len(one.key) for one in self.every_app) > LONGEST_KEY:
            raise ValueError(f"apps: NAME.APP has more than {LONGEST_KEY} characters")
        return self

    @property
    def every_app(self) -> tuple[App, ...]:
        """The first app and the further ones, in their order."""
        first = App("", self.name, self.settings)
        further = (
            App(one.name, app_key(self.name, one.name), {**self.settings, **one.settings})
            for one in self.apps
        )
        return first, *further

    def rate(self, manifest: Manifest) -> float:
        """Calls a second that each of its apps may make."""
        return self.budget.per_second or manifest.requests_per_second

    def quotas_over(self, usual: Quotas) -> Quotas:
        """The quotas that count: those set here, else the manifest's."""
        return replace(usual, **self.quotas.model_dump(exclude_none=True))


def installed() -> dict[str, EntryPoint]:
    """Installed connectors by name, not yet imported."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda p: p.name)}


def connector_type(name: str) -> type[Connector]:
    """The connector's class; `ConfigProblem` if no such connector is installed."""
    points = installed()
    if name not in points:
        known = ", ".join(points) or "none"
        raise ConfigProblem(
            f"connector {name!r} is not installed (installed: {known})",
            hint=f"install it with: pip install 'onboarder[{name}]'",
            id_message=f"konektor {name!r} belum terpasang (terpasang: {known})",
            id_hint=f"pasang dengan: pip install 'onboarder[{name}]'",
        )
    loaded: type[Connector] = points[name].load()
    return loaded


def marketplaces(folder: Path) -> dict[MarketplaceName, MarketplaceConfig]:
    """The configured and enabled marketplaces by name."""
    return {name: config for name, config in configured(folder).items() if config.enabled}


def configured(folder: Path) -> dict[MarketplaceName, MarketplaceConfig]:
    """All configured marketplaces by name, those as well that are not enabled yet."""
    configs = [_read(path) for path in sorted(folder.glob("*.toml"))]
    found = {config.name: config for config in configs}
    for app in (app for one in configs for app in one.every_app if app.name):
        if app.key in found:
            path = folder / f"{app.key}.toml"
            raise _unusable(path, "an app of another marketplace is kept under this name")
    return found


def _read(path: Path) -> MarketplaceConfig:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return MarketplaceConfig.model_validate(
            {"name": path.stem, "connector": path.stem} | values
        )
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        first = (
            str(error).splitlines()[0]
            if isinstance(error, tomllib.TOMLDecodeError)
            else _say(error)
        )
        raise _unusable(path, first) from None


def _unusable(path: Path, why: str) -> ConfigProblem:
    return ConfigProblem(
        f"{path}: {why}",
        hint="mend the file and try again",
        id_message=f"{path} tidak bisa dipakai: {why}",
        id_hint="perbaiki berkas itu lalu coba lagi",
    )


def _say(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}"
        for e in error.errors(include_input=False)
    )
