"""`onboarder reconcile`: one run in this process, its result as a table, as JSON and as files."""

import asyncio
import json
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from onboarder.cli.exits import Exit
from onboarder.cli.night_report import NightReport
from onboarder.cli.report_files import write_report
from onboarder.cli.wording import Words
from onboarder.converge.night import LOCK
from onboarder.demo.back_office import BackOffice, ShownListing
from onboarder.model.ids import Reference, RunId, StoreId
from onboarder.model.work import DriftClass, DriftPolicy, RunState
from onboarder.records import runs
from onboarder.records.database import Database
from onboarder.records.findings import Finding
from onboarder.records.locks import take_lock
from onboarder.records.runs import DriftRecord, RunRecord
from tests.core.cli.office import Office, records, rows
from tests.servers.process import wait_until

OTHER = 'connector = "rehearsal"\nbase_url = "http://127.0.0.1:9"\n'


def test_a_quiet_night_finds_nothing(busy_office: Office) -> None:
    busy_office.open_everything()

    said = busy_office.said("reconcile")

    assert (said["state"], said["stores"], said["drifts"]) == ("done", 2, [])


def test_what_vanished_is_created_again_and_the_merchant_s_own_is_left_alone(
    busy_office: Office, console: BackOffice
) -> None:
    busy_office.open_everything()
    lost = _listings(console)[0]
    console.delete(lost)
    [store, *_] = [one for held in console.account().stores.values() for one in held]
    console.add_own(store, "Barang pedagang sendiri")

    said = busy_office.said("reconcile")

    found = {(one["class"], one["outcome"]) for one in records(said["drifts"])}
    assert found == {("vanished", "repaired"), ("unknown_to_us", "reported")}
    assert said["totals"] == {"unknown_to_us": {"reported": 1}, "vanished": {"repaired": 1}}
    assert sum(one.reference == lost.reference for one in _listings(console)) == 1
    assert any(one.title == "Barang pedagang sendiri" for one in _listings(console))


def test_the_result_is_printed_as_tables_in_the_person_s_language(
    busy_office: Office, console: BackOffice
) -> None:
    busy_office.open_everything()
    console.delete(_listings(console)[0])

    ended = busy_office.run("reconcile", "--lang", "en")

    assert ended.code == Exit.DONE
    assert "vanished" in ended.out
    assert "repaired" in ended.out
    assert "observing" in ended.err


def test_a_scope_looks_only_at_its_stores(busy_office: Office) -> None:
    busy_office.open_everything()

    said = busy_office.said("reconcile", "--market", "Pagi", "--marketplace", "rehearsal")

    assert (said["stores"], said["scope"]) == (0, {"market": "PGI", "marketplace": "rehearsal"})


def test_an_earlier_result_can_be_shown_again(busy_office: Office) -> None:
    busy_office.open_everything()
    first = busy_office.said("reconcile")

    again = busy_office.said("reconcile", "--run", str(first["run"]))
    unknown = busy_office.run("reconcile", "--run", "kemarin", "--lang", "en")

    assert again == first
    assert rows(busy_office, "SELECT count(*) FROM run") == [(1,)]
    assert unknown.code == Exit.USAGE
    assert str(first["run"]) in unknown.err


def test_a_second_run_is_refused_while_one_holds_the_lock(busy_office: Office) -> None:
    busy_office.open_everything()
    _hold_lock(busy_office, "another:1")

    ended = busy_office.run("reconcile", "--lang", "en")

    assert ended.code == Exit.BUSY
    assert "another:1 since 20" in ended.err
    assert rows(busy_office, "SELECT count(*) FROM run") == [(0,)]


def test_an_implausible_loss_is_not_believed(busy_office: Office, console: BackOffice) -> None:
    rules = busy_office.config / "rules" / "drift.toml"
    text = rules.read_text(encoding="utf-8").replace("vanished_least = 20", "vanished_least = 2")
    rules.write_text(text, encoding="utf-8")
    busy_office.open_everything()
    for one in _listings(console):
        console.delete(one)

    ended = busy_office.run("reconcile", "--json", "--lang", "en")

    assert ended.code == Exit.IMPLAUSIBLE
    assert ended.json["state"] == "stopped"
    assert "held back" in ended.err
    assert _listings(console) == []

    sure = busy_office.run("reconcile", "--believe-losses", "--json", "--lang", "en")
    assert (sure.code, sure.json["state"]) == (Exit.DONE, "done")


def test_stores_on_a_marketplace_no_longer_configured_do_not_hold_the_night_up(
    busy_office: Office,
) -> None:
    busy_office.open_everything()
    (busy_office.config / "marketplaces" / "rehearsal.toml").unlink()
    busy_office.configure("marketplaces/kedua.toml", OTHER)
    busy_office.configure("categories/kedua.toml", 'food-crackers = "1010"\n')

    said = busy_office.said("reconcile")

    assert (said["state"], said["stores"]) == ("done", 0)


