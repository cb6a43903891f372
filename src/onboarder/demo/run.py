"""`onboarder demo`: register to open shops to the first night, with real processes and faults, ending in one account."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from subprocess import Popen

from rich.console import Console
from rich.table import Table

from onboarder.demo.back_office import Account, ShownListing, ShownStore
from onboarder.demo.open_pages import keep_open
from onboarder.demo.reckoning import Reckoning, reckon
from onboarder.demo.sample import write_sample
from onboarder.demo.stage import Stage, a_stage
from onboarder.problems import Problem

ROWS_ASKED = 3
"""Exit code of an import that took the good rows and asks about others."""
KILL_AT = 0.3
"""Share of the listings after which the worker is killed."""
PATIENCE = 60.0
"""Seconds to wait for the work to get that far."""
PRICES, WITHDRAWN, DELETED = 8, 5, 4
SAYINGS = {
    "id": {
        "register": "1. Daftar pasar dimasukkan (data contoh, dengan kekacauan daftar sungguhan)",
        "start": "2. Marketplace latihan dengan gangguan dinyalakan, dan satu proses worker",
        "started": "marketplace latihan: http://127.0.0.1:{port}/   worker: proses {worker}",
        "plan": "3. Apa yang akan dikerjakan, sebelum ada yang dikerjakan",
        "open": "4. Canvasser berkata: buka toko semua pedagang yang sudah dilatih",
        "killed": "worker {worker} dimatikan paksa (kill -9) di tengah pekerjaan; worker {fresh} melanjutkan",
        "night": "5. Malam pertama. Sebelumnya, tangan-tangan di marketplace:",
        "meddled": "{prices} harga diubah, {withdrawn} barang ditarik, {deleted} dihapus, "
        "1 barang milik pedagang sendiri ditambahkan, 1 toko dibekukan",
        "pages": "make demo SERVE=1 membuka halamannya dengan data ini: meja koordinator dan HP canvasser.",
    },
    "en": {
        "register": "1. The market's register goes in (sample data, with the dirt of a real one)",
        "start": "2. A practice marketplace with faults switched on, and a worker process",
        "started": "practice marketplace: http://127.0.0.1:{port}/   worker: process {worker}",
        "plan": "3. What would be done, before anything is done",
        "open": "4. A canvasser says: open the shops of everybody who is trained",
        "killed": "worker {worker} was killed (kill -9) in the middle of its work; worker {fresh} goes on",
        "night": "5. The first night. Before it, hands at the marketplace:",
        "meddled": "{prices} prices changed, {withdrawn} listings withdrawn, {deleted} deleted, "
        "1 listing of a merchant's own added, 1 store suspended",
        "pages": "make demo SERVE=1 opens the pages on this data: the coordinator's desk and a canvasser's phone.",
    },
}


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`keep`: an empty folder that stays for a look afterwards; otherwise everything is removed at the end.

    `serve`: the pages stay open until Ctrl-C.
    """

    config: Path
    keep: Path | None = None
    seed: int = 20_261_123
    merchants: int = 120
    faults: bool = True
    lang: str = "id"
    serve: bool = False


def main(options: DemoOptions) -> int:
    """Run the demonstration; 0 only if nothing was doubled and nothing lost."""
    started = time.monotonic()
    for name in [one for one in os.environ if one.startswith("ONBOARDER_")]:
        del os.environ[name]  # nothing here may reach the caller's own records
    with (
        _folder(options.keep) as folder,
        a_stage(
            options.config, folder, seed=options.seed, faults=options.faults, lang=options.lang
        ) as stage,
    ):
        account, reckoning = _play(stage, options)
        seconds = round(time.monotonic() - started, 1)
        _say_account(reckoning, account, seconds)
        document = json.dumps(reckoning.as_json() | {"seconds": seconds})
        print(document, flush=True)  # noqa: T201  # the result itself
        _pages(stage, options)
    return 0 if reckoning.duplicates == 0 and reckoning.lost == 0 else 1


def _play(stage: Stage, options: DemoOptions) -> tuple[Account, Reckoning]:
    sample = write_sample(stage.folder / "register", seed=options.seed, merchants=options.merchants)
    say = SAYINGS[options.lang]
    _title(say["register"])
    files = [str(one) for one in sample.files]
    done = stage.run("import", *files, "--verdicts", str(stage.folder / "verdicts.xlsx"))
    _must(done.returncode, {0, ROWS_ASKED}, "import")
    _title(say["start"])
    stage.start_marketplace()
    worker = stage.start_worker()
    _note(say["started"].format(port=stage.port, worker=worker.pid))
    _title(say["plan"])
    _must(stage.run("plan", "--all-trained", "--marketplace", "rehearsal").returncode, {0}, "plan")
    _title(say["open"])
    _must(stage.run("open", "--all-trained", "--marketplace", "rehearsal").returncode, {0}, "open")
    fresh = _kill_once(stage, worker)
    _note(say["killed"].format(worker=worker.pid, fresh=fresh.pid))
    _must(stage.run("watch").returncode, {0}, "watch")
    _title(say["night"])
    _meddle(stage, stage.back_office.account())
    _note(say["meddled"].format(prices=PRICES, withdrawn=WITHDRAWN, deleted=DELETED))
    stage.back_office.remove_dials()
    report = stage.folder / "reconciliation.html"
    _must(stage.run("reconcile", "--report", str(report)).returncode, {0}, "reconcile")
    _must(stage.run("watch", quiet=True).returncode, {0}, "watch")  # reviews after the repairs
    account = stage.back_office.account()
    return account, asyncio.run(reckon(stage.settings, account))


