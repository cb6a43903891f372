"""`onboarder draft` and `onboarder consent`: what a canvasser shows at the stall."""

from pathlib import Path
from urllib.parse import unquote

import pytest

from onboarder.cli.exits import Exit
from tests.core.cli.office import Office, records
from tests.support.consenting import PUBLIC, install


@pytest.fixture
def field_office(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office on a marketplace that asks for consent, with two drafts."""

    install(monkeypatch)
    monkeypatch.setenv("ONBOARDER_PUBLIC_URL", PUBLIC)
    office.settings = type(office.settings)()
    office.fill()
    office.order()
    office.try_once()
    return office


def a_draft(office: Office) -> str:
    tasks = records(office.said("tasks")["tasks"])
    return str(next(one["store"] for one in tasks if one["code"] == "consent.needed"))


def test_ordering_prepares_drafts_with_one_task_each(field_office: Office) -> None:
    tasks = records(field_office.said("tasks")["tasks"])

    assert [(one["code"], one["who"]) for one in tasks] == [("consent.needed", "canvasser")] * 2


def test_the_link_is_the_same_until_a_new_one_is_asked_for(field_office: Office) -> None:
    store = a_draft(field_office)

    one, again = field_office.said("consent", store), field_office.said("consent", store)
    fresh = field_office.said("consent", store, "--new")

    assert one == again
    assert one["link"] != fresh["link"]
    assert str(one["link"]).startswith(f"{PUBLIC}/k/")


def test_the_whatsapp_link_names_no_person_and_no_number(field_office: Office) -> None:
    said = field_office.said("consent", a_draft(field_office))

    link = str(said["whatsapp_link"])
    assert link.startswith("https://wa.me/?text=")
    assert unquote(link).endswith(str(said["link"]))
    assert not [one for one in ("Contoh", "8123", "+62") if one in unquote(link)]


def test_the_screen_shows_a_code_to_scan(field_office: Office) -> None:
    store = a_draft(field_office)

    shown = field_office.run("consent", store)

    assert shown.out.count("█") > 100
    assert "tautan pribadi" in shown.out
    whole = str(field_office.said("consent", store)["whatsapp_link"])
    assert whole in shown.out.splitlines(), "a link broken over two lines opens nothing"
    assert "personal link" in field_office.run("consent", store, "--lang", "en").out


@pytest.mark.parametrize(("name", "begins"), [("qr.svg", b"<?xml"), ("qr.png", b"\x89PNG")])
def test_the_code_is_written_for_its_owner_only(
    field_office: Office, tmp_path: Path, name: str, begins: bytes
) -> None:
    path = tmp_path / name

    field_office.said("consent", a_draft(field_office), "--qr", str(path))

    assert path.read_bytes().startswith(begins)
    assert path.stat().st_mode & 0o077 == 0


def test_the_dossier_has_what_the_merchant_types_and_what_goes_up(field_office: Office) -> None:
    field_office.configure("categories/rehearsal.toml", 'food-crackers = "1010"\n')
    said = [
        field_office.said("draft", str(one["store"]))
        for one in records(field_office.said("tasks")["tasks"])
    ]

    ani = next(one for one in said if one["owner"] == "Siti Contoh")
    budi = next(one for one in said if one["owner"] == "Budi Contoh")
    assert ani["shop_name"] == "Kerupuk Contoh"
    assert "Pasar Kanoman" in str(ani["pickup"])
    assert {one["title"] for one in records(ani["products"])} == {
        "Kerupuk Udang",
        "Kerupuk Melarat",
    }
    assert records(budi["products"]) == []
    [fault] = records(budi["refused_products"])
    assert (fault["title"], fault["code"]) == ("Terasi Udang", "product.category")
    assert [one["who"] for one in records(ani["guide"])] == ["merchant"]
    assert "/k/" in str(ani["link"])


def test_the_guide_of_the_configuration_comes_first(field_office: Office) -> None:
    store = a_draft(field_office)
    step = '[[step]]\nwho = "merchant"\nid = "Siapkan KTP"\nen = "Have the id card"\nminutes = 3\n'
    field_office.configure("guides/rehearsal.toml", step)

    [shown] = records(field_office.said("draft", store, "--lang", "en")["guide"])
    field_office.configure("guides/rehearsal.toml", '[[step]]\nwho = "merchant"\n')
    wrong = field_office.run("draft", store, "--lang", "en")

    assert shown["text"] == "Have the id card"
    assert wrong.code == Exit.CONFIG
    assert "guides" in wrong.err


def test_two_shops_of_one_name_get_two_names(field_office: Office) -> None:
    twin = "No Reg;Nama Pedagang;No HP;Pasar;Nama Usaha;Tgl Pelatihan;Canvasser\n"
    twin += "R-009;Ani Contoh;081234567809;Kanoman;KERUPUK contoh;12/11/2026;c07\n"
    field_office.run("import", str(field_office.write("kembar.csv", twin)))
    field_office.order()
    field_office.try_once()

    names = [
        str(field_office.said("draft", str(one["store"]))["shop_name"]).casefold()
        for one in records(field_office.said("tasks")["tasks"])
        if one["code"] == "consent.needed"
    ]

    assert len(names) == len(set(names)) == 3


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (("consent", "nobody@rehearsal"), Exit.USAGE, "no store 'nobody@rehearsal'"),
        (("draft", "nobody@rehearsal"), Exit.USAGE, "onboarder open"),
    ],
)
def test_what_makes_no_sense_is_explained(
    field_office: Office, line: tuple[str, ...], code: int, said: str
) -> None:
    ended = field_office.run(*line, "--lang", "en")

    assert ended.code == code
    assert said in ended.err


def test_without_an_address_no_link_is_made(
    field_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = a_draft(field_office)
    monkeypatch.delenv("ONBOARDER_PUBLIC_URL")

    ended = field_office.run("consent", store, "--lang", "en")

    assert ended.code == Exit.CONFIG
    assert "public_url" in ended.err


def test_a_plain_address_is_for_this_machine_only(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBOARDER_PUBLIC_URL", "http://pelatihan.example")
    refused = office.run("tasks", "--lang", "en")
    monkeypatch.setenv("ONBOARDER_PUBLIC_URL", "http://127.0.0.1:8791")

    assert refused.code == Exit.CONFIG
    assert "public_url" in refused.err
    assert office.run("tasks").code == Exit.DONE


def test_a_marketplace_that_opens_by_api_needs_no_consent(office: Office) -> None:
    office.fill()
    store, *_ = office.order()

    ended = office.run("consent", store, "--lang", "en")

    assert ended.code == Exit.USAGE
    assert "asks for no consent" in ended.err


def test_the_log_of_a_command_holds_no_link(field_office: Office) -> None:
    said = field_office.said("consent", a_draft(field_office))
    token = str(said["link"]).rpartition("/")[2]

    logs = [path.read_text() for path in (field_office.folder / "data").rglob("*.log")]
    assert not [text for text in logs if token in text]
    assert said["canvasser"] == "c07"
