"""Phone numbers in every usual Indonesian writing to E.164; the rest is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarder.demo.sample_writing import phone_cell
from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell
from onboarder.intake.phones import read_phone


@pytest.mark.parametrize(
    "cell",
    [
        "089900001234",
        "0899-0000-1234",
        "0899 0000 1234",
        "0899.0000.1234",
        "(0899) 0000-1234",
        "+62 899-0000-1234",
        "+62 0899 0000 1234",
        "6289900001234",
        "89900001234",
        89_900_001_234.0,
        6_289_900_001_234.0,
        "8.9900001234E+10",
        "'089900001234",
        "WA: 0899 0000 1234",
        "No. HP 0899 0000 1234",
        "hp/wa 089900001234",
        "\uff10\uff18\uff19900001234",
    ],
)
def test_one_number_has_one_reading_however_it_is_written(cell: Cell) -> None:
    assert read_phone(cell) == "+6289900001234"


def test_a_landline_of_the_city_is_a_number_too() -> None:
    assert read_phone("(0231) 203456") == "+62231203456"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("0899 0000 123O", AskedCode.PHONE_UNCLEAR),
        ("O899 0000 1234", AskedCode.PHONE_UNCLEAR),
        ("0899 0000 l234", AskedCode.PHONE_UNCLEAR),
        ("0899 0000 1234 (istri)", AskedCode.PHONE_UNCLEAR),
        ("08990000", AskedCode.PHONE_UNCLEAR),
        ("089900001234089900001235", AskedCode.PHONE_UNCLEAR),
        ("+60 12 345 6789", AskedCode.PHONE_UNCLEAR),
        ("tidak punya", AskedCode.PHONE_UNCLEAR),
        (8.99, AskedCode.PHONE_UNCLEAR),
        (-89_900_001_234.0, AskedCode.PHONE_UNCLEAR),
        (True, AskedCode.PHONE_UNCLEAR),
        ("8.99E+10", AskedCode.PHONE_DIGITS_LOST),
        ("8,9900E+10", AskedCode.PHONE_DIGITS_LOST),
        ("0899-0000-1234 / 0899-0000-1235", AskedCode.PHONE_SEVERAL),
        ("089900001234, 089900001235", AskedCode.PHONE_SEVERAL),
        ("089900001234 atau 089900001235", AskedCode.PHONE_SEVERAL),
        ("089900001234\n089900001235", AskedCode.PHONE_SEVERAL),
    ],
)
def test_a_number_that_is_not_certain_is_asked(cell: Cell, code: AskedCode) -> None:
    with pytest.raises(Asked) as question:
        read_phone(cell)

    assert question.value.code is code


@given(st.integers(0, 9_999), st.integers(0, 6))
def test_every_way_of_writing_a_number_is_read_back(last_four: int, style: int) -> None:
    assert read_phone(phone_cell(last_four, style)) == f"+6289900{last_four:06d}"


@given(st.text(max_size=80) | st.floats() | st.dates())
def test_any_cell_is_either_an_indonesian_number_or_asked(cell: Cell) -> None:
    try:
        number = read_phone(cell)
    except Asked:
        return

    assert number.startswith("+62")
    assert number[1:].isdigit()
