"""Tables for people. Cells are plain text: a merchant's words can never become markup."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from onboarder.cli.wording import harmless

Cell = str | int | None


def table(
    header: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str | None = None
) -> Table:
    """A table in the order given; numbers stand to the right."""
    body = [list(row) for row in rows]
    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for index, name in enumerate(header):
        numeric = bool(body) and all(isinstance(row[index], int | None) for row in body)
        made.add_column(Text(name), justify="right" if numeric else "left", overflow="fold")
    for row in body:
        made.add_row(*(Text(_text(cell)) for cell in row))
    return made


def facts(pairs: Iterable[tuple[str, Cell]]) -> Table:
    """Names with their values below one another; what has no value is left out."""
    made = Table.grid(padding=(0, 2))
    for name, value in pairs:
        if value not in {None, ""}:
            made.add_row(Text(name, style="bold"), Text(_text(value)))
    return made


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case int():
            return f"{cell:,}"
        case str():
            return harmless(cell)
