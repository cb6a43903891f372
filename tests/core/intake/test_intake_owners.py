"""Whose a product is: by number, phone, or name with market and stall; never guessed."""

import pytest

from onboarder.intake.asked import AskedCode
from onboarder.intake.cells import Cell
from onboarder.intake.importing import ImportPlan, KnownRegister
from onboarder.model.ids import MarketCode, ProgrammeCode, merchant_id
from tests.core.intake.registers import asked_about, people, person, planned, saved, sheet

HEADER = (
    "No Reg",
    "Nama Pedagang",
    "No HP",
    "Pasar",
    "Lapak",
    "Nama Barang",
    "Harga",
    "Stok",
    "Berat (gr)",
)
CIREBON = ProgrammeCode("cirebon")


@pytest.fixture
def known() -> KnownRegister:
    """Two of the same name in one market at different stalls, one in another, and K-1 in two markets."""
    return saved(
        planned(
            people(
                person("K-1", name="Siti Umpama", phone="0899-0000-0001", stall="A/1"),
                person("K-2", name="Siti Umpama", phone="0899-0000-0002", stall="B/2"),
                person("K-3", name="Siti Umpama", phone="0899-0000-0003", market="Pagi"),
                person("K-1", name="Mawar Fiktif", phone="0899-0000-0004", market="Drajat"),
            )
        )
    )


def tied(known: KnownRegister, *owner: Cell) -> ImportPlan:
    row = (*owner, *[""] * (5 - len(owner)), "Kopi bubuk", "10rb", 5.0, 250.0)
    return planned(sheet("Barang", HEADER, row), known=known)


@pytest.mark.parametrize(
    ("owner", "market", "number"),
    [
        (("K-2",), "KNM", "K2"),
        (("k 2", "Ibu Siti"), "KNM", "K2"),
        (("K-1", "", "", "Drajat"), "DRJ", "K1"),
        (("K-1", "Mawar"), "DRJ", "K1"),
        (("", "", "62899-0000-0003"), "PGI", "K3"),
        (("", "Mawar Fiktif"), "DRJ", "K1"),
        (("", "siti umpama", "", "Ps. Pagi"), "PGI", "K3"),
        (("", "Siti Umpama", "", "Kanoman", "Blok B Los 02"), "KNM", "K2"),
    ],
)
def test_what_is_said_of_the_owner_leads_to_one_merchant(
    known: KnownRegister, owner: tuple[str, ...], market: str, number: str
) -> None:
    plan = tied(known, *owner)

    assert plan.verdicts == ()
    assert plan.new_products[0].merchant_id == merchant_id(CIREBON, MarketCode(market), number)


@pytest.mark.parametrize(
    ("owner", "code"),
    [
        (("K-1",), AskedCode.OWNER_SEVERAL),
        (("", "Siti Umpama"), AskedCode.OWNER_SEVERAL),
        (("", "Siti Umpama", "", "Kanoman"), AskedCode.OWNER_SEVERAL),
        (("", "Siti Umpama", "", "Kanoman", "C/9"), AskedCode.OWNER_SEVERAL),
        (("K-2", "Mawar Fiktif"), AskedCode.OWNER_CONTRADICTS),
        (("", "Mawar", "0899-0000-0001"), AskedCode.OWNER_CONTRADICTS),
        (("K-99",), AskedCode.OWNER_UNKNOWN),
        (("", "Siti"), AskedCode.OWNER_UNKNOWN),
        (("", "Mawar Fiktif", "", "Kanoman"), AskedCode.OWNER_CONTRADICTS),
        (("", "", "0812x"), AskedCode.PHONE_UNCLEAR),
        ((), AskedCode.OWNER_MISSING),
    ],
)
def test_an_owner_that_is_not_certain_is_asked(
    known: KnownRegister, owner: tuple[str, ...], code: AskedCode
) -> None:
    plan = tied(known, *owner)

    assert plan.new_products == ()
    assert asked_about(plan, 2) == [code]


def test_goods_of_a_row_answered_to_be_somebody_known_go_to_that_person(
    known: KnownRegister,
) -> None:
    header = ("No Reg", "Nama Pedagang", "No HP", "Pasar", "Keputusan")
    double = ("K-8", "Siti", "0899-0000-0002", "Kanoman", "sama")
    known = saved(planned(sheet("Pedagang", header, double), known=known), known)

    plan = tied(known, "K-8")

    assert plan.new_products[0].merchant_id == merchant_id(CIREBON, MarketCode("KNM"), "K2")
