"""`onboarder tasks`: what people must do, and their answers."""

import pytest

from onboarder.cli.exits import Exit
from onboarder.demo.back_office import BackOffice
from tests.core.cli.office import Office, records, rows


def test_without_tasks_it_says_so(office: Office) -> None:
    assert "Tidak ada tugas" in office.run("tasks").err
    assert office.said("tasks") == {"tasks": []}


def test_a_price_changed_there_is_asked_and_the_answer_carried_out(
    busy_office: Office, console: BackOffice
) -> None:
    _change_a_price(busy_office, console, 99_000)
    [task] = records(busy_office.said("tasks", "--who", "canvasser", "--market", "KNM")["tasks"])

    answered = busy_office.said("tasks", "answer", str(task["number"]), "restore")
    busy_office.work()

    assert task["answers"] == ["keep", "restore"]
    assert "99000" in str(task["text"])
    assert answered == {"task": task["number"], "answer": "restore"}
    assert busy_office.said("tasks") == {"tasks": []}
    assert 99_000 not in [one.price for held in console.account().listings.values() for one in held]


def test_tasks_are_listed_in_the_person_s_language(
    busy_office: Office, console: BackOffice
) -> None:
    _change_a_price(busy_office, console, 99_000)

    indonesian, english = (busy_office.run("tasks", "--lang", one) for one in ("id", "en"))

    assert "harga di marketplace 99000" in indonesian.out
    assert "price is 99000 there" in english.out
    assert "tasks answer" in english.err


def test_tasks_of_another_role_or_market_are_left_out(
    busy_office: Office, console: BackOffice
) -> None:
    _change_a_price(busy_office, console, 99_000)

    assert busy_office.said("tasks", "--who", "operator") == {"tasks": []}
    assert busy_office.said("tasks", "--market", "Pagi") == {"tasks": []}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("answer", "77", "done"), "task 77 is not open"),
        (("--who", "walikota"), "nobody has the role 'walikota'"),
        (("answer", "satu", "done"), "should be a valid integer"),
        (("--market", "Atlantis"), "no market 'Atlantis'"),
    ],
)
def test_what_cannot_be_meant_is_explained(
    office: Office, line: tuple[str, ...], said: str
) -> None:
    ended = office.run("tasks", *line, "--lang", "en")

    assert ended.code == Exit.USAGE
    assert said in ended.err


def test_a_drift_takes_only_its_own_answers(busy_office: Office, console: BackOffice) -> None:
    _change_a_price(busy_office, console, 99_000)
    [(number,)] = rows(busy_office, "SELECT id FROM task WHERE state = 'open'")

    ended = busy_office.run("tasks", "answer", str(number), "done", "--lang", "en")

    assert ended.code == Exit.USAGE
    assert "keep, restore" in ended.err


def _change_a_price(office: Office, console: BackOffice, price: int) -> None:
    """The merchant changes a price on the marketplace; the night asks about it."""
    office.open_everything()
    listing = next(one for held in console.account().listings.values() for one in held)
    console.change_price(listing, price)
    assert office.run("reconcile").code == Exit.DONE
