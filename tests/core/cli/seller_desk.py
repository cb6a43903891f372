"""A canvasser with a seller's template, at an office whose marketplace is not connected yet."""

import sqlite3
from contextlib import closing
from pathlib import Path

from onboarder.cli.exits import Exit
from tests.core.cli.office import Office, listed, records, rows
from tests.support.seller_template import Sample, saved, sheet_in

FORM = "shopee-template"
LONG = "Dibuat tangan di Cirebon, renyah dan gurih."
REGISTER = f"""\
No Reg;Nama Pedagang;Nama Barang;Hrg;Stok;Berat (gr);Kategori;Deskripsi
R-001;Siti Contoh;Kerupuk Udang;Rp 12.500;20;250;Kerupuk;{LONG}
R-001;Siti Contoh;Kerupuk Melarat;12rb;20;250;Kerupuk;{LONG}
R-001;Siti Contoh;Rengginang;15rb;20;250;Kerupuk;Renyah <b>sekali</b>, dari dapur sendiri.
R-002;Budi Contoh;Terasi Udang;15rb;10;100;Terasi;{LONG}
"""


def await_the_app(office: Office) -> None:
    """The marketplace is configured and not enabled; the register has descriptions."""
    enable(office, "false")
    office.fill()
    assert office.run("import", str(office.write("barang2.csv", REGISTER))).code == 0


def merchant(office: Office, name: str = "Siti") -> str:
    [(found,)] = rows(office, f"select id from merchant where name like '{name} %'")
    return str(found)


def a_template(office: Office, sample: Sample | None = None, name: str = "template.xlsx") -> Path:
    path = office.folder / name
    path.write_bytes((sample or Sample()).content())
    return path


def line(office: Office, *more: str, whose: str = "Siti", name: str = "template.xlsx") -> list[str]:
    out = office.folder / "isi.xlsx"
    template = office.folder / name
    return ["export", FORM, "--template", str(template), "--merchant", merchant(office, whose),
            "--out", str(out), *more]  # fmt: skip


def exported(office: Office, *more: str) -> dict[str, object]:
    ended = office.run(*line(office, *more, "--json"))
    assert ended.code in {Exit.DONE, Exit.ASKED, Exit.FAILED}, ended
    return ended.json


def titles(said: object) -> set[str]:
    return {str(one["title"]) for one in records(said)}


def given_back(office: Office, refused: dict[str, str]) -> Path:
    """The filled file as the marketplace hands it back, with reasons by product name."""
    sheet = sheet_in((office.folder / "isi.xlsx").read_bytes())
    column = [cell.value for cell in sheet[3]].index("Alasan Gagal") + 1
    for cells in sheet.iter_rows(min_row=7):
        name = next((str(one.value) for one in cells if str(one.value) in refused), None)
        if name is not None and cells[0].row is not None:
            sheet.cell(cells[0].row, column, refused[name])
    path = office.folder / "hasil.xlsx"
    assert sheet.parent is not None
    path.write_bytes(saved(sheet.parent))
    return path


def on_record(office: Office, shop: str, *, connected: bool = False) -> None:
    """The first merchant's store as if a consent had come back."""
    enable(office)
    [store] = listed(office.said("open", merchant(office), "-m", "shopee")["stores"])
    change(office, "update store set remote_id = ?", shop)
    if connected:
        change(
            office,
            "insert into credential (store_id, sealed, generation, tries) values (?, '', 0, 0)",
            str(store),
        )


def enable(office: Office, enabled: str = "true") -> None:
    office.configure(
        "marketplaces/shopee.toml",
        f'enabled = {enabled}\nbase_url = "http://127.0.0.1:9"\n[settings]\npartner_id = 1\n',
    )


def change(office: Office, statement: str, value: str) -> None:
    with closing(sqlite3.connect(office.settings.data_dir / "onboarder.db")) as database:
        database.execute(statement, (value,))
        database.commit()
