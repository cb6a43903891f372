"""What a use case of field work does not do, as a code that every door has a text for."""


class Fault:
    """What is wrong with one field of what was sent."""

    __slots__ = ("code", "field")

    def __init__(self, field: str, code: str) -> None:
        self.field = field
        self.code = code


class NotDone(Exception):
    """Refused; nothing was changed. `told` goes to the caller as it is, and repeats nothing that was sent."""

    def __init__(self, code: str, *faults: Fault, told: dict[str, object] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.faults = faults
        self.told = told or {}


class Missing(NotDone):
    """There is no such thing, or it is not this person's to see: the same to whoever asks."""

    def __init__(self) -> None:
        super().__init__("not_found")


def wrong(*faults: Fault) -> NotDone:
    """Some fields do not fit."""
    return NotDone("invalid", *faults)
