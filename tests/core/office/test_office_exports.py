"""Exports carry texts as texts: a spreadsheet that opens them calculates nothing."""

import csv
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from onboarder.office.exports import Sheet, as_csv, as_xlsx

DANGEROUS = ["=1+1", "+62811", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_text_that_looks_like_a_formula_stays_a_text_in_a_workbook(text: str) -> None:
    content = as_xlsx([Sheet("Tugas", [text], [[text, 5]])])

    [sheet] = load_workbook(BytesIO(content)).worksheets
    cells = [sheet["A1"], sheet["A2"]]
    assert [one.data_type for one in cells] == ["s", "s"]
    assert all(str(one.value).startswith(("'", " ")) for one in cells)
    assert sheet["B2"].value == 5
    assert b"<f>" not in ZipFile(BytesIO(content)).read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_text_that_looks_like_a_formula_stays_a_text_in_a_csv(text: str) -> None:
    content = as_csv(Sheet("Tugas", [text], [[text, -5, 2.5, None]])).decode("utf-8-sig")

    header, row = csv.reader(StringIO(content), delimiter=";")
    assert header[0][0] not in "=+-@\t\r"
    assert row[0][0] not in "=+-@\t\r"
    assert row[1:] == ["-5", "2,5", ""]


def test_a_csv_says_that_it_is_utf_8() -> None:
    assert as_csv(Sheet("x", ["Pasar Jum’at"], [])).startswith(b"\xef\xbb\xbf")
