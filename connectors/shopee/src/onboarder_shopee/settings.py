"""The `[settings]` of config/marketplaces/shopee.toml.

Where sources disagree, each reading is a value, and the default is the safer one.
"""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from onboarder.problems import ConfigProblem

LARGEST_ID = 4_294_967_295
DEAD_HOSTS = ("partner.test-stable.shopeemobile.com", "partner.uat.shopeemobile.com")
"""Still printed in samples; they answer `error_sign` to good keys (reports of 2026)."""


class ConsentLink(StrEnum):
    OPEN = "open"
    """open.shopee.com/auth with `state`; does not expire by itself."""
    SIGNED = "signed"
    """auth_partner with a signature that lasts five minutes; `state` travels in the callback's own query."""


class UploadSignature(StrEnum):
    PUBLIC = "public"
    SHOP = "shop"


class IdList(StrEnum):
    """How several item ids are written into a query."""

    COMMA = "comma"
    REPEATED = "repeated"
    BRACKETS = "brackets"


class PushFormula(StrEnum):
    URL_AND_BODY = "url_and_body"
    BODY = "body"


class SameTitle(StrEnum):
    """What to do when the merchant already lists something of exactly our title, without any SKU."""

    ASK = "ask"
    ADOPT = "adopt"
    """Write our SKU onto it and go on with it."""
    IGNORE = "ignore"


class Package(BaseModel):
    """The usual parcel, in whole centimetres."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    length: int = Field(ge=1)
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class ShopeeSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    partner_id: int = Field(ge=1, le=LARGEST_ID)
    """Of the programme's app, from the console; live and sandbox have different ones."""
    api_host: str = Field(default="https://partner.shopeemobile.com", pattern=r"^https?://[^\s/]+$")
    """As `base_url`; the signed consent link is made with it."""
    consent_link: ConsentLink = ConsentLink.OPEN
    consent_page: str = Field(default="https://open.shopee.com/auth", pattern=r"^https?://\S+$")
    region: str = Field(default="ID", pattern=r"^[A-Z]{2}$")
    """Shops of other markets are refused."""
    language: str = Field(default="id", pattern="^(id|en)$")
    """Of category and attribute names."""
    upload_signature: UploadSignature = UploadSignature.PUBLIC
    upload_field: str = Field(default="image", pattern="^(image|file)$")
    attribute_parameter: str = Field(
        default="category_id_list", pattern="^(category_id_list|category_ids)$"
    )
    item_id_list: IdList = IdList.COMMA
    push_formula: PushFormula = PushFormula.URL_AND_BODY
    most_models: int = Field(default=50, ge=1, le=50)
    """Combinations of choices per item; some error texts still say 20."""
    publish: bool = True
    """Put a created item on sale at once; without it a person does it in the shop."""
    same_title: SameTitle = SameTitle.ASK
    condition: str = Field(default="NEW", pattern="^(NEW|USED)$")
    no_brand: bool = True
    """Send NoBrand also where a brand is mandatory; without it such categories are refused beforehand."""
    package: Package | None = None
    """Sent where the shop's channels or the category want dimensions; without it such goods wait for the operator."""
    gtin: str = Field(default="00", pattern=r"^\d{2,14}$")
    """Sent where the category wants one; "00" says there is none."""
    attributes: Mapping[str, Mapping[str, str]] = {}
    """By category id (`"*"` for all): attribute id or name to the value that is sent where the category demands it."""
    variants_after_seconds: float = Field(default=5, ge=0, le=60)
    """Between creating an item and giving it choices; Shopee's documentation says at least 5."""
    settle_seconds: float | None = Field(default=None, ge=0, le=3600)
    """How long after a lost answer an item may still appear; default: the manifest's."""
    template_channels: tuple[int, ...] = (8003,)
    """Shipping channels that rows of the seller's template switch on (8003 is Reguler); the others are switched off."""
    cache_hours: float = Field(default=24, ge=0, le=24)
    """How long categories, attributes, limits and channels are believed."""

    @field_validator("api_host")
    @classmethod
    def _alive(cls, host: str) -> str:
        if any(dead in host for dead in DEAD_HOSTS):
            raise ValueError("this host is dead; see connectors/shopee/README.md for the hosts")
        return host


def read_settings(values: Mapping[str, object]) -> ShopeeSettings:
    """`ConfigProblem` naming the setting if one is wrong."""
    try:
        return ShopeeSettings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigProblem(
            f"config/marketplaces/shopee.toml: settings.{place}: {first['msg']}",
            hint="see connectors/shopee/README.md for the settings",
        ) from None
