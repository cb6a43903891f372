"""A register brought in at the desk: asked rows are corrected in place, nothing is lost, the rest goes in."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarder.intake.asked import AskedCode
from onboarder.intake.photo_store import PhotoStore
from onboarder.intake.refused import IntakeRefused
from onboarder.intake.rows import Place
from onboarder.intake.rules import IntakeRules
from onboarder.intake.sheets import Merge, Sheet
from onboarder.model.ids import MarketCode
from onboarder.office.bringing_in import (
    KEPT,
    Counter,
    Looked,
    answer,
    corrections_of,
    look,
    receive,
    save,
)
from onboarder.office.corrections import Correction, corrected
from onboarder.people.roles import Person, Role
from onboarder.records import register, register_imports
from tests.support.town import PROGRAMME, Town

CONFIG = Path(__file__).parents[3] / "config"
RULES = IntakeRules.load(CONFIG)
NUMBER = "01JDEXAMPLE00000000IMPORT1"
COORDINATOR = Person("ani", Role.COORDINATOR, PROGRAMME.code, frozenset({MarketCode("KNM")}))
MERCHANTS = """\
No Reg;Nama Pedagang;No HP;Pasar;Blok/Los;Tgl Pelatihan;Canvasser
R-001;Siti Contoh;081234567801;Pasar Kanoman;A/1;12/11/2026;c07
R-002;Budi Contoh;0812;Pasar Kanoman;A/2;13/11/2026;c07
"""
PRODUCTS = """\
No Reg;Nama Barang;Hrg;Stok;Berat (gr)
R-001;Kerupuk Udang;12.5;20;250
R-001;Kerupuk Melarat;12rb;20;250
"""
WITHOUT_WEIGHTS = """\
No Reg;Nama Barang;Harga;Stok
R-001;Kerupuk Udang;Rp 12.500;20
"""


@dataclass(frozen=True)
class File:
    name: str
    content: bytes


@pytest.fixture
def counter(town: Town, tmp_path: Path) -> Counter:
    photos = PhotoStore(tmp_path / "photos", RULES.limits.photos)
    return Counter(town.database, PROGRAMME, RULES, photos, tmp_path / "imports", town.clock)


async def test_verdicts_are_shown_and_what_is_clear_is_saved(counter: Counter) -> None:
    await bring(counter, pedagang=MERCHANTS, barang=PRODUCTS)

    looked, _ = await save(counter, NUMBER, by=COORDINATOR)

    assert asked(looked) == {
        Place("barang.csv", "barang", 2): [AskedCode.PRICE_UNCLEAR],
        Place("pedagang.csv", "pedagang", 3): [AskedCode.PHONE_UNCLEAR],
    }
    assert await on_record(counter) == (["Siti Contoh"], ["Kerupuk Melarat"])


async def test_corrected_rows_go_in_and_those_saved_before_stay_as_they_are(
    counter: Counter,
) -> None:
    await bring(counter, pedagang=MERCHANTS, barang=PRODUCTS)
    await save(counter, NUMBER, by=COORDINATOR)

    await answer(
        counter,
        NUMBER,
        {
            Place("barang.csv", "barang", 2): Correction({2: "12.500"}),
            Place("pedagang.csv", "pedagang", 3): Correction({2: "081234567802"}),
        },
    )
    looked, _ = await save(counter, NUMBER, by=COORDINATOR)

    assert asked(looked) == {}
    assert (len(looked.plan.new_merchants), len(looked.plan.unchanged_merchants)) == (1, 1)
    assert await on_record(counter) == (
        ["Budi Contoh", "Siti Contoh"],
        ["Kerupuk Melarat", "Kerupuk Udang"],
    )


async def test_a_correction_that_is_no_better_is_asked_again_and_kept(counter: Counter) -> None:
    await bring(counter, pedagang=MERCHANTS, barang=PRODUCTS)
    place = Place("barang.csv", "barang", 2)

    await answer(counter, NUMBER, {place: Correction({2: "dua belas"})})
    looked = await look(counter, NUMBER)

    assert asked(looked)[place] == [AskedCode.PRICE_UNCLEAR]
    assert corrections_of(looked.record)[place].cells == {2: "dua belas"}


async def test_later_corrections_of_a_row_keep_the_earlier_ones(counter: Counter) -> None:
    await bring(counter, pedagang=MERCHANTS)
    place = Place("pedagang.csv", "pedagang", 3)

    await answer(counter, NUMBER, {place: Correction({2: "081234567802"})})
    await answer(counter, NUMBER, {place: Correction({4: "A/9"}, {"Keputusan": "baru"})})

    looked = await look(counter, NUMBER)
    assert corrections_of(looked.record)[place] == Correction(
        {2: "081234567802", 4: "A/9"}, {"Keputusan": "baru"}
    )
    assert asked(looked) == {}


async def test_a_column_that_the_sheet_lacks_can_be_filled_in(counter: Counter) -> None:
    await bring(counter, pedagang=MERCHANTS, barang=WITHOUT_WEIGHTS)
    place = Place("barang.csv", "barang", 2)
    assert asked(await look(counter, NUMBER))[place] == [AskedCode.WEIGHT_MISSING]

    await answer(counter, NUMBER, {place: Correction({}, {"Berat (gr)": "250"})})

    assert place not in asked(await look(counter, NUMBER))


async def test_photos_come_in_a_zip(counter: Counter, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (40, 40), "red").save(tmp_path / "ebi.jpg")
    with ZipFile(tmp_path / "foto.zip", "w") as archive:
        archive.write(tmp_path / "ebi.jpg", "ebi.jpg")
    goods = "No Reg;Nama Barang;Harga;Stok;Berat (gr);Foto\nR-001;Ebi;Rp 12.500;5;100;ebi.jpg\n"
    zipped = File("foto.zip", (tmp_path / "foto.zip").read_bytes())
    await bring(counter, zipped, pedagang=MERCHANTS, barang=goods)

    looked = await look(counter, NUMBER)

    assert [len(one.photos) for one in looked.plan.new_products] == [1]


async def test_a_file_that_cannot_be_read_is_named_and_stays(counter: Counter) -> None:
    await receive(counter, NUMBER, [File("daftar pasar.xlsx", b"no workbook")], by=COORDINATOR)

    with pytest.raises(IntakeRefused, match=r"daftar pasar\.xlsx"):
        await look(counter, NUMBER)

    assert (counter.folder / NUMBER / "daftar pasar.xlsx").read_bytes() == b"no workbook"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.csv", "C:\\Users\\ani\\daftar.csv", ".daftar.csv", "a/b\n.csv", ""]
)
async def test_a_file_s_name_leads_nowhere(counter: Counter, name: str, tmp_path: Path) -> None:
    record = await receive(counter, NUMBER, [File(name, MERCHANTS.encode())], by=COORDINATOR)

    [kept] = record.files
    assert "/" not in kept
    assert "\\" not in kept
    assert [one.name for one in files_in(tmp_path / "imports")] == [kept]


async def test_two_files_of_one_name_are_both_kept(counter: Counter) -> None:
    files = [File("a.csv", MERCHANTS.encode()), File("A.csv", PRODUCTS.encode())]

    record = await receive(counter, NUMBER, files, by=COORDINATOR)

    assert record.files == ("a.csv", "2-A.csv")
    assert len((await look(counter, NUMBER)).reading.tables) == 2


async def test_receiving_again_is_the_same_import(counter: Counter) -> None:
    first = await bring(counter, pedagang=MERCHANTS)
    await answer(counter, NUMBER, {Place("pedagang.csv", "pedagang", 3): Correction({2: "x"})})
    again = await bring(counter, pedagang=MERCHANTS)

    assert (again.id, again.made_at) == (first.id, first.made_at)
    assert again.answers


async def test_after_a_week_names_and_phones_are_gone(counter: Counter, town: Town) -> None:
    await bring(counter, pedagang=MERCHANTS)
    town.clock.pass_by(KEPT + timedelta(seconds=1))

    await receive(counter, "01JDEXAMPLE00000000IMPORT2", [], by=COORDINATOR)

    assert not (counter.folder / NUMBER).exists()
    with pytest.raises(KeyError):
        await look(counter, NUMBER)


async def test_files_are_readable_by_the_service_alone(counter: Counter) -> None:
    await bring(counter, pedagang=MERCHANTS)

    folder = counter.folder / NUMBER
    assert folder.stat().st_mode & 0o077 == 0
    assert all(one.stat().st_mode & 0o077 == 0 for one in folder.iterdir())


async def test_another_programme_s_import_is_unknown(counter: Counter) -> None:
    await bring(counter, pedagang=MERCHANTS)
    async with counter.database.read() as tx:
        other = type(PROGRAMME.code)("elsewhere")
        assert await register_imports.find(tx, other, NUMBER) is None


def test_a_corrected_row_inside_merged_cells_keeps_its_neighbours() -> None:
    sheet = Sheet(
        "f.xlsx",
        "Barang",
        (
            ("No Reg", "Nama Barang", "Harga"),
            ("R-1", "Ebi", "1000"),
            ("", "Terasi", "2000"),
            ("", "Petis", "3000"),
        ),
        (Merge(1, 0, 3, 0),),
    )
    said = {Place("f.xlsx", "Barang", 3): Correction({0: "R-2", 2: "2500"})}

    [read] = corrected([sheet], said, RULES.words)

    assert [row[0] for row in read.filled()] == ["No Reg", "R-1", "R-2", "R-1"]
    assert [row[2] for row in read.rows] == ["Harga", "1000", "2500", "3000"]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=3),
    st.dictionaries(st.integers(2, 6), st.integers(0, 2), max_size=3),
)
def test_only_the_cells_that_were_corrected_change(
    blocks: list[tuple[int, int]], chosen: dict[int, int]
) -> None:
    rows = (("No Reg", "Nama Barang", "Harga"), *((f"R{n}", f"N{n}", f"{n}") for n in range(5)))
    merges = tuple(
        Merge(1 + top, column % 3, min(5, 1 + top + 1), column % 3)
        for column, (top, _) in enumerate(blocks)
    )
    sheet = Sheet("f", "s", rows, merges)
    said = {Place("f", "s", row): Correction({column: "new"}) for row, column in chosen.items()}

    [read] = corrected([sheet], said, RULES.words)

    expected = sheet.filled()
    for row, column in chosen.items():
        expected[row - 1][column] = "new"
    assert [row[:3] for row in read.filled()] == [row[:3] for row in expected]


def files_in(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


async def bring(counter: Counter, *more: File, **texts: str) -> register_imports.ImportRecord:
    files = [File(f"{name}.csv", text.encode()) for name, text in texts.items()]
    return await receive(counter, NUMBER, [*files, *more], by=COORDINATOR)


def asked(looked: Looked) -> dict[Place, list[AskedCode]]:
    return {one.place: [finding.code for finding in one.findings] for one in looked.plan.verdicts}


async def on_record(counter: Counter) -> tuple[list[str], list[str]]:
    async with counter.database.read() as tx:
        people = await register.merchants(tx, PROGRAMME.code)
        goods = await register.products(tx, PROGRAMME.code)
    return sorted(one.name for one in people.values()), sorted(one.name for one in goods.values())
