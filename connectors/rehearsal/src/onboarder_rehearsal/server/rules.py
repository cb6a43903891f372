"""How the practice marketplace behaves while nothing is broken; changed through `/_control/rules`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Rate = Annotated[float, Field(gt=0, le=100_000)]
RetryAfter = Literal["seconds", "date", "none"]
Counted = Literal["fixed", "sliding", "bucket"]


class Rules(BaseModel):
    """The marketplace's own rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store_review_seconds: Seconds | None = 0
    """Applications are decided by themselves after this time; None: a person decides."""
    listing_review_seconds: Seconds | None = 0
    token_seconds: Annotated[float, Field(gt=0)] = 3600
    unique_references: bool = False
    """Refuse a second application with the same reference; off, so that doubles are really possible."""
    unique_names: bool = False
    list_before_open: bool = False
    """Let a store upload listings while its application is in review."""
    banned_words: tuple[str, ...] = ("narkoba", "senjata api", "rokok ilegal", "uang palsu")
    """Whole words that make the review turn a store name or a listing down."""
    app_per_second: Rate | None = None
    """Calls per second of all stores of a partner together; None: unlimited."""
    store_per_second: Rate | None = None
    counted: Counted = "fixed"
    """How calls are counted: in windows that follow each other, in any window of a second, or as tokens of a bucket."""
    retry_after: RetryAfter = "seconds"
    """How a 429 of the rules above says how long to wait."""
    clock_skew_seconds: float = 0
    """Added to the Date header and to times in answers."""
    webhook_url: str | None = Field(
        default=None, pattern=r"^http://(127\.0\.0\.1|localhost|\[::1\])[:/]"
    )
    """Where events are posted; loopback only."""
    webhook_key: str = "latihan"
    """Practice key of the webhook signature; guards nothing real."""
    webhook_lost: Share = 0
    webhook_doubled: Share = 0
    seed: int = 1
    """Start of every draw of chance."""
