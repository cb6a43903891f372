"""Shopee's documented and reported refusals as rows: codes, a pattern in the sentence, what happens next, what is said.

Source: Shopee's endpoint pages (refreshed 2026-08) and reports of 2026. Codes are compared in lower case, without
Shopee's inconsistent prefixes and punctuation (`errors.normal_code`). One code means many things: first match wins.
"""

from collections.abc import Iterator

from onboarder.connector.advice import ErrorRow
from onboarder.connector.errors import (
    ActionNeeded,
    Advice,
    CredentialsExpired,
    Gone,
    MarketplaceError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
    Unsupported,
)
from onboarder_shopee import advice as say


def rows() -> Iterator[ErrorRow]:
    """A row per code; without a code the sentence alone decides."""
    for codes, message, error, advice in _KNOWN:
        named: list[str | None] = [*codes.split()]
        for code in named or [None]:
            yield ErrorRow(advice, error, vendor_code=code, message=message or None)


_KNOWN: tuple[tuple[str, str, type[MarketplaceError], Advice], ...] = (
    # limits, whose sentences sound like faults
    ("error_rate_limit", "", RateLimited, say.RATE),
    ("error_limit", "", RateLimited, say.DAY_LIMIT),
    # by the sentence alone, whatever the code
    ("", "The level of tier-variation not change", OutcomeUnknown, say.ALREADY_DONE),
    ("", "product is duplicated", OutcomeUnknown, say.DUPLICATE),
    ("", "stock must be more than reserved stock", ActionNeeded, say.LOCKED),
    ("", "(?i)please try later", Unavailable, say.BUSY),
    ("", "Too many connections", Unavailable, say.BUSY),
    ("", "must set one of", Unsupported, say.OUR_FAULT),
    # signature, clock, app
    ("error_sign invalid_partner_id", "", ActionNeeded, say.SIGNATURE),
    ("error_auth", "partner_id is invalid", ActionNeeded, say.SIGNATURE),
    ("error_param", r"(?i)\btimestamp\b", ActionNeeded, say.SIGNATURE),
    ("error_param", r"(?i)\bsign\b", ActionNeeded, say.SIGNATURE),
    ("error_param", r"(?i)\bpartner_id\b", ActionNeeded, say.SIGNATURE),
    ("error_partner_key_expired", "", ActionNeeded, say.KEY_EXPIRED),
    ("source_ip_undeclared", "", ActionNeeded, say.ADDRESS_UNKNOWN),
    (
        "error_api_permission error_api_call_restricted api_suspended error_ashop_api_permission",
        "",
        ActionNeeded,
        say.APP_STOPPED,
    ),
    ("error_auth", "No permission to current api", ActionNeeded, say.APP_STOPPED),
    ("error_not_found", "", ActionNeeded, say.WRONG_ADDRESS),
    ("error_set_normal_unlisted_item", "", ActionNeeded, say.OUR_FAULT),
    # tokens and consent
    ("invalid_acceess_token invalid_access_token", "", CredentialsExpired, say.TOKEN_OVER),
    ("error_auth", "(?i)Invalid access_token", CredentialsExpired, say.TOKEN_OVER),
    ("error_param", "There is no access_token", CredentialsExpired, say.TOKEN_OVER),
    (
        (
            "shop_no_linked partner_shop_no_link shop_access_expired refresh_token_expired"
            " error_shop_refresh_token"
        ),
        "",
        CredentialsExpired,
        say.RECONSENT,
    ),
    ("error_auth", "(?i)Invalid partner_id or shopid", CredentialsExpired, say.RECONSENT),
    ("error_auth", "(?i)Invalid refresh_token", CredentialsExpired, say.RECONSENT),
    (
        "invalid_code invalid_shop_id invalid_main_acount_id",
        "",
        CredentialsExpired,
        say.CODE_REFUSED,
    ),
    ("error_auth", "(?i)Invalid code", CredentialsExpired, say.CODE_REFUSED),
    # the seller
    ("error_kyc_auth", "", ActionNeeded, say.KYC),
    (
        "shop_banned error_busi_invalid_shop_status error_busi_invalid_account_status",
        "",
        ActionNeeded,
        say.SHOP_STOPPED,
    ),
    ("error_seller_under_penalty", "", ActionNeeded, say.PENALTY),
    ("error_holiday_on_add_item error_holiday_mode_change_stock", "", ActionNeeded, say.HOLIDAY),
    ("error_reach_shop_item_limit", "", ActionNeeded, say.SHOP_FULL),
    (
        (
            "error_invalid_logistic_info require_pickup_address address_miss_long_lat"
            " compulsory_channel_rule dependent_block_rule logistics_error"
        ),
        "",
        ActionNeeded,
        say.NO_SHIPPING,
    ),
    ("error_not_in_whitelist", "", ActionNeeded, say.MULTI_WAREHOUSE),
    ("in_promotion lock", "", ActionNeeded, say.LOCKED),
    ("error_busi_cannot_delist_reviewing_or_banned_item", "", ActionNeeded, say.LOCKED),
    # transient
    (
        (
            "error_server error_network error_inner error_system_busy error_get_shop_fail error_marshal"
            " error_update_price_fail error_unlist_item_failed error_busi_update_item_failed"
            " error_cannot_delete_item error_unlist_item_all_failed error_category_level"
            " error_query_query_limit_too_large"
        ),
        "",
        Unavailable,
        say.BUSY,
    ),
    ("error_data", "parse data failed", Unavailable, say.BUSY),
    ("error_busi_add_item_failed", "", OutcomeUnknown, say.UNCLEAR),
    ("error_repeated_mtsku item_duplicated 242", "", OutcomeUnknown, say.DUPLICATE),
    # the catch-all, by its sentence
    ("error_busi", "(?i)multi-warehouse", ActionNeeded, say.MULTI_WAREHOUSE),
    ("error_busi", "(?i)logistic must be free", ActionNeeded, say.NO_SHIPPING),
    ("error_busi", "(?i)GTIN", Rejected, say.FORBIDDEN_CATEGORY),
    ("error_busi", "(?i)medicine", Rejected, say.FORBIDDEN_CATEGORY),
    ("error_busi", "(?i)size chart", Rejected, say.FORBIDDEN_CATEGORY),
    ("error_busi", "", OutcomeUnknown, say.UNCLEAR),
    # gone
    (
        (
            "error_item_not_found error_item_not_belong_shop error_item_uneditable"
            " error_item_or_variation_not_found"
        ),
        "",
        Gone,
        say.GONE,
    ),
    # the content
    ("error_param", "(?i)attribute is mandatory", Rejected, say.ATTRIBUTES),
    ("error_param", "(?i)attribute info is invalid", Rejected, say.ATTRIBUTES),
    ("error_param", "(?i)image not exist", Rejected, say.PHOTO),
    ("error_param", "(?i)image not found", Rejected, say.PHOTO),
    ("error_param", "(?i)image is invalid or not supported", Rejected, say.PHOTO),
    ("error_param error_param_validate params_error", "", Rejected, say.CONTENT),
    ("error_invalid_category error_incalid_category", "", Rejected, say.CATEGORY),
    (
        "error_category_is_block error_forbidden_category error_check_luc_fail",
        "",
        Rejected,
        say.FORBIDDEN_CATEGORY,
    ),
    (
        (
            "error_invalid_category_attribute error_invalid_attribute error_less_required_attribute"
            " error_invalid_attribute_value error_wrong_attrsnapshot error_value_name_required"
            " error_value_id_must_equal_zero error_busi_attribute_error error_attribute"
        ),
        "",
        Rejected,
        say.ATTRIBUTES,
    ),
    (
        "error_invalid_brand error_incalid_brand error_less_required_brand error_brand_forbidden",
        "",
        Rejected,
        say.BRAND,
    ),
    (
        (
            "error_invalid_price error_price_exceed_min_limitt error_price_exceed_max_limitt"
            " error_price_out_of_range error_invalid_price_for_logistic error_wholesale"
        ),
        "",
        Rejected,
        say.PRICE,
    ),
    (
        (
            "error_name_length_limit error_item_name_is_too_short error_title_exceeds_max_length"
            " error_title_character_forbidden error_item_name_empty"
        ),
        "",
        Rejected,
        say.TITLE,
    ),
    ("error_desc_length_min_limit error_desc_hash_tag_over_limit", "", Rejected, say.DESCRIPTION),
    (
        "error_image_num_min error_image_unavailable error_desc_image_no_pass",
        "",
        Rejected,
        say.PHOTO,
    ),
    (
        (
            "error_invalid_days_to_ship error_param_dts_exceeds_max_limit error_category_dts"
            " error_param_category_not_support_pre_order"
        ),
        "",
        Rejected,
        say.SHIPPING_TIME,
    ),
    (
        (
            "error_tier_var_too_many error_tier_opt_too_many error_tier_opt_val_too_long"
            " error_tier_var_name_too_long error_model_duplicate_name"
            " error_model_duplicate_tier_variation_index error_model_count_over_limit"
        ),
        "",
        Rejected,
        say.CHOICES,
    ),
    ("error_data_check data_data_check", "", Rejected, say.PROFILE),
)
