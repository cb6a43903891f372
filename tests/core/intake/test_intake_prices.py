"""Prices: what can be read in one way is read, everything else is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarder.demo.sample_writing import price_cell
from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell
from onboarder.intake.prices import read_price

LOWEST, HIGHEST = 100, 100_000_000


def read(cell: Cell, *, thousands: bool = False) -> int:
    return read_price(cell, lowest=LOWEST, highest=HIGHEST, thousands=thousands)


@pytest.mark.parametrize(
    ("cell", "rupiah"),
    [
        ("Rp 12.500", 12_500),
        ("12.500,00", 12_500),
        ("12500", 12_500),
        ("12,5rb", 12_500),
        ("12 ribu", 12_000),
        ("12.5k", 12_500),
        ("1,5jt", 1_500_000),
        ("2 juta", 2_000_000),
        ("Rp12.500,-", 12_500),
        ("Rp. 12.500.-", 12_500),
        ("12,500.00", 12_500),
        ("IDR 12,500", 12_500),
        ("@12.500", 12_500),
        ("@ Rp 12.500", 12_500),
        ("12500 rupiah", 12_500),
        ("1.250", 1_250),
        ("1.250.000", 1_250_000),
        ("Rp 500", 500),
        ("Rp 500,-", 500),
        ("12.500/pcs", 12_500),
        ("12.500 per bungkus", 12_500),
        ("\uff11\uff12.500", 12_500),
        (12_500.0, 12_500),
        (" 12.500 ", 12_500),
    ],
)
def test_an_amount_written_in_a_usual_way_is_read(cell: Cell, rupiah: int) -> None:
    assert read(cell) == rupiah


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("12.5", AskedCode.PRICE_UNCLEAR),
        ("12,50", AskedCode.PRICE_UNCLEAR),
        ("Rp 12.50", AskedCode.PRICE_UNCLEAR),
        ("12", AskedCode.PRICE_UNCLEAR),
        ("500", AskedCode.PRICE_UNCLEAR),
        (12.75, AskedCode.PRICE_UNCLEAR),
        (150.0, AskedCode.PRICE_UNCLEAR),
        (0.0, AskedCode.PRICE_UNCLEAR),
        (float("inf"), AskedCode.PRICE_UNCLEAR),
        (float("nan"), AskedCode.PRICE_UNCLEAR),
        (True, AskedCode.PRICE_UNCLEAR),
        ("-500", AskedCode.PRICE_UNCLEAR),
        ("-12.500", AskedCode.PRICE_UNCLEAR),
        ("12.5OO", AskedCode.PRICE_UNCLEAR),
        ("12.500rb", AskedCode.PRICE_UNCLEAR),
        ("12.50.000", AskedCode.PRICE_UNCLEAR),
        ("12.500.00", AskedCode.PRICE_UNCLEAR),
        ("1,2345jt", AskedCode.PRICE_UNCLEAR),
        ("Rp 12 500", AskedCode.PRICE_UNCLEAR),
        ("kira-kira 12.500", AskedCode.PRICE_UNCLEAR),
        ("nego", AskedCode.PRICE_UNCLEAR),
        ("5.000-7.000", AskedCode.PRICE_SEVERAL),
        ("5rb - 7rb", AskedCode.PRICE_SEVERAL),
        ("Rp 5.000 s/d Rp 7.000", AskedCode.PRICE_SEVERAL),
        ("5.000 atau 7.000", AskedCode.PRICE_SEVERAL),
        ("3/10.000", AskedCode.PRICE_SEVERAL),
        ("18.000/kg", AskedCode.PRICE_PER_UNIT),
        ("18rb per ons", AskedCode.PRICE_PER_UNIT),
        ("120.000/lusin", AskedCode.PRICE_PER_UNIT),
        ("Rp 50", AskedCode.PRICE_BOUNDS),
        ("1.250.000.000", AskedCode.PRICE_BOUNDS),
    ],
)
def test_an_amount_that_could_be_meant_otherwise_is_asked(cell: Cell, code: AskedCode) -> None:
    with pytest.raises(Asked) as question:
        read(cell)

    assert question.value.code is code


@pytest.mark.parametrize(("cell", "rupiah"), [("12", 12_000), (12.5, 12_500), ("12rb", 12_000)])
def test_under_a_header_in_thousands_a_small_number_is_thousands(cell: Cell, rupiah: int) -> None:
    assert read(cell, thousands=True) == rupiah


@pytest.mark.parametrize("cell", ["12.500", 12_500.0])
def test_under_a_header_in_thousands_a_full_amount_is_asked(cell: Cell) -> None:
    with pytest.raises(Asked):
        read(cell, thousands=True)


@given(st.integers(2, 199_999).map(lambda n: n * 500), st.integers(0, 7))
def test_every_way_of_writing_an_amount_is_read_back(rupiah: int, style: int) -> None:
    assert read(price_cell(rupiah, style)) == rupiah


@given(st.text(max_size=50) | st.floats() | st.booleans() | st.dates())
def test_any_cell_is_either_a_price_within_bounds_or_asked(cell: Cell) -> None:
    try:
        rupiah = read(cell)
    except Asked:
        return

    assert LOWEST <= rupiah <= HIGHEST


@given(st.from_regex(r"(Rp ?)?[0-9.,]{1,12}(rb|jt|k)?(,-)?", fullmatch=True))
def test_digits_are_never_added_or_dropped(text: str) -> None:
    """Whatever is read has the digits that are written, but for zeros behind."""
    try:
        rupiah = read(text)
    except Asked:
        return

    written = "".join(character for character in text if character.isdigit())
    assert str(rupiah).rstrip("0") == written.strip("0")
