"""What the practice marketplace accepts: its own words and limits, checked field by field."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

BATCH_MOST = 10
PAGE_MOST = 50
IMAGE_BYTES_MOST = 2_000_000
BODY_BYTES_MOST = 3_000_000

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
Headline = Annotated[str, StringConstraints(min_length=3, max_length=120, strip_whitespace=True)]
Blurb = Annotated[str, StringConstraints(max_length=3000)]
Images = Annotated[tuple[str, ...], Field(max_length=9)]
Mass = Annotated[Decimal, Field(gt=0, le=500, decimal_places=3)]
"""Kilograms."""
Sen = Annotated[int, Field(ge=10_000, le=10_000_000_000, multiple_of=100, strict=True)]
"""Price in hundredths of a rupiah: Rp100 to Rp100,000,000."""
OnHand = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{7,14}$")]


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contact(Shape):
    person: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    phone: Phone | None = None
    email: (
        Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)] | None
    ) = None


class Application(Shape):
    """A seller applies."""

    external_key: Key
    shop_name: Annotated[str, StringConstraints(min_length=3, max_length=60, strip_whitespace=True)]
    about: Blurb = ""
    contact: Contact


class Pickup(Shape):
    """Where parcels are fetched; a seller without it may not list."""

    place: Annotated[str, StringConstraints(max_length=200)] = ""
    street: Annotated[str, StringConstraints(max_length=300)] = ""
    city: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    province: Annotated[str, StringConstraints(max_length=100)] = ""
    postcode: Annotated[str, StringConstraints(pattern=r"^(\d{5})?$")] = ""


class Choice(Shape):
    sku: Key
    label: Annotated[str, StringConstraints(max_length=60)] = ""
    amount_sen: Sen
    on_hand: OnHand


def _skus_differ(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    if not choices:
        raise ValueError("at least one choice")
    if len({choice.sku for choice in choices}) != len(choices):
        raise ValueError("two choices with one sku")
    return choices


Choices = Annotated[tuple[Choice, ...], Field(max_length=20), AfterValidator(_skus_differ)]


class NewItem(Shape):
    external_key: Key
    headline: Headline
    blurb: Blurb = ""
    category: str
    mass_kg: Mass
    images: Images = ()
    choices: Choices


class ItemChange(Shape):
    """What is left out stays; `choices` replaces all choices."""

    headline: Headline | None = None
    blurb: Blurb | None = None
    category: str | None = None
    mass_kg: Mass | None = None
    images: Images | None = None
    choices: Choices | None = None


class Shelf(Shape):
    """Price or stock of one choice; what is left out stays."""

    sku: Key
    amount_sen: Sen | None = None
    on_hand: OnHand | None = None


class Shelves(Shape):
    choices: Annotated[tuple[Shelf, ...], Field(min_length=1, max_length=20)]


class Batch(Shape):
    """Items are checked one by one, so one bad item does not spoil the batch."""

    items: Annotated[tuple[dict[str, object], ...], Field(min_length=1)]


def grams(mass: Decimal) -> int:
    return int(mass * 1000)


def banned_word(words: tuple[str, ...], *texts: str) -> str | None:
    """The first of the words that stands in a text as a whole word."""
    text = " ".join(texts).casefold()
    for word in words:
        if re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", text):
            return word
    return None