def test_a_run_left_by_a_dead_process_is_continued(busy_office: Office) -> None:
    busy_office.open_everything()
    left = asyncio.run(_begin_a_run(busy_office))

    ended = busy_office.run("reconcile", "--market", "Pagi", "--json", "--lang", "en")

    assert (ended.json["run"], ended.json["state"], ended.json["stores"]) == (left, "done", 2)
    assert "continues a reconciliation" in ended.err


AT_A_TERMINAL = """
import signal
from onboarder.cli.main import run
signal.signal(signal.SIGINT, signal.default_int_handler)
run()
"""
"""A suite that runs in the background hands its children an ignored SIGINT; at a terminal it is heard."""


@pytest.mark.processes
def test_ctrl_c_lets_go_of_the_run_so_that_it_can_be_continued_at_once(
    busy_office: Office, marketplace: tuple[str, BackOffice]
) -> None:
    busy_office.open_everything()
    busy_office.configure("marketplaces/rehearsal.toml", 'base_url = "http://127.0.0.1:9"\n')
    process = subprocess.Popen(
        [sys.executable, "-c", AT_A_TERMINAL, "reconcile"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: rows(busy_office, "SELECT count(*) FROM lock") == [(1,)])

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)

    busy_office.configure("marketplaces/rehearsal.toml", f'base_url = "{marketplace[0]}"\n')
    assert (process.returncode, out, "Traceback" in err) == (Exit.INTERRUPTED, "", False)
    assert rows(busy_office, "SELECT count(*) FROM lock") == [(0,)]
    assert busy_office.said("reconcile")["state"] == "done"


@pytest.mark.parametrize("suffix", [".json", ".html", ".xlsx"])
def test_the_report_is_written_as_a_file(
    busy_office: Office, console: BackOffice, suffix: str
) -> None:
    busy_office.open_everything()
    console.delete(_listings(console)[0])
    path = busy_office.folder / f"laporan{suffix}"

    ended = busy_office.run("reconcile", "--report", str(path))

    assert ended.code == Exit.DONE
    assert str(path) in ended.err
    assert "hilang" in _content(path)


@pytest.mark.parametrize("name", ["laporan.pdf", "tidak/ada/laporan.html"])
def test_a_report_that_cannot_be_written_is_refused_before_any_work(
    busy_office: Office, name: str
) -> None:
    busy_office.fill()

    ended = busy_office.run("reconcile", "--report", name)

    assert ended.code == Exit.USAGE
    assert rows(busy_office, "SELECT count(*) FROM run") == [(0,)]


def test_hostile_words_of_a_marketplace_are_harmless_in_every_format(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    report = NightReport(Words("en"), _run(), [_finding(hostile), _finding("=HYPERLINK(1)")])
    html, xlsx, plain = (tmp_path / f"r{suffix}" for suffix in (".html", ".xlsx", ".json"))

    for path in (html, xlsx, plain):
        write_report(path, report)

    page = html.read_text(encoding="utf-8")
    assert hostile not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page
    assert "'=HYPERLINK(1)" in _content(xlsx)
    assert json.loads(plain.read_text(encoding="utf-8"))["drifts"][0]["detail"] == hostile


def test_how_many_stores_were_not_looked_at_is_only_known_in_the_end() -> None:
    ended = replace(_run(), unseen=2)
    under_way = replace(ended, ended_at=None, state=RunState.OBSERVING, unseen=0)

    told = [dict(NightReport(Words("en"), one, []).facts) for one in (ended, under_way)]

    assert [one["stores not looked at"] for one in told] == ["2", "-"]


def _content(path: Path) -> str:
    if path.suffix != ".xlsx":
        text = path.read_text(encoding="utf-8")
        return text.replace("vanished", "hilang") if path.suffix == ".json" else text
    with CalamineWorkbook.from_path(path) as book:
        return str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])


def _listings(console: BackOffice) -> list[ShownListing]:
    held = console.account().listings.values()
    return [one for shown in held for one in shown if one.state == "live"]


def _hold_lock(office: Office, owner: str) -> None:
    async def hold() -> None:
        database = Database(office.settings.database)
        now = datetime.now(UTC)
        async with database.write() as tx:
            await take_lock(tx, LOCK, owner, now=now, until=now + timedelta(minutes=1))
        await database.aclose()

    asyncio.run(hold())


async def _begin_a_run(office: Office) -> str:
    database = Database(office.settings.database)
    now = datetime.now(UTC)
    async with database.write() as tx:
        await runs.begin(tx, RunId("lama"), by="test", scope={}, now=now)
    await database.aclose()
    return "lama"


def _run() -> RunRecord:
    now = datetime(2026, 11, 23, 18, tzinfo=UTC)
    return RunRecord(RunId("r1"), RunState.DONE, {}, "test", now, now, 1, {})


def _finding(detail: str) -> Finding:
    drift = DriftRecord(
        1,
        StoreId("knm-1@rehearsal"),
        DriftClass.REJECTED,
        Reference("knm-1-a"),
        "I1",
        None,
        "live",
        "rejected",
        detail,
        DriftPolicy.ASK,
        "asked",
    )
    return Finding(drift, "rehearsal", "KNM", "Blok A", detail)
