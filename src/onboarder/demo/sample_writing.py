"""The many ways in which registers write one and the same number; `style` picks one, any number will do."""

from datetime import date

from onboarder.intake.cells import Cell

_MONTHS = "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember"


def price_cell(rupiah: int, style: int) -> Cell:
    """A price that can be read in one way only."""
    dotted = f"{rupiah:,}".replace(",", ".")
    ways: tuple[Cell, ...] = (
        float(rupiah),
        f"Rp {dotted}",
        dotted,
        f"{rupiah / 1000:g}rb".replace(".", ","),
        f"Rp{dotted},-",
        f"{dotted},00",
        f"{rupiah // 1000} ribu" if rupiah % 1000 == 0 else str(rupiah),
        f"{rupiah / 1_000_000:g}jt".replace(".", ",") if rupiah % 100_000 == 0 else f"{dotted}/pcs",
    )
    return ways[style % len(ways)]


def weight_cell(grams: int, style: int) -> Cell:
    """A weight for a column whose header says grams."""
    ways: tuple[Cell, ...] = (
        float(grams),
        f"{grams} gr",
        f"{grams / 100:g} ons".replace(".", ",") if grams % 10 == 0 else f"{grams}g",
        f"{grams / 1000:g} kg".replace(".", ",") if grams % 10 == 0 else f"{grams} gram",
        "1/2 kg" if grams == 500 else f"{grams}gram",
    )
    return ways[style % len(ways)]


def stock_cell(pieces: int, style: int) -> Cell:
    """A stock."""
    ways: tuple[Cell, ...] = (float(pieces), str(pieces), f"{pieces} pcs")
    return ways[style % len(ways)]


def phone_cell(last_four: int, style: int) -> Cell:
    """A number of the invented block 0899-0000-xxxx."""
    tail = f"{last_four:04d}"
    ways: tuple[Cell, ...] = (
        f"089900{'00'}{tail}",
        f"0899-0000-{tail}",
        f"+62 899 0000 {tail}",
        float(f"8990000{tail}"),
        f"WA 0899 0000 {tail}",
        f"6289900{'00'}{tail}",
        f"(0899) 0000.{tail}",
    )
    return ways[style % len(ways)]


def date_cell(day: date, style: int) -> Cell:
    """A day, as a date or as one of the usual texts."""
    ways: tuple[Cell, ...] = (
        day,
        f"{day:%d/%m/%Y}",
        f"{day.day} {_MONTHS.split()[day.month - 1]} {day.year}",
        f"{day:%d-%m-%y}",
    )
    return ways[style % len(ways)]
