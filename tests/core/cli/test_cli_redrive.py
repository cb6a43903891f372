"""`onboarder redrive`: parked work goes on once its cause is mended."""

from onboarder.cli.exits import Exit
from tests.core.cli.office import Office


def test_redrive_wakes_the_named_store(busy_office: Office) -> None:
    store, *_ = busy_office.open_everything()

    assert busy_office.said("redrive", store)["stores"] == [store]


def test_nothing_parked_is_nothing_to_redrive(office: Office) -> None:
    office.fill()

    assert office.said("redrive", "--all-parked")["stores"] == []


def test_redrive_wants_stores_named_in_one_way(office: Office) -> None:
    ended = office.run("redrive", "--lang", "en")

    assert ended.code == Exit.USAGE
    assert "--all-parked" in ended.err


def test_redrive_of_an_unknown_store_says_so(office: Office) -> None:
    ended = office.run("redrive", "nobody@rehearsal", "--lang", "en")

    assert ended.code == Exit.USAGE
    assert "is on record" in ended.err
