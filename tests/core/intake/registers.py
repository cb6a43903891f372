"""Small registers in memory, planned against what is known."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from onboarder.intake.asked import AskedCode
from onboarder.intake.cells import Cell
from onboarder.intake.importing import ImportPlan, KnownRegister
from onboarder.intake.photo_index import PhotoIndex
from onboarder.intake.plan import plan_import
from onboarder.intake.reading import Reading, read_sheets
from onboarder.intake.rules import IntakeRules
from onboarder.intake.sheets import Merge, Sheet
from onboarder.programmes import read_programme

CONFIG = Path(__file__).parents[3] / "config"
RULES = IntakeRules.load(CONFIG)
PROGRAMME = read_programme(CONFIG / "programmes", "cirebon")
PEOPLE = ("No Reg", "Nama Pedagang", "No HP/WA", "Pasar", "Blok/Los", "Tgl Pelatihan", "Canvasser")
GOODS = ("No Reg", "Nama Barang", "Varian", "Hrg", "Stok", "Berat (gr)", "Kategori")
NOTHING = KnownRegister()
Cells = Sequence[Cell]


def sheet(
    name: str, *rows: Cells, merges: Sequence[Merge] = (), file: str = "register.xlsx"
) -> Sheet:
    return Sheet(file, name, tuple(tuple(row) for row in rows), tuple(merges))


def people(*rows: Cells, header: Cells = PEOPLE) -> Sheet:
    """Merchants; the first row is row 2."""
    return sheet("Pedagang", header, *rows)


def goods(*rows: Cells, header: Cells = GOODS) -> Sheet:
    """Products; the first row is row 2."""
    return sheet("Barang", header, *rows)


def person(number: str = "K-1", **cells: Cell) -> Cells:
    """A good merchant row, with some cells written otherwise."""
    usual: dict[str, Cell] = {
        "name": "Melati Umpama",
        "phone": "0899-0000-0001",
        "market": "Kanoman",
        "stall": "B/12",
        "trained_on": "12/11/2026",
        "trained_by": "C-01",
    }
    assert cells.keys() <= usual.keys()
    return (number, *(usual | cells).values())


def thing(name: str = "Kerupuk udang", number: str = "K-1", **cells: Cell) -> Cells:
    """A good product row, with some cells written otherwise."""
    usual: dict[str, Cell] = {
        "variant": "",
        "price": "12.500",
        "stock": 10.0,
        "weight": 250.0,
        "category": "",
    }
    assert cells.keys() <= usual.keys()
    return (number, name, *(usual | cells).values())


def reading(*sheets: Sheet) -> Reading:
    return read_sheets([sheets], PROGRAMME, RULES)


def planned(
    *sheets: Sheet, known: KnownRegister = NOTHING, photos: PhotoIndex | None = None
) -> ImportPlan:
    return plan_import(reading(*sheets), known, photos or PhotoIndex())


def saved(plan: ImportPlan, known: KnownRegister = NOTHING) -> KnownRegister:
    """What is known once the plan has been saved."""
    merchants = [*plan.new_merchants, *(change.after for change in plan.changed_merchants)]
    products = [*plan.new_products, *(change.after for change in plan.changed_products)]
    return KnownRegister(
        {**known.merchants, **{one.id: one for one in merchants}},
        {**known.products, **{one.id: one for one in products}},
        {**known.decisions, **plan.decisions},
    )


def asked(plan: ImportPlan) -> Mapping[tuple[str, int], list[AskedCode]]:
    """The codes asked about each row, by sheet and row number."""
    return {
        (one.place.sheet, one.place.row): [finding.code for finding in one.findings]
        for one in plan.verdicts
    }


def asked_about(plan: ImportPlan, row: int) -> list[AskedCode]:
    """The codes asked about the row of that number, of whatever sheet."""
    return [code for (_, number), codes in asked(plan).items() if number == row for code in codes]
