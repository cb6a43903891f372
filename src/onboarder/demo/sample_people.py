"""The sample's merchants: good rows by market, and a tail of dirty ones with the question each must raise."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from onboarder.demo.sample_words import TITLE, SampleWords
from onboarder.demo.sample_writing import date_cell, phone_cell
from onboarder.intake.asked import AskedCode
from onboarder.intake.cells import Cell
from onboarder.intake.export import ExportSheet
from onboarder.intake.sheets import Merge

_HEADERS = """
No|No Reg|Nama Pedagang|No. HP/WA|Pasar|Blok/Los|Nama Toko/Lapak|Jenis Dagangan|Tgl Pelatihan|Canvasser|Paraf
"""
HEADER = tuple(_HEADERS.strip().split("|"))
_LINES = (TITLE, "Daftar pedagang peserta pelatihan Go Online (angka dan nama rekaan)", "")
_MARKET = HEADER.index("Pasar")
_FIRST_DAY = date(2026, 11, 2)
_CANVASSERS = 25
HELD_NUMBER = "KNM-9902"
"""Register number of a dirty row: goods of this person must wait."""


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """One good row."""

    number: str
    name: str
    last_four: int
    market: int
    stall: str
    shop: str
    kind: int
    trained_on: date | None
    canvasser: str

    @property
    def trained(self) -> bool:
        return self.trained_on is not None and bool(self.canvasser)


@dataclass(frozen=True, slots=True)
class SamplePeople:
    """The sheet, who is on it, and what must be asked about its dirty rows."""

    sheet: ExportSheet
    good: Sequence[SamplePerson]
    repeated: int
    asked: Mapping[AskedCode, int]


def people_sheet(words: SampleWords, merchants: int, random: Random) -> SamplePeople:
    """`merchants` good rows in blocks by market, whose market cells are merged, and the dirty rows after them."""
    good = [_person(words, index, merchants, random) for index in range(merchants)]
    rows: list[list[Cell]] = []
    merges: list[Merge] = []
    again: list[Cell] = [*HEADER]
    for market, writings in enumerate(words.markets):
        block = [
            _row(person, words, index)
            for index, person in enumerate(good)
            if person.market == market
        ]
        block[0][_MARKET] = writings[1 + market % 2]
        top = len(_LINES) + 1 + len(rows)
        merges.append(Merge(top, _MARKET, top + len(block) - 1, _MARKET))
        rows += [*block, [], *([again] if market == 2 else [])]
    dirty = _dirty_rows(good, words)
    numbered = [
        [float(number), *row[1:]] if row and row[0] == "" else row
        for number, row in enumerate(rows)
    ]
    everything = [*numbered, *(row for row, _ in dirty)]
    asked = Counter(code for _, code in dirty if code is not None)
    repeated = sum(code is None for _, code in dirty)
    return SamplePeople(
        ExportSheet("Pedagang", HEADER, everything, _LINES, merges), good, repeated, asked
    )


def _person(words: SampleWords, index: int, merchants: int, random: Random) -> SamplePerson:
    market = index * len(words.markets) // merchants
    first = words.people_first[index % len(words.people_first)]
    last = words.people_last[index // len(words.people_first) % len(words.people_last)]
    day = _FIRST_DAY + timedelta(days=random.randrange(18))
    canvasser = f"C-{random.randrange(_CANVASSERS) + 1:02d}"
    return SamplePerson(
        number=f"{words.markets[market][0]}-{index + 1:04d}",
        name=f"{first} {last}",
        last_four=index + 1,
        market=market,
        stall=f"Blok {'ABCDEF'[index % 6]} / Los {index + 1}",
        shop=f"Toko {words.shops[random.randrange(len(words.shops))]} {first}",
        kind=index % len(words.kinds),
        trained_on=None if index % 12 == 11 else day,
        canvasser="" if index % 12 == 11 or index % 40 == 39 else canvasser,
    )


def _row(person: SamplePerson, words: SampleWords, style: int) -> list[Cell]:
    day = date_cell(person.trained_on, style) if person.trained_on else ""
    phone, goods = phone_cell(person.last_four, style), words.kinds[person.kind].goods
    return [
        "",
        person.number,
        person.name,
        phone,
        "",
        person.stall,
        person.shop,
        goods,
        day,
        person.canvasser,
    ]


def _dirty_rows(
    good: Sequence[SamplePerson], words: SampleWords
) -> Sequence[tuple[list[Cell], AskedCode | None]]:
    """Rows with the question that each must raise; None: it repeats another row and raises none."""
    same, twin, near = good[3], good[5], good[8]
    again = _row(same, words, 3)
    again[_MARKET] = words.markets[same.market][1]
    near_market = words.markets[near.market][1]
    return (
        (again, None),
        (
            _dirty("KNM-9901", twin.name, phone_cell(twin.last_four, 1)),
            AskedCode.LIKELY_SAME_MERCHANT,
        ),
        (
            _dirty("KNM-9911", near.name, "0899-0000-9911", near_market),
            AskedCode.LIKELY_SAME_MERCHANT,
        ),
        (_dirty(HELD_NUMBER, "Kecubung Misalnya", "0899 0000 99O2"), AskedCode.PHONE_UNCLEAR),
        (_dirty("KNM-9903", "Wijaya Kusuma Fiktif", "8.99E+10"), AskedCode.PHONE_DIGITS_LOST),
        (
            _dirty("KNM-9904", "Alamanda Rekaan", "0899-0000-9904 / 0899-0000-9905"),
            AskedCode.PHONE_SEVERAL,
        ),
        (
            _dirty("KNM-9906", "Asoka Khayalan", "089900009906", "Pasar Minggu"),
            AskedCode.MARKET_UNKNOWN,
        ),
        (
            _dirty("KNM-9907", "Soka Umpama", "089900009907", day="11/25/2026"),
            AskedCode.DATE_UNCLEAR,
        ),
        (_dirty("KNM-9908", "Nusa Indah Bayangan", "089900009908"), AskedCode.KEY_TWICE),
        (_dirty("KNM-9908", "Lavender Bayangan", "089900009909"), AskedCode.KEY_TWICE),
        (_dirty("", "Tulip Percontohan", ""), AskedCode.KEY_MISSING),
        (_dirty("KNM-9910", "", "089900009910"), AskedCode.NAME_MISSING),
    )


def _dirty(
    number: str, name: str, phone: Cell, market: str = "Kanoman", day: str = ""
) -> list[Cell]:
    return ["", number, name, phone, market, "", "", "", day, "C-01" if day else ""]
