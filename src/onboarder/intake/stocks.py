"""Stock as a whole number of pieces: `12`, `1.200`, `12 pcs`; `habis` and `kosong` mean none.

Other words, like `banyak`, are asked.
"""

import re

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell, folded
from onboarder.intake.numbers import PIECES, whole, whole_of

_NONE_LEFT = {"habis", "kosong", "nihil", "sold out", "out of stock"}
_PIECES = re.compile(rf"\s*(?:{'|'.join(PIECES)})\.?$")
_LONGEST = 30


def read_stock(cell: Cell, *, highest: int) -> int:
    """Pieces from 0 to `highest`; raises Asked."""
    pieces = _of_cell(cell)
    if pieces is None or not 0 <= pieces <= highest:
        raise Asked(AskedCode.STOCK_UNCLEAR)
    return pieces


def _of_cell(cell: Cell) -> int | None:
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return whole_of(cell)
    text = folded(cell) if isinstance(cell, str) and len(cell) <= _LONGEST else "?"
    return 0 if text in _NONE_LEFT else whole(_PIECES.sub("", text))
