"""Weights, stock, dates and markets: strict, with one written rule each."""

from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarder.demo.sample_writing import date_cell, stock_cell, weight_cell
from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell
from onboarder.intake.dates import read_date
from onboarder.intake.markets import MarketNames
from onboarder.intake.stocks import read_stock
from onboarder.intake.weights import read_weight
from tests.core.intake.registers import PROGRAMME

FIRST, LAST = date(2024, 1, 1), date(2027, 12, 31)


def weigh(cell: Cell, header_unit: str | None = None) -> int:
    return read_weight(cell, lowest=1, highest=300_000, header_unit=header_unit)


@pytest.mark.parametrize(
    ("cell", "grams"),
    [
        ("250 gr", 250),
        ("250g", 250),
        ("250 gram", 250),
        ("1.500 gr", 1_500),
        ("2 ons", 200),
        ("2,5 ons", 250),
        ("1/2 kg", 500),
        ("½ kg", 500),
        ("1 1/2 kg", 1_500),
        ("1,5kg", 1_500),
        ("0.25 kilo", 250),
        ("3 Kg.", 3_000),
    ],
)
def test_a_weight_with_its_unit_is_read(cell: Cell, grams: int) -> None:
    assert weigh(cell) == grams


@pytest.mark.parametrize(
    ("cell", "unit", "grams"),
    [
        (250.0, "gr", 250),
        ("1.500", "gr", 1_500),
        (0.25, "kg", 250),
        ("2", "ons", 200),
        ("1 kg", "gr", 1_000),
    ],
)
def test_a_bare_number_has_the_unit_of_its_header(cell: Cell, unit: str, grams: int) -> None:
    assert weigh(cell, unit) == grams


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("250", AskedCode.WEIGHT_WITHOUT_UNIT),
        (250.0, AskedCode.WEIGHT_WITHOUT_UNIT),
        ("1.500 kg", AskedCode.WEIGHT_UNCLEAR),
        ("250 ml", AskedCode.WEIGHT_UNCLEAR),
        ("250-300 gr", AskedCode.WEIGHT_UNCLEAR),
        ("ringan", AskedCode.WEIGHT_UNCLEAR),
        ("1/3 kg", AskedCode.WEIGHT_UNCLEAR),
        ("0,5 gr", AskedCode.WEIGHT_UNCLEAR),
        ("0 gr", AskedCode.WEIGHT_BOUNDS),
        ("400 kg", AskedCode.WEIGHT_BOUNDS),
    ],
)
def test_a_weight_that_is_not_certain_is_asked(cell: Cell, code: AskedCode) -> None:
    with pytest.raises(Asked) as question:
        weigh(cell)

    assert question.value.code is code


def test_a_number_cell_with_decimals_under_grams_is_asked() -> None:
    """A spreadsheet set to English turns the typed 1.500 into one and a half."""
    with pytest.raises(Asked):
        weigh(1.5, "gr")


@given(st.integers(1, 300_000), st.integers(0, 4))
def test_every_way_of_writing_a_weight_is_read_back(grams: int, style: int) -> None:
    assert weigh(weight_cell(grams, style), "gr") == grams


@pytest.mark.parametrize(
    ("cell", "pieces"),
    [
        ("12", 12),
        (12.0, 12),
        ("1.200", 1_200),
        ("12 pcs", 12),
        ("12 buah", 12),
        ("habis", 0),
        ("0", 0),
    ],
)
def test_a_stock_is_a_whole_number_of_pieces(cell: Cell, pieces: int) -> None:
    assert read_stock(cell, highest=100_000) == pieces


@pytest.mark.parametrize(
    "cell", ["banyak", "ada", ">10", "-3", 12.5, "1 lusin", "10-20", "100001", True]
)
def test_a_stock_that_is_not_certain_is_asked(cell: Cell) -> None:
    with pytest.raises(Asked):
        read_stock(cell, highest=100_000)


@given(st.integers(0, 100_000), st.integers(0, 2))
def test_every_way_of_writing_a_stock_is_read_back(pieces: int, style: int) -> None:
    assert read_stock(stock_cell(pieces, style), highest=100_000) == pieces


@pytest.mark.parametrize(
    "cell",
    [
        "12/11/2026",
        "12-11-2026",
        "12.11.26",
        "12 November 2026",
        "12 Nop 26",
        "Kamis, 12 November 2026",
        "12-Nov-2026",
        "2026-11-12",
        "2026-11-12 00:00:00",
        46_338.0,
        date(2026, 11, 12),
        datetime(2026, 11, 12, 8, 30),  # noqa: DTZ001  # a cell has no zone
    ],
)
def test_a_day_is_read_day_before_month(cell: Cell) -> None:
    assert read_date(cell, earliest=FIRST, latest=LAST) == date(2026, 11, 12)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("11/25/2026", AskedCode.DATE_UNCLEAR),
        ("31/02/2026", AskedCode.DATE_UNCLEAR),
        ("12/11", AskedCode.DATE_UNCLEAR),
        ("November 2026", AskedCode.DATE_UNCLEAR),
        ("12 Nvember 2026", AskedCode.DATE_UNCLEAR),
        ("20261112", AskedCode.DATE_UNCLEAR),
        ("sudah", AskedCode.DATE_UNCLEAR),
        (12.0, AskedCode.DATE_UNCLEAR),
        (float("nan"), AskedCode.DATE_UNCLEAR),
        (float("inf"), AskedCode.DATE_UNCLEAR),
        (True, AskedCode.DATE_UNCLEAR),
        ("26/11/12", AskedCode.DATE_BOUNDS),
        ("12/11/2062", AskedCode.DATE_BOUNDS),
    ],
)
def test_a_day_that_is_not_certain_is_asked(cell: Cell, code: AskedCode) -> None:
    with pytest.raises(Asked) as question:
        read_date(cell, earliest=FIRST, latest=LAST)

    assert question.value.code is code


@given(st.dates(FIRST, LAST), st.integers(0, 3))
def test_every_way_of_writing_a_day_is_read_back(day: date, style: int) -> None:
    assert read_date(date_cell(day, style), earliest=FIRST, latest=LAST) == day


@given(st.text(max_size=40) | st.floats() | st.booleans())
def test_no_cell_breaks_a_parser(cell: Cell) -> None:
    """Nothing but a question may come out of an odd cell."""
    with suppress(Asked):
        weigh(cell)
    with suppress(Asked):
        read_stock(cell, highest=9)
    with suppress(Asked):
        read_date(cell, earliest=FIRST, latest=LAST)


@pytest.mark.parametrize("text", ["Kanoman", "PASAR KANOMAN", "Ps. Kanoman", "psr  kanoman", "KNM"])
def test_a_market_is_known_by_name_alias_and_code(text: str) -> None:
    assert MarketNames(PROGRAMME).read(text) == "KNM"


@pytest.mark.parametrize("text", ["Kanomam", "Pasar", "Kanoman / Pagi", "Pasar Minggu"])
def test_a_market_of_another_name_is_asked(text: str) -> None:
    with pytest.raises(Asked):
        MarketNames(PROGRAMME).read(text)


def test_a_title_names_a_market_only_if_it_names_exactly_one() -> None:
    markets = MarketNames(PROGRAMME)

    assert markets.named_in(["DATA UMKM PASAR KANOMAN KOTA CIREBON"]) == "Pasar Kanoman"
    assert markets.named_in(["Pasar Kanoman dan Pasar Pagi"]) is None
    assert markets.named_in(["Jl. Pangeran Drajat"]) is None
