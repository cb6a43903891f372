"""From a reading and what is known to a plan of the import; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from onboarder.intake.asked import AskedCode
from onboarder.intake.headers import Headers
from onboarder.intake.importing import (
    ImportPlan,
    KnownRegister,
    Outcome,
    SheetAccount,
    Verdict,
)
from onboarder.intake.ledger import Ledger
from onboarder.intake.owners import Owners
from onboarder.intake.photo_index import PhotoIndex
from onboarder.intake.plan_merchants import new_decisions, plan_merchants
from onboarder.intake.plan_products import plan_products
from onboarder.intake.reading import OutsideSheet, Reading
from onboarder.intake.rows import Finding, Place
from onboarder.intake.table import Table

_NO_PHOTOS = PhotoIndex()


def plan_import(
    reading: Reading, known: KnownRegister, photos: PhotoIndex = _NO_PHOTOS
) -> ImportPlan:
    """What saving the reading would change. Every row ends in exactly one outcome; the same input gives the same plan."""
    ledger = Ledger(Headers(reading.tables))
    merchants = plan_merchants(reading.merchants, reading.programme.code, known, ledger)
    held = [row for row in reading.merchants if ledger.held(row.place)]
    owners = Owners(reading.programme, merchants.people, merchants.decisions, held)
    products = plan_products(
        reading.products,
        owners=owners,
        known=known,
        photos=photos,
        decisions=merchants.decisions,
        ledger=ledger,
    )
    return ImportPlan(
        new_merchants=tuple(merchants.new),
        changed_merchants=tuple(merchants.changed),
        unchanged_merchants=tuple(merchants.unchanged),
        new_products=tuple(products.new),
        changed_products=tuple(products.changed),
        unchanged_products=tuple(products.unchanged),
        decisions=new_decisions(products.decisions, known.decisions),
        verdicts=(*_outside_verdicts(reading.outside), *ledger.verdicts),
        accounts=tuple(_accounts(reading, ledger.outcomes)),
    )


def _accounts(reading: Reading, outcomes: Mapping[Place, Outcome]) -> Iterable[SheetAccount]:
    counted: dict[tuple[str, str], Counter[Outcome]] = {}
    for place, outcome in outcomes.items():
        counted.setdefault((place.file, place.sheet), Counter())[outcome] += 1
    for table in reading.tables:
        yield _table_account(table, counted.get((table.file, table.sheet), Counter()))
    for sheet in reading.outside:
        yield _outside_account(sheet)


def _table_account(table: Table, outcomes: Mapping[Outcome, int]) -> SheetAccount:
    rows, titles, blanks = table.height, table.titles, table.blanks
    return SheetAccount(table.file, table.sheet, table.kind, rows, titles, blanks, 0, outcomes)


def _outside_account(sheet: OutsideSheet) -> SheetAccount:
    outside = sheet.rows - sheet.blanks
    return SheetAccount(sheet.file, sheet.sheet, "", sheet.rows, 0, sheet.blanks, outside, {})


def _outside_verdicts(sheets: Iterable[OutsideSheet]) -> Iterable[Verdict]:
    finding = Finding(AskedCode.SHEET_NOT_RECOGNISED, "")
    used = (sheet for sheet in sheets if sheet.rows > sheet.blanks)
    return (Verdict(Place(sheet.file, sheet.sheet, 0), (finding,)) for sheet in used)
