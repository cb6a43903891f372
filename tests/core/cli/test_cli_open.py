"""`onboarder plan`, `open`, `status`, `watch`: from a wish to open stores."""

import pytest

from onboarder.cli.exits import Exit
from onboarder.demo.back_office import BackOffice
from tests.core.cli.office import Office, listed, records


def test_the_plan_counts_what_would_be_done_and_changes_nothing(office: Office) -> None:
    office.fill()

    said = office.said("plan", "--market", "kanoman")

    [part] = records(said["marketplaces"])
    assert (part["merchants"], part["stores"], part["listings"]) == (2, 2, 3)
    # Per store 3 calls to open and complete, and one batch of listings.
    assert part["calls"] == 8
    assert part["calls_per_second"] == 1000
    assert records(office.said("status")["progress"]) == []


def test_the_plan_says_who_is_refused_and_why(office: Office) -> None:
    office.fill()

    ended = office.run("plan", "--market", "Pasar Pagi", "--lang", "en")

    assert ended.code == Exit.REFUSED
    assert "no recorded training" in ended.err


def test_the_plan_of_one_open_store_is_empty(busy_office: Office) -> None:
    store, *_ = busy_office.open_everything()

    [part] = records(
        busy_office.said("plan", "--merchant", store.partition("@")[0])["marketplaces"]
    )

    assert (part["stores"], part["listings"], part["calls"]) == (0, 0, 0)


def test_the_plan_names_products_that_cannot_go_there(office: Office) -> None:
    office.fill()
    office.configure("categories/rehearsal.toml", 'food-crackers = "1010"\n')

    ended = office.run("plan", "--all-trained", "--json", "--lang", "en")

    [part] = records(ended.json["marketplaces"])
    [fault] = records(part["faults"])
    assert (fault["code"], fault["who"]) == ("product.category", "operator")
    assert "is not mapped" in ended.err


def test_open_returns_handles_at_once_and_refuses_the_untrained(office: Office) -> None:
    office.fill()

    said = office.run("open", "--market", "KNM", "--json")
    refused = office.run("open", "--market", "PGI", "--json", "--lang", "en")

    assert said.code == Exit.DONE
    assert len(listed(said.json["stores"])) == 2
    assert refused.code == Exit.REFUSED
    [why] = records(refused.json["refused"])
    assert (why["code"], why["who"]) == ("gate.untrained", "canvasser")
    assert "import it again" in str(why["text"])
    assert "Not ordered: 1" in office.run("open", "--market", "PGI", "--lang", "en").err


def test_open_again_orders_no_second_store(office: Office) -> None:
    office.fill()

    first, second = office.order(), office.order()

    assert first == second
    [part] = records(office.said("status")["progress"])
    assert part["stores"] == {"draft": 2}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("open",), "exactly one way"),
        (("open", "knm-xxxx"), "no merchant knm-xxxx"),
        (("open", "--market", "Atlantis"), "no market 'Atlantis'"),
        (("open", "--all-trained", "--market", "KNM"), "exactly one way"),
        (("open", "--all-trained", "-m", "pasarkembang"), "no marketplace 'pasarkembang'"),
        (("open", "--market", "DRJ"), "no merchants there yet"),
        (("open", "--harga", "murah"), "No such option"),
        (("buka",), "No such command"),
        (("plan", "--merchant"), "requires an argument"),
        (("status", "knm-xxxx"), "no store of knm-xxxx"),
    ],
)
def test_a_wish_that_makes_no_sense_is_explained(
    office: Office, line: tuple[str, ...], said: str
) -> None:
    office.fill()

    ended = office.run(*line, "--lang", "en")

    assert ended.code == Exit.USAGE
    assert said in ended.err
    assert ended.out == ""


def test_with_several_marketplaces_the_person_must_say_which(office: Office) -> None:
    office.fill()
    office.configure(
        "marketplaces/kedua.toml", 'connector = "rehearsal"\nbase_url = "http://127.0.0.1:9"\n'
    )
    office.configure("categories/kedua.toml", 'food-crackers = "1010"\n')

    open_question = office.run("open", "--all-trained", "--lang", "en")
    both = office.said("open", "--all-trained", "-m", "kedua", "-m", "rehearsal")

    assert open_question.code == Exit.USAGE
    assert "--marketplace NAME, of: kedua, rehearsal" in open_question.err
    assert len(listed(both["stores"])) == 4


def test_status_shows_stores_and_listings_by_state(busy_office: Office) -> None:
    busy_office.open_everything()

    [part] = records(busy_office.said("status", "--market", "KNM")["progress"])

    assert part["stores"] == {"open": 2}
    assert part["listings"] == {"live": 3}
    assert (part["listings_wanted"], part["due"], part["running"]) == (3, 0, 0)


def test_status_of_one_merchant_shows_every_listing(busy_office: Office) -> None:
    store, *_ = busy_office.open_everything()

    said = busy_office.said("status", store.partition("@")[0])
    shown = busy_office.run("status", store)

    [detail] = records(said["stores"])
    assert detail["store"] == store
    assert {one["state"] for one in records(detail["listings"])} == {"live"}
    assert "Kerupuk Udang" in shown.out or "Terasi Udang" in shown.out
    assert "tayang" in shown.out


def test_status_tells_the_failure_in_the_person_s_language(office: Office) -> None:
    office.fill()
    store, *_ = office.order()
    office.try_once()

    indonesian = office.run("status", store, "--lang", "id")
    english = office.run("status", store, "--lang", "en")

    assert "belum bisa dihubungi" in indonesian.out
    assert "cannot be reached" in english.out


def test_a_merchant_s_words_cannot_become_markup_on_the_screen(busy_office: Office) -> None:
    register = busy_office.write(
        "p.csv",
        "No Reg;Nama Pedagang;No HP;Pasar;Tgl Pelatihan;Canvasser\n"
        "R-9;[bold red]Siti[/] \x1b[31mContoh;081234567809;Kanoman;12/11/2026;c07\n",
    )
    busy_office.run("import", str(register))
    store, *_ = busy_office.order()
    busy_office.work()

    shown = busy_office.run("status", store).out

    assert "[bold red]Siti[/]" in shown
    assert "\x1b" not in shown


def test_watch_ends_when_nothing_is_going_on(busy_office: Office) -> None:
    busy_office.open_everything()

    ended = busy_office.run("watch", "--json", "--lang", "en")

    assert ended.code == Exit.DONE
    assert ended.json["finished"] is True
    assert "stores open 2/2 · live 3/3" in ended.err
    assert "\x1b" not in ended.err + ended.out


def test_watch_says_that_no_worker_is_alive_and_how_to_start_one(office: Office) -> None:
    office.fill()
    office.order()

    ended = office.run("watch", "--timeout", "0.1", "--lang", "en")

    assert ended.code == Exit.BUSY
    assert "No worker is alive" in ended.err
    assert "onboarder worker" in ended.err
    assert "Not finished: 2 stores" in ended.err


def test_a_stopped_store_is_shown_with_its_task(busy_office: Office, console: BackOffice) -> None:
    store, *_ = busy_office.open_everything()
    reference = store.partition("@")[0]
    reason = "Foto KTP \x1b[31mtidak jelas [bold]"
    console.suspend(console.account().stores[reference][0], reason)
    busy_office.run("reconcile")

    [detail] = records(busy_office.said("status", store)["stores"])
    shown = busy_office.run("status", store).out

    assert detail["state"] == "suspended"
    assert any("Foto KTP" in str(one["text"]) for one in records(detail["tasks"]))
    assert "tidak jelas [bold]" in shown
    assert "\x1b" not in shown
