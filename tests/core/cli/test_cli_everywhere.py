"""What holds for every command: streams, languages, exit codes, faults."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from onboarder.cli import standing
from onboarder.cli.exits import Exit
from onboarder.cli.main import main
from onboarder.demo.back_office import BackOffice
from onboarder.people.key_ring import KeyRingFile
from onboarder.settings import read_settings
from tests.core.cli.office import Office, records
from tests.servers.postgres import fresh_database

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan", "--all-trained"),
    ("open", "--all-trained"),
    ("status",),
    ("tasks",),
    ("marketplaces",),
    ("marketplaces", "rehearsal"),
    ("db", "status"),
    ("doctor",),
    ("exit-codes",),
)


@pytest.mark.parametrize("line", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("lang", ["id", "en"])
def test_json_is_one_document_on_stdout_and_nothing_else(
    office: Office, line: tuple[str, ...], lang: str
) -> None:
    office.fill()

    ended = office.run("--json", *line, "--lang", lang)

    assert ended.code == Exit.DONE
    json.loads(ended.out)


@pytest.mark.parametrize("line", COMMANDS, ids=" ".join)
def test_what_is_shown_to_people_has_no_colours_outside_a_terminal(
    office: Office, line: tuple[str, ...]
) -> None:
    office.fill()

    ended = office.run(*line)

    assert "\x1b" not in ended.out + ended.err


def test_an_error_is_one_document_too(office: Office) -> None:
    ended = office.run("open", "knm-x", "--json", "--lang", "en")

    assert ended.code == Exit.USAGE
    assert ended.json == {
        "error": {
            "exit": 2,
            "message": "no merchant knm-x on record",
            "hint": "ids look like knm-7f3k2q8a; see: onboarder status --market CODE",
        }
    }


def test_the_language_is_indonesian_unless_configured_or_asked_otherwise(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    indonesian = office.run("tasks").err
    office.configure("onboarder.toml", 'lang = "en"\n')
    configured = office.run("tasks").err
    monkeypatch.setenv("ONBOARDER_LANG", "id")
    by_environment = office.run("tasks").err
    asked = office.run("tasks", "--lang=en").err

    assert [indonesian, by_environment] == ["Tidak ada tugas.\n"] * 2
    assert [configured, asked] == ["No tasks.\n"] * 2


def test_an_unknown_language_is_a_misuse(office: Office) -> None:
    assert office.run("tasks", "--lang", "jv").code == Exit.USAGE


def test_a_misuse_points_to_the_help(office: Office) -> None:
    ended = office.run("tasks", "answer")

    assert ended.code == Exit.USAGE
    assert "onboarder PERINTAH --help" in ended.err


def test_a_fault_of_ours_is_one_line_with_a_code_and_its_traceback_in_the_log(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "progress", _broken)

    ended = office.run("status", "--lang", "en")

    log = office.settings.data_dir / "logs" / "onboarder.log"
    code = ended.err.partition("(code ")[2].partition(")")[0]
    assert ended.code == Exit.INTERNAL
    assert len(ended.err.splitlines()) == 2
    assert str(log) in ended.err
    [logged] = [
        one for one in map(json.loads, log.read_text().splitlines()) if one.get("code") == code
    ]
    assert "ZeroDivisionError" in logged["traceback"]


def test_debug_shows_the_traceback(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "progress", _broken)

    assert "ZeroDivisionError" in office.run("status", "--debug").err


def test_ctrl_c_ends_quietly(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "progress", _interrupted)

    ended = office.run("status")

    assert (ended.code, ended.out, ended.err) == (Exit.INTERRUPTED, "", "")


def test_exit_codes_are_documented(office: Office) -> None:
    documented = json.loads(office.run("exit-codes", "--json").out)

    assert [one["exit"] for one in documented] == [int(one) for one in Exit]
    assert all(one["meaning"] for one in documented)


def test_without_its_configuration_a_command_says_where_it_looked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBOARDER_CONFIG_DIR", str(office.folder / "tidak-ada"))

    ended = office.run("marketplaces", "--lang", "en")

    assert ended.code == Exit.CONFIG
    assert "ONBOARDER_CONFIG_DIR" in ended.err


def test_a_practice_marketplace_is_marked_as_one(office: Office) -> None:
    shown = office.run("marketplaces", "rehearsal", "--lang", "en")
    [told] = records(office.said("marketplaces")["marketplaces"])

    assert "PRACTICE (not a real marketplace)" in shown.out
    assert told["practice"] is True
    assert office.run("marketplaces", "lain").code == Exit.USAGE


def test_what_a_switched_off_marketplace_asks_for_is_shown_before_it_is_switched_on(
    office: Office,
) -> None:
    shipped = Path(__file__).parents[3] / "config" / "marketplaces" / "shopee.toml"
    office.configure("marketplaces/shopee.toml", shipped.read_text(encoding="utf-8"))
    office.configure(
        "marketplaces/lain.toml", 'connector = "lain"\nbase_url = "http://x"\nenabled = false\n'
    )

    [_, told] = records(office.said("marketplaces")["marketplaces"])
    shown = office.run("marketplaces", "shopee", "--lang", "en").out

    assert (told["name"], told["enabled"]) == ("shopee", False)
    assert "switched off" in shown
    for unknown in (
        "the exact rate limits",
        "how long a new item takes to appear",
        "how long an uploaded image lives",
        "original_price",
        "how long the review",
        "an Indonesian shop",
        "kilograms or grams",
        "the signed consent link",
    ):
        assert any(unknown in line for line in shown.splitlines() if "Not known:" in line)


def test_a_worker_takes_only_known_lanes(office: Office) -> None:
    assert office.run("worker", "--lanes", "cepat").code == Exit.USAGE


def test_a_command_that_is_not_installed_says_how_to_get_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onboarder.cli.installed.GROUP", "onboarder.nothing")

    ended = office.run("rehearsal", "serve")

    assert ended.code == Exit.CONFIG
    assert "onboarder[rehearsal]" in ended.err


def test_the_practice_marketplace_explains_its_own_options(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["rehearsal", "serve", "--help"])

    assert ended.value.code == 0
    assert "--setup" in capsys.readouterr().out


@pytest.mark.processes
def test_a_reader_that_goes_away_is_no_fault(office: Office) -> None:
    office.fill()
    read, write = os.pipe()
    os.close(read)

    ended = subprocess.run(
        [sys.executable, "-m", "onboarder", "marketplaces", "rehearsal"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    os.close(write)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.postgres
def test_the_whole_way_on_a_database_server(
    busy_office: Office,
    console: BackOffice,
    monkeypatch: pytest.MonkeyPatch,
    postgres_template: tuple[str, str],
) -> None:
    base, template = postgres_template
    with fresh_database(base, template=template) as url:
        monkeypatch.setenv("ONBOARDER_DATABASE_URL", url)
        office = replace(busy_office, settings=read_settings())
        KeyRingFile(office.settings.data_dir / "keys").create()
        office.open_everything()
        again = office.run("import", *map(str, office.folder.glob("*.csv")), "--json")
        console.delete(next(one for held in console.account().listings.values() for one in held))
        night = office.said("reconcile")
        [part] = records(office.said("status")["progress"])
        [planned] = records(office.said("plan", "--all-trained")["marketplaces"])
        watched = office.said("watch")
        tasks, healthy = office.said("tasks"), office.said("doctor")["healthy"]

    assert again.json["merchants"] == {"new": 0, "changed": 0, "unchanged": 3}
    assert night["totals"] == {"vanished": {"repaired": 1}}
    assert (part["stores"], part["listings"], part["failing"]) == ({"open": 2}, {"live": 3}, 0)
    assert (planned["calls"], watched["finished"], tasks, healthy) == (0, True, {"tasks": []}, True)


@pytest.mark.processes
def test_open_and_wait_with_a_real_worker_ends_with_open_stores(busy_office: Office) -> None:
    busy_office.fill()
    worker = _start(busy_office, "worker")
    try:
        ended = busy_office.run("open", "--all-trained", "--wait", "--json", "--lang", "en")
        workers = busy_office.said("status")["workers"]
    finally:
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(timeout=40)

    assert (ended.code, ended.json["finished"]) == (Exit.DONE, True)
    [part] = records(ended.json["progress"])
    assert (part["stores"], part["listings"]) == ({"open": 2}, {"live": 3})
    assert (workers, code) == (1, 0)


@pytest.mark.processes
def test_bars_move_only_on_a_terminal(busy_office: Office) -> None:
    busy_office.open_everything()

    shown = _on_a_terminal("watch")
    plain = _on_a_terminal("watch", NO_COLOR="1")

    assert "KNM · rehearsal" in shown
    assert "\x1b[38" in shown or "\x1b[3" in shown
    assert "\x1b[38" not in plain
    assert "\x1b[3" not in plain


def _start(office: Office, *line: str) -> "subprocess.Popen[bytes]":
    with (office.folder / "process.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "onboarder", *line], stdout=log, stderr=log)


def _on_a_terminal(*line: str, **environment: str) -> str:
    """What a command writes to a terminal."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "onboarder", *line],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**_without_colour_settings(), "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    shown = io.BytesIO()
    while chunk := _read(ours):
        shown.write(chunk)
    os.close(ours)
    assert process.wait(timeout=30) == 0
    return shown.getvalue().decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the other end is closed
        return b""


def _without_colour_settings() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name != "NO_COLOR"}


async def _broken(*_: object) -> None:
    raise ZeroDivisionError


async def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt
