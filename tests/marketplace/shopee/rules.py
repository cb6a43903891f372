"""How the fake behaves while nothing is broken; changed through `/_control/rules`.

Where sources disagree about Shopee there is a rule for each reading; the default is the reading with the better source.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Rate = Annotated[float, Field(gt=0)]


class Reading(StrEnum):
    """What some source says and a better one contradicts; the fake does it only if `other_readings` names it."""

    IS_MANDATORY = "is_mandatory"
    """The attribute tree's flag is `is_mandatory`, not `mandatory`."""
    CATEGORY_IDS = "category_ids"
    """get_attribute_tree's parameter is `category_ids`, not `category_id_list`."""
    BRAND_BESIDE = "brand_beside"
    """get_brand_list's page and flags stand beside `response`, not inside."""
    GTIN_BESIDE = "gtin_beside"
    """get_item_limit's `gtin_limit` stands beside `response`."""
    CHANNEL_RULES_LIST = "channel_rules_list"
    """`channel_relation_rules` is a list, not an object."""
    DEBOOST_BOOLEAN = "deboost_boolean"
    """`deboost` of get_item_base_info is a boolean, not text."""
    DEBOOSTED_DETAILS = "deboosted_details"
    """The push of a refused item spells it so, not `deboost_details`."""
    PUSH_6 = "push_6"
    """A refused item is pushed with code 6, not 16."""
    PROFILE_DATA = "profile_data"
    """update_profile refuses with `shop.data_data_check`, not `shop.error_data_check`."""
    VIOLATIONS_WITH_ERROR = "violations_with_error"
    """get_item_violation_info has an `error` key on success."""
    DASH = "dash"
    """The pages of lost pushes say "-" for success."""
    FILE = "file"
    """upload_image's field is `file`, not `image`."""


class Rules(BaseModel):
    """The fake's settings. Times are seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partner_id: int = 2001887
    partner_key: str = "5468697349734154657374506172746e65724b6579464f5253484f50454531"
    """Guards nothing real; the same as in the published-style vectors."""
    redirect_domain: str | None = None
    """Host that the console allows for redirects; None: any."""
    app_error: str | None = None
    """A code that every call of the app gets: error_partner_key_expired, source_ip_undeclared, api_suspended, …"""
    code_seconds: Seconds = 600
    access_seconds: Seconds = 14_400
    old_access_seconds: Seconds = 300
    """How long an access token lives on after a refresh."""
    refresh_seconds: Seconds = 2_592_000
    expire_in: Literal["seconds", "epoch"] = "seconds"
    spent_refresh: Literal["refuse", "revoke"] = "revoke"
    """A refresh token used a second time is only refused, or all tokens of its family die with it."""
    auth_errors: Literal["named", "error_auth"] = "named"
    """`invalid_acceess_token`, `error_shop_refresh_token`, `invalid_code`, or `error_auth` with a sentence."""
    upload_signature: Literal["public", "shop", "any"] = "public"
    image_check: Literal["decode", "signature"] = "decode"
    """Whether photos must really open (and be larger than 16 x 16), or only begin like a JPEG or PNG."""
    image_errors_inside: bool = False
    """A refused photo is told of inside image_info_list only, with an empty outer error."""
    error_prefixes: bool = True
    """`product.error_…` rather than `error_…`."""
    index_lag_seconds: Seconds = 5
    """search_item knows a new item after this time."""
    list_lag_seconds: Seconds = 0
    variant_wait_seconds: Seconds = 5
    """init_tier_variation does not find an item younger than this."""
    search_by_sku: bool = True
    offset_most: int = 50_000
    offset_stride: Annotated[int, Field(ge=1)] = 1
    """By how much next_offset grows per item: more than 1 shows who computes offsets instead of following them."""
    item_ids: Literal["any", "comma", "repeated"] = "any"
    absent_ids: Literal["left_out", "refused"] = "left_out"
    """get_item_base_info leaves out an item that is not there, or answers error_item_not_found to the whole call."""
    review_seconds: Seconds | None = 0
    """Published items are REVIEWING for so long; None: until somebody decides."""
    banned_words: tuple[str, ...] = ("narkoba", "senjata api", "uang palsu")
    refuse_same_sku: bool = False
    """Duplicate detection; off, so that doubles are really possible."""
    failures_carry_error: bool = True
    """A partly failed update_price or update_stock has an error code beside its failure_list."""
    models_most: int = 50
    other_readings: frozenset[Reading] = frozenset()
    app_per_second: Rate | None = None
    shop_per_second: Rate | None = None
    app_per_day: Annotated[int, Field(ge=1)] | None = None
    """Calls until 00:00 UTC+8; more get error_limit."""
    clock_skew_seconds: float = 0
    """By how much the server's clock is wrong, in every respect."""
    push_url: str | None = Field(
        default=None, pattern=r"^https?://(127\.0\.0\.1|localhost|\[::1\])[:/]"
    )
    """Where pushes go; loopback only."""
    push_registered_url: str | None = None
    """The URL that the console knows and signatures are made with, where a proxy makes it another than push_url."""
    push_key: str | None = None
    """None: the partner key."""
    push_formula: Literal["url|body", "body"] = "url|body"
    push_lost: Share = 0
    push_doubled: Share = 0
    push_shuffled: bool = False
    push_held: bool = False
    """Pushes wait until this is off again."""
    push_cancel_without_id: bool = False
    """Code 2 comes without any shop id, as in one official sample."""
    seed: int = 1

    def reads(self, reading: Reading) -> bool:
        """Whether the less likely of two readings is in force."""
        return reading in self.other_readings

    @property
    def signs_pushes_with(self) -> str:
        return self.push_key or self.partner_key
