"""A coordinator's office: its own configuration, an empty data folder, a practice marketplace, the command line."""

import asyncio
import json
import shutil
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import cast

import pytest
import uvicorn

from onboarder.application import open_application
from onboarder.cli.main import main
from onboarder.converge.loop import converge
from onboarder.demo.back_office import BackOffice
from onboarder.records import stores
from onboarder.settings import Settings
from onboarder_rehearsal.server import create_app
from tests.servers.process import free_port, wait_until

CONFIG = Path(__file__).parents[3] / "config"

MERCHANTS = """\
No Reg;Nama Pedagang;No HP;Pasar;Blok/Los;Nama Usaha;Jenis Dagangan;Tgl Pelatihan;Canvasser
R-001;Siti Contoh;081234567801;Kanoman;Blok A/1;Kerupuk Contoh;Kerupuk;12/11/2026;c07
R-002;Budi Contoh;081234567802;Kanoman;Blok A/2;Terasi Contoh;Terasi;13/11/2026;c07
R-003;Dewi Contoh;081234567803;Pagi;Blok B/2;Kopi Contoh;Kopi;;
"""
PRODUCTS = """\
No Reg;Nama Pedagang;Nama Barang;Hrg;Stok;Berat (gr);Kategori
R-001;Siti Contoh;Kerupuk Udang;Rp 12.500;20;250;Kerupuk
R-001;Siti Contoh;Kerupuk Melarat;12rb;20;250;Kerupuk
R-002;Budi Contoh;Terasi Udang;15rb;10;100;Terasi
R-003;Dewi Contoh;Kopi Bubuk;20rb;10;100;Kopi
"""
"""Sample data: invented."""
SETTINGS = """\
programme = "cirebon"
call_deadline_seconds = 2
lease_seconds = 3
look_again_seconds = [0.2]
"""


@dataclass(frozen=True)
class Ended:
    """One command's end."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        """The one document on stdout."""
        read: dict[str, object] = json.loads(self.out)
        return read


@dataclass
class Office:
    """`run` carries a command out in this process and catches what it writes."""

    folder: Path
    config: Path
    settings: Settings
    capture: pytest.CaptureFixture[str]

    def run(self, *line: str) -> Ended:
        self.capture.readouterr()
        code = main(line)
        out, err = self.capture.readouterr()
        return Ended(code, out, err)

    def said(self, *line: str) -> dict[str, object]:
        """A command that must end well, with --json."""
        ended = self.run(*line, "--json")
        assert ended.code == 0, ended
        return ended.json

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def fill(self) -> None:
        """Import the sample register: two trained merchants in Kanoman, an untrained one in Pagi."""
        files = (self.write("pedagang.csv", MERCHANTS), self.write("barang.csv", PRODUCTS))
        assert self.run("import", *map(str, files)).code == 0

    def order(self) -> list[str]:
        """Order the stores of everybody trained; returns their ids."""
        return [str(one) for one in listed(self.said("open", "--all-trained")["stores"])]

    def work(self) -> None:
        """What workers would do: passes over everything due, until nothing is."""
        asyncio.run(_work(self.settings))

    def try_once(self) -> None:
        """One pass over everything due, whatever comes of it."""
        asyncio.run(_work(self.settings, once=True))

    def open_everything(self) -> list[str]:
        """Register in, stores ordered, work done; returns the stores' ids."""
        self.fill()
        stores = self.order()
        self.work()
        return stores

    def configure(self, name: str, text: str) -> None:
        path = self.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def an_office(
    folder: Path, address: str, capture: pytest.CaptureFixture[str], environment: pytest.MonkeyPatch
) -> Office:
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    for known in (config / "marketplaces").glob("*.toml"):
        known.unlink()
    marketplace = (
        f'base_url = "{address}"\n[budget]\nper_second = 1000\n[settings]\nsettle_seconds = 0\n'
    )
    (config / "marketplaces" / "rehearsal.toml").write_text(marketplace, encoding="utf-8")
    (config / "onboarder.toml").write_text(SETTINGS, encoding="utf-8")
    environment.setenv("ONBOARDER_CONFIG_DIR", str(config))
    environment.setenv("ONBOARDER_DATA_DIR", str(folder / "data"))
    return Office(folder, config, Settings(), capture)


@contextmanager
def a_marketplace() -> Generator[tuple[str, BackOffice]]:
    """A practice marketplace in a thread of this process, and the hand at its console."""
    address = ("127.0.0.1", free_port())
    started: Queue[uvicorn.Server] = Queue()
    thread = threading.Thread(target=_serve, args=(*address, started))
    thread.start()
    server = started.get(timeout=10)
    office = BackOffice("http://{}:{}".format(*address))
    try:
        wait_until(lambda: server.started)
        yield "http://{}:{}".format(*address), office
    finally:
        office.close()
        server.should_exit = True
        thread.join()


def _serve(host: str, port: int, started: "Queue[uvicorn.Server]") -> None:
    """Everything in one thread: the marketplace's state belongs to the thread that opened it."""
    app = create_app(None)
    server = uvicorn.Server(
        uvicorn.Config(app, host=host, port=port, log_level="critical", ws="none")
    )
    started.put(server)
    server.run()
    app.state.desk.state.close()


async def _work(settings: Settings, *, once: bool = False) -> None:
    async with open_application(settings) as app, app.surroundings(None) as around:
        while True:
            async with app.database.read() as tx:
                waiting = [one for one in await stores.records(tx) if one.due_at is not None]
                due = await stores.due(tx, app.clock())
            if not waiting:
                return
            for store, _ in due:
                await converge(around, store, owner="test")
            if once:
                return
            if not due:
                await asyncio.sleep(0.05)


def listed(value: object) -> list[object]:
    """A JSON list."""
    assert isinstance(value, list)
    return cast("list[object]", value)


def records(value: object) -> list[dict[str, object]]:
    """A JSON list of objects."""
    return [cast("dict[str, object]", one) for one in listed(value) if isinstance(one, dict)]


def rows(office: Office, query: str) -> list[tuple[object, ...]]:
    """What the embedded database holds."""
    database = sqlite3.connect(office.settings.data_dir / "onboarder.db")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()
