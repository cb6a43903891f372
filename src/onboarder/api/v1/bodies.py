"""Shapes that all resources share: what is sent, what is answered, ids made by the device, pages, problems."""

from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from onboarder.people.sealed_box import Box

T = TypeVar("T")

ULID = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"


def _printable(text: str) -> str:
    """No control characters: databases refuse some, and people never type them."""
    if any(one < " " and one not in "\n\t" for one in text):
        raise ValueError("control characters")
    return text


Ulid = Annotated[str, Field(pattern=ULID, examples=["01KB0000000000000000000000"])]
"""An id made by the device: 26 characters of Crockford's base 32 in capitals."""
Words = Annotated[str, AfterValidator(_printable)]
"""Text as a person types it. Give it its bounds: `Annotated[Words, Field(min_length=1, max_length=200)]`."""


class Sent(BaseModel):
    """What comes in. Unknown fields are refused; blanks around text do not count."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class BoxSent(Sent):
    """A box sealed on the phone to our public key; all but `key_id` in base64."""

    key_id: Annotated[str, Field(max_length=64)]
    epk: Annotated[str, Field(max_length=128)]
    nonce: Annotated[str, Field(max_length=32)]
    ct: Annotated[str, Field(max_length=128 * 1024, repr=False)]

    def box(self) -> Box:
        return Box(self.key_id, self.epk, self.nonce, self.ct)


class Shown(BaseModel):
    """What goes out."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Page(Shown, Generic[T]):
    """One page of a list; `next` is the cursor of the page after it."""

    items: list[T]
    next: str | None


class ProblemField(Shown):
    """A field of the body and what is wrong with it."""

    field: str
    code: str
    title: str


class ProblemShown(BaseModel):
    """RFC 9457: `title` and `next` are Indonesian, `detail` English; `code` is stable. Some codes tell more."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    next: str
    errors: list[ProblemField]
