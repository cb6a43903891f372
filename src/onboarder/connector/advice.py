"""The sentences for what can go wrong at any marketplace, and the table through which connectors add their own."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from onboarder.connector.errors import Advice, MarketplaceError
from onboarder.model.people import Actor

UNREACHABLE = Advice(
    "marketplace.unreachable",
    Actor.NOBODY,
    "Marketplace belum bisa dihubungi. Sistem mencoba lagi sendiri.",
    "The marketplace cannot be reached. It is tried again by itself.",
)
UNAVAILABLE = Advice(
    "marketplace.unavailable",
    Actor.NOBODY,
    "Marketplace sedang terganggu. Sistem mencoba lagi sendiri.",
    "The marketplace has a fault of its own. It is tried again by itself.",
)
UNREADABLE = Advice(
    "marketplace.unreadable",
    Actor.NOBODY,
    "Jawaban marketplace tidak bisa dibaca. Sistem memeriksa ulang sendiri.",
    "The marketplace's answer could not be read. The outcome is looked up by itself.",
)
TOO_LARGE = Advice(
    "marketplace.answer_too_large",
    Actor.NOBODY,
    "Jawaban marketplace terlalu besar dan ditolak. Sistem memeriksa ulang sendiri.",
    "The marketplace's answer was larger than allowed and was dropped.",
)
LATE = Advice(
    "marketplace.late",
    Actor.NOBODY,
    "Marketplace tidak menjawab tepat waktu. Sistem memeriksa ulang sendiri.",
    "The marketplace did not answer within the deadline.",
)
LIMITED = Advice(
    "marketplace.limited",
    Actor.NOBODY,
    "Marketplace meminta menunggu sebentar. Sistem melanjutkan sendiri.",
    "The marketplace asked to wait. Work goes on by itself.",
)
BUDGET = Advice(
    "budget.wait",
    Actor.NOBODY,
    "Menunggu giliran ke marketplace. Sistem melanjutkan sendiri.",
    "Waiting for a turn in the rate budget. Work goes on by itself.",
)
BUSY = Advice(
    "marketplace.busy",
    Actor.NOBODY,
    "Marketplace sedang lambat, jadi panggilan dikurangi. Sistem melanjutkan sendiri.",
    "The marketplace answers late, so it is asked less at a time. Work goes on by itself.",
)
UNMAPPED = Advice(
    "marketplace.unmapped",
    Actor.OPERATOR,
    "Marketplace memberi jawaban yang belum dikenal. Operator perlu memeriksa kode galatnya.",
    "The marketplace gave an error that is in no table. The operator adds it to the connector's errors.",
)


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One known error: matched by status, the marketplace's own code, and a pattern in its message."""

    advice: Advice
    error: type[MarketplaceError]
    status: int | None = None
    vendor_code: str | None = None
    message: str | None = None
    """Regular expression, searched in the message."""

    def matches(self, status: int, vendor_code: str, message: str) -> bool:
        return (
            (self.status is None or self.status == status)
            and (self.vendor_code is None or self.vendor_code == vendor_code)
            and (self.message is None or re.search(self.message, message) is not None)
        )


class ErrorTable:
    """A connector's known errors, first match wins; what no row matches is counted and handed to `unmapped`."""

    def __init__(
        self, rows: Sequence[ErrorRow], on_unmapped: Callable[[int, str], None] | None = None
    ) -> None:
        self.rows = tuple(rows)
        self._on_unmapped = on_unmapped

    def find(self, status: int, vendor_code: str = "", message: str = "") -> ErrorRow | None:
        """The row for an answer, or None (after reporting it) if the table has none."""
        for row in self.rows:
            if row.matches(status, vendor_code, message):
                return row
        if self._on_unmapped is not None:
            self._on_unmapped(status, vendor_code)
        return None
