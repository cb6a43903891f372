"""What all doors of one process share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from onboarder.access.entrance import Entrance
from onboarder.api.figures import Figures
from onboarder.consent.doors import Doors
from onboarder.consent.inbox import Inbox
from onboarder.converge.doorbell import Doorbell
from onboarder.converge.surroundings import Surroundings
from onboarder.field.kit import Kit, make_kit
from onboarder.intake.photo_children import PhotoChildren
from onboarder.intake.photo_store import PhotoStore
from onboarder.intake.rules import IntakeRules
from onboarder.people.sealed_box import BoxKeys


@dataclass(frozen=True, slots=True)
class Premises:
    """`metrics_token` opens /metrics; without one there is no such door."""

    around: Surroundings
    doors: Doors
    inbox: Inbox
    doorbell: Doorbell
    config_dir: Path
    lang: str
    redis_silence: Callable[[], Awaitable[str | None]]
    """Why Redis does not answer; None if it does."""
    metrics_token: SecretStr | None
    deadline: float
    """Seconds one request may take in all."""
    kit: Kit
    """What the use cases of field work share."""
    boxes: BoxKeys | None = None
    """The keys that phones seal identity numbers and signatures to."""
    figures: Figures = field(default_factory=Figures)

    @property
    def entrance(self) -> Entrance:
        around = self.around
        return Entrance(around.database, around.programme, around.vault, around.clock)

    @property
    def public_url(self) -> str:
        """Without a slash at its end."""
        return self.doors.public_url

    @property
    def origin(self) -> str:
        """As browsers name us: scheme, host and port."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

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
    config_dir: Path = Path("config"),
    lang: str = "id",
    boxes: BoxKeys | None = None,
    data_dir: Path = Path("var"),
    intake: IntakeRules | None = None,
) -> Premises:
    """The doors of one process. A callback may ask the marketplace twice."""
    intake = intake or IntakeRules.load(config_dir)
    kit = make_kit(
        around,
        doorbell,
        public_url=public_url,
        config_dir=config_dir,
        data_dir=data_dir,
        intake=intake,
        photos=PhotoStore(data_dir / "photos", intake.limits.photos, clean=PhotoChildren()),
        boxes=boxes or BoxKeys(data_dir / "keys"),
    )
    return Premises(
        around=around,
        doors=Doors(around, doorbell, public_url, state_span),
        inbox=Inbox(around, doorbell, public_url),
        doorbell=doorbell,
        config_dir=config_dir,
        lang=lang,
        boxes=boxes,
        kit=kit,
        redis_silence=redis_silence,
        metrics_token=metrics_token,
        deadline=2 * around.call_deadline.total_seconds() + 15,
    )
