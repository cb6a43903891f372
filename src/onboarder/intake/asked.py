"""What is asked instead of guessed: the codes of all questions an import can put to people."""

from enum import StrEnum


class AskedCode(StrEnum):
    """Why a row was not taken; config/intake/verdicts.toml has the texts of each."""

    CELL_TOO_LONG = "cell_too_long"
    COLUMNS_DISAGREE = "columns_disagree"
    SHEET_NOT_RECOGNISED = "sheet_not_recognised"

    PRICE_MISSING = "price_missing"
    PRICE_UNCLEAR = "price_unclear"
    PRICE_SEVERAL = "price_several"
    PRICE_PER_UNIT = "price_per_unit"
    PRICE_BOUNDS = "price_bounds"
    STOCK_MISSING = "stock_missing"
    STOCK_UNCLEAR = "stock_unclear"
    WEIGHT_MISSING = "weight_missing"
    WEIGHT_UNCLEAR = "weight_unclear"
    WEIGHT_WITHOUT_UNIT = "weight_without_unit"
    WEIGHT_BOUNDS = "weight_bounds"

    PHONE_UNCLEAR = "phone_unclear"
    PHONE_SEVERAL = "phone_several"
    PHONE_DIGITS_LOST = "phone_digits_lost"
    EMAIL_UNCLEAR = "email_unclear"
    DATE_UNCLEAR = "date_unclear"
    DATE_BOUNDS = "date_bounds"
    MARKET_MISSING = "market_missing"
    MARKET_UNKNOWN = "market_unknown"

    NAME_MISSING = "name_missing"
    NAME_UNCLEAR = "name_unclear"
    KEY_MISSING = "key_missing"
    KEY_TWICE = "key_twice"
    LIKELY_SAME_MERCHANT = "likely_same_merchant"
    LIKELY_SAME_PRODUCT = "likely_same_product"
    DECISION_UNCLEAR = "decision_unclear"

    OWNER_MISSING = "owner_missing"
    OWNER_UNKNOWN = "owner_unknown"
    OWNER_SEVERAL = "owner_several"
    OWNER_CONTRADICTS = "owner_contradicts"
    OWNER_HELD_BACK = "owner_held_back"
    CATEGORY_UNKNOWN = "category_unknown"
    ACTIVE_UNCLEAR = "active_unclear"
    PHOTO_MISSING = "photo_missing"
    PHOTO_SEVERAL = "photo_several"
    PHOTO_UNREADABLE = "photo_unreadable"
    VARIANT_MISSING = "variant_missing"
    VARIANT_TWICE = "variant_twice"
    PRODUCT_ROWS_DISAGREE = "product_rows_disagree"
    PRODUCT_HELD_BACK = "product_held_back"


class Asked(ValueError):  # a question, not a fault
    """A cell that cannot be read in exactly one way; carries no cell content."""

    def __init__(self, code: AskedCode) -> None:
        super().__init__(code.value)
        self.code = code