def _pages(stage: Stage, options: DemoOptions) -> None:
    if options.serve:
        kept = options.keep is not None
        keep_open(stage, _note, _title, lang=options.lang, kept=kept)
    else:
        _note(SAYINGS[options.lang]["pages"])


def _kill_once(stage: Stage, worker: "Popen[bytes]") -> "Popen[bytes]":
    """Kill -9 in the middle of the work, and a new worker: nothing may be doubled or lost by it."""
    goal = max(50, round(KILL_AT * 6 * len(stage.back_office.account().stores)))
    deadline = time.monotonic() + PATIENCE
    while sum(map(len, stage.back_office.account().listings.values())) < goal:
        if time.monotonic() > deadline:
            raise Problem("the worker does not get on", hint=f"see {stage.folder}/worker.log")
        time.sleep(0.2)
    worker.kill()
    worker.wait()
    return stage.start_worker()


def _meddle(stage: Stage, account: Account) -> None:
    """What marketplace staff and merchants do by day."""
    office = stage.back_office
    live = _live(account)
    for one in islice(live, PRICES):
        office.change_price(one, one.price + 1_000)
    for one in islice(live, WITHDRAWN):
        office.withdraw(one)
    for one in islice(live, DELETED):
        office.delete(one)
    stores = _open(account)
    office.add_own(stores[-1], "Barang pedagang sendiri")
    office.suspend(stores[0], "Foto KTP tidak jelas")


def _live(account: Account) -> Generator[ShownListing]:
    """Our live listings, one per store and never of the store that will be suspended."""
    spared = _open(account)[0].reference
    seen: set[str] = {spared}
    for shown in account.listings.values():
        for one in shown:
            if one.reference and one.state == "live" and one.store not in seen:
                seen.add(one.store)
                yield one


def _open(account: Account) -> Sequence[ShownStore]:
    return [one for shown in account.stores.values() for one in shown if one.state == "open"]


@contextmanager
def _folder(keep: Path | None) -> Generator[Path]:
    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise Problem(f"{keep} is not empty", hint="name an empty or new folder")
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="onboarder-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _must(code: int, allowed: set[int], command: str) -> None:
    if code not in allowed:
        raise Problem(
            f"onboarder {command} ended with exit code {code}", hint="its message stands above"
        )


def _title(text: str) -> None:
    _console().print(f"\n[bold]{text}[/bold]")


def _note(text: str) -> None:
    _console().print(f"   {text}", highlight=False, markup=False, soft_wrap=True)


def _console() -> Console:
    return Console(file=sys.stderr)


def _say_account(reckoning: Reckoning, account: Account, seconds: float) -> None:
    table = Table(title="The account, read from the marketplace's side", title_justify="left")
    table.add_column("what")
    table.add_column("number", justify="right")
    table.add_column("remarks")
    skipped = ", ".join(f"{code}: {number}" for code, number in reckoning.skipped.items())
    faults = ", ".join(f"{name} {number}" for name, number in sorted(account.faults.items()))
    drifts = ", ".join(
        f"{name} {number}" for name, number in sorted(reckoning.drifts_found.items())
    )
    rows: list[tuple[str, int, str]] = [
        ("merchants on record", reckoning.merchants, ""),
        ("  skipped", sum(reckoning.skipped.values()), skipped),
        ("stores open", reckoning.stores_open, ""),
        ("  stopped by the marketplace", reckoning.stores_stopped, "each with a task"),
        ("listings wanted", reckoning.listings_wanted, ""),
        ("listings live", reckoning.listings_live, ""),
        ("  not live, explained by a task", reckoning.listings_explained, ""),
        ("calls made", reckoning.calls, ""),
        ("faults met", reckoning.faults_met, faults),
        ("drifts found", sum(reckoning.drifts_found.values()), drifts),
        ("  repaired", reckoning.drifts_repaired, ""),
        ("tasks for people", reckoning.open_tasks, ""),
        ("duplicates", reckoning.duplicates, "stores and listings beyond one per Reference"),
        ("lost", reckoning.lost, "accepted, not there and not explained"),
    ]
    for what, number, remarks in rows:
        table.add_row(what, f"{number:,}", remarks)
    console = _console()
    console.print()
    console.print(table)
    console.print(f"{seconds} seconds")
