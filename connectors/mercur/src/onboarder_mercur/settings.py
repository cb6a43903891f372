"""The `[settings]` of config/marketplaces/mercur.toml."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onboarder.problems import ConfigProblem


class Account(StrEnum):
    PROGRAMME = "programme"
    """One login of the programme owns all stores."""
    MERCHANT = "merchant"
    """Every store has its own login, made and held by us."""


class MercurSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    account: Account = Account.PROGRAMME
    email_domain: str = Field(pattern=r"^[a-z0-9.-]+\.[a-z]{2,}$")
    """Mail domain of the programme: logins and stores without an e-mail get REFERENCE@domain."""
    programme_email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$")
    """Login of the programme account; default: onboarder@domain."""
    password_file: Path | None = None
    """Password of a programme account that already exists; without it one is derived from the key ring."""
    settle_seconds: float | None = Field(default=None, ge=0, le=3600)
    """How long after a lost answer a write may still appear there; default: the manifest's."""
    sales_channel: str | None = None
    """Name of the shop window; default: the marketplace's default one."""

    @property
    def programme_login(self) -> str:
        return self.programme_email or f"onboarder@{self.email_domain}"

    def address_of(self, reference: str) -> str:
        """The e-mail address that stands for a Reference; unique because References are."""
        return f"{reference}@{self.email_domain}"


def read_settings(values: Mapping[str, object]) -> MercurSettings:
    """`ConfigProblem` naming the setting if one is wrong."""
    try:
        return MercurSettings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigProblem(
            f"config/marketplaces/mercur.toml: settings.{place}: {first['msg']}",
            hint="see connectors/mercur/README.md for the settings",
        ) from None
