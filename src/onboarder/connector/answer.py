"""What a marketplace answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer below 500 other than 429, read to its end."""

    status: int
    headers: Mapping[str, str]
    """Names in any case find the value."""
    body: bytes = field(repr=False)

    @property
    def request_id(self) -> str | None:
        return self.headers.get("x-request-id")

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def read(self, adapter: "TypeAdapter[T]") -> T:
        """The JSON body validated; ValueError (without the body's text) if it is not what was expected."""
        try:
            return adapter.validate_json(self.body)
        except ValidationError as error:
            faults = error.errors(include_input=False)
            places = sorted({".".join(map(str, fault["loc"])) for fault in faults})
            raise ValueError(f"unexpected answer at {', '.join(places[:5])}") from None
