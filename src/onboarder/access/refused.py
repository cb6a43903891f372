"""Why somebody is not let in, or may not have what they asked of the entrance."""

from datetime import datetime
from enum import StrEnum


class Why(StrEnum):
    """The reasons; the API's codes are the same words."""

    NOT_LET_IN = "not_let_in"
    """Account, password or code is wrong; which of them is not said."""
    WAIT = "wait"
    """Too many tries; the next one at `until`."""
    TOKEN_UNKNOWN = "token_unknown"  # noqa: S105  # a reason, not a token
    """The QR code was used, is too old, or is none of ours."""
    PIN_WEAK = "pin_weak"
    PIN_WRONG = "pin_wrong"
    ENROL_AGAIN = "enrol_again"
    """The last try of the PIN was wrong: the phone is signed out."""
    NO_PIN = "no_pin"
    """This session was opened with a password."""
    NOT_FOUND = "not_found"
    """No such person or device, or none of theirs."""
    NOT_ALLOWED = "not_allowed"
    PERSON_EXISTS = "person_exists"
    PERSON_UNFIT = "person_unfit"
    """The id or the name is not one."""
    MARKET_UNKNOWN = "market_unknown"
    MARKET_MISSING = "market_missing"
    """A canvasser works in one market at least."""
    NO_PHONE = "no_phone"
    """Only canvassers sign in with an enrolled phone."""
    PERSON_DISABLED = "person_disabled"
    PASSWORD_WEAK = "password_weak"  # noqa: S105  # a reason, not a password


class Refused(Exception):
    """`left`: tries that remain. `until`: when to try again."""

    def __init__(self, why: Why, *, left: int = 0, until: datetime | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.left = left
        self.until = until
