"""What to do after an error: when to come back, whether it used up an attempt, and whom to ask. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

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
from onboarder.model.people import Actor
from onboarder.model.work import PARKED_CODE, Failure
from onboarder.problems import ConfigProblem

T = TypeVar("T")

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=30)
PERSON_WAIT = timedelta(hours=6)
"""How soon to look whether a person has done their part."""
MENDED_SOON = timedelta(minutes=10)
"""How soon to look whether an operator has put a file in order."""
LOGIN_ATTEMPTS = 3
"""Refusals of a login of ours, each after signing in anew, before a person is asked."""
TELL_AFTER = 8
"""Attempts in vain after which an operator is told; work goes on all the same."""

INTERNAL = Advice(
    "internal",
    Actor.OPERATOR,
    "Terjadi kesalahan di sistem kami. Operator sedang diberi tahu; tidak ada yang perlu Anda lakukan.",
    "An unexpected error in onboarder itself; see the log under this code and time.",
)
PARKED = Advice(
    PARKED_CODE,
    Actor.OPERATOR,
    "Dihentikan sementara karena berkali-kali gagal. Operator memperbaiki sebabnya, lalu: onboarder redrive TOKO",
    "Parked after repeated failures without progress; mend the cause, then run `onboarder redrive STORE`.",
)
PHOTO_MISSING = Advice(
    f"{PARKED_CODE}.photo_missing",
    Actor.OPERATOR,
    "Foto barang ini tidak ada lagi di penyimpanan kami. Impor lagi fotonya, lalu: onboarder redrive TOKO",
    "A photo of this product is missing from the photo folder; import it again, then run `onboarder redrive STORE`.",
)


@dataclass(frozen=True, slots=True)
class Next:
    """`wait` None: not before somebody changes something."""

    wait: timedelta | None
    counts: bool
    """Whether it uses up an attempt."""
    ask: Advice | None
    forgets: bool = False
    """Whether earlier failures are over: nothing is left to do or to be looked up."""

    @property
    def far_off(self) -> bool:
        """Whether nothing happens before somebody does something, or for longer than a reconciliation waits."""
        return self.wait is None or self.wait >= PERSON_WAIT

    @property
    def parks(self) -> bool:
        return self.ask is not None and self.ask.code.split(".")[0] == PARKED_CODE


def after(
    error: MarketplaceError, attempts: int, random: Random, *, our_login: bool = False
) -> Next:
    """`attempts` counts the failures before this one. With `our_login` we can sign in again without the merchant."""
    match error:
        case CredentialsExpired() if our_login and attempts < LOGIN_ATTEMPTS:
            return Next(backoff(attempts, random), counts=True, ask=None)
        case RateLimited():
            return Next(
                error.retry_after + jitter(timedelta(seconds=1), random), counts=False, ask=None
            )
        case Unavailable():
            least = error.retry_after or timedelta()
            ask = error.advice if attempts + 1 >= TELL_AFTER else None
            return Next(max(least, backoff(attempts, random)), counts=True, ask=ask)
        case OutcomeUnknown() | Gone():
            return Next(backoff(attempts, random), counts=True, ask=None)
        case Rejected() | Unsupported():
            return Next(None, counts=False, ask=error.advice)
        case _:
            soon = error.look_again if isinstance(error, ActionNeeded) else None
            return Next(soon or PERSON_WAIT, counts=False, ask=error.advice)


def unusable(problem: ConfigProblem) -> ActionNeeded:
    """A key or a setting is not as it must be: the operator is told what the command line would say. Nothing was sent."""
    (en, en_hint), (here, hint) = problem.said("en"), problem.said("id")
    advice = Advice(
        "configuration.unusable",
        Actor.OPERATOR,
        f"Sistem kami belum lengkap: {here}. Operator: {hint}. Sesudah itu sistem melanjutkan sendiri.",
        f"{en}: {en_hint}. Work goes on by itself after that.",
    )
    return ActionNeeded(advice, look_again=MENDED_SOON, detail=type(problem).__name__)


def usable(read: Callable[[str], T]) -> Callable[[str], T]:
    """The same for connectors, which know no problems but the marketplace's."""

    def reading(name: str) -> T:
        try:
            return read(name)
        except ConfigProblem as problem:
            raise unusable(problem) from None

    return reading


def backoff(attempts: int, random: Random) -> timedelta:
    """5 s doubling to half an hour, each time between half and the whole of it."""
    full = min(FIRST_WAIT * (1 << min(attempts, 20)), LONGEST_WAIT)
    return full / 2 + jitter(full / 2, random)


def jitter(most: timedelta, random: Random) -> timedelta:
    return most * random.random()


def failure(error: MarketplaceError, now: datetime) -> Failure:
    """The error as kept on record."""
    return Failure(
        code=error.advice.code,
        kind=type(error).__mro__[0].__name__.lstrip("_"),
        who=error.advice.who,
        id=_with_fields(error, error.advice.id),
        en=_with_fields(error, error.advice.en),
        detail=error.detail,
        at=now,
        request_id=error.request_id,
    )


def _with_fields(error: MarketplaceError, text: str) -> str:
    faults = error.fields if isinstance(error, Rejected) else ()
    said = "; ".join(f"{fault.field}: {fault.reason}" for fault in faults)
    return f"{text} ({said})" if said else text
