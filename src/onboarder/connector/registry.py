"""Which connectors are installed, and which marketplaces the operator has configured with them."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from onboarder.connector.contract import Connector
from onboarder.connector.manifest import Quotas
from onboarder.model.ids import MarketplaceName
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


class MarketplaceConfig(BaseModel):
    """config/marketplaces/NAME.toml. `settings` are the connector's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: MarketplaceName
    connector: str
    enabled: bool = True
    base_url: str = Field(pattern=r"^https?://[^\s/]+")
    budget: BudgetConfig = BudgetConfig()
    quotas: QuotaConfig = QuotaConfig()
    settings: Mapping[str, object] = {}

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
    return {config.name: config for config in configs}


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
        raise ConfigProblem(
            f"{path}: {first}",
            hint="mend the file and try again",
            id_message=f"{path} tidak bisa dipakai: {first}",
            id_hint="perbaiki berkas itu lalu coba lagi",
        ) from None


def _say(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}"
        for e in error.errors(include_input=False)
    )
