"""What all doors of one process share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import SecretStr

from onboarder.api.figures import Figures
from onboarder.consent.doors import Doors
from onboarder.consent.inbox import Inbox
from onboarder.converge.doorbell import Doorbell
from onboarder.converge.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Premises:
    """`metrics_token` opens /metrics; without one there is no such door."""

    around: Surroundings
    doors: Doors
    inbox: Inbox
    redis_silence: Callable[[], Awaitable[str | None]]
    """Why Redis does not answer; None if it does."""
    metrics_token: SecretStr | None
    deadline: float
    """Seconds one request may take in all."""
    figures: Figures = field(default_factory=Figures)

    @property
    def programme(self) -> str:
        return self.around.programme.name

    @property
    def by_https(self) -> bool:
        return self.doors.public_url.startswith("https:")


def premises(
    around: Surroundings,
    doorbell: Doorbell,
    *,
    public_url: str,
    state_span: timedelta,
    redis_silence: Callable[[], Awaitable[str | None]],
    metrics_token: SecretStr | None,
) -> Premises:
    """The doors of one process. A callback may ask the marketplace twice."""
    return Premises(
        around=around,
        doors=Doors(around, doorbell, public_url, state_span),
        inbox=Inbox(around, doorbell, public_url),
        redis_silence=redis_silence,
        metrics_token=metrics_token,
        deadline=2 * around.call_deadline.total_seconds() + 15,
    )
