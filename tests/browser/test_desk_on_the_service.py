"""The coordinator's day at the desk on the real service: signed in, a market planned, approved and run; then the night."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from onboarder.demo.back_office import ShownListing
from onboarder.demo.sample import write_sample
from onboarder.demo.sign_ins import CANVASSER, COORDINATOR
from onboarder.demo.stage import Stage
from tests.browser.installation import Installation, installation
from tests.browser.pictures import picture
from tests.servers.process import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.processes]

DESK: ViewportSize = {"width": 1180, "height": 820}
PATIENCE = 180_000
"""Milliseconds for a page of a busy machine."""
ROWS_ASKED = 3
"""Exit code of an import that took the good rows and asks about others."""


@pytest.fixture
def service(tmp_path: Path) -> Generator[Installation]:
    """With a register of twelve merchants, two in each market."""
    with installation(tmp_path / "city") as running:
        sample = write_sample(tmp_path / "register", merchants=12)
        files = [str(one) for one in sample.files]
        brought = running.stage.run("import", *files, quiet=True)
        assert brought.returncode == ROWS_ASKED, brought.stderr
        yield running


@contextmanager
def a_desk(service: Installation) -> Generator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_context(viewport=DESK, locale="id-ID").new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{service.address}/meja/")
        yield page
        browser.close()


def test_a_market_is_planned_approved_and_run_and_the_night_is_read(service: Installation) -> None:
    with a_desk(service) as page:
        _sign_in(page, service)
        _phone_let_in(page)
        _plan_and_run(page, service.stage)
        _standing(page)
        changed = _meddle(service.stage)
        _night(page, service.stage, changed)

    account = service.stage.back_office.account()
    [kept] = account.listings[str(changed.reference)]
    assert kept.price == changed.price
    assert all(len(one) == 1 for one in (*account.stores.values(), *account.listings.values()))


def _sign_in(page: Page, service: Installation) -> None:
    """A wrong code first: it is not said what was wrong."""
    _enter(page, service, code="1234567")
    expect(page.get_by_text("Belum bisa masuk")).to_be_visible()
    _enter(page, service, code=service.code())
    expect(page.get_by_role("heading", name="Keadaan")).to_be_visible()


def _enter(page: Page, service: Installation, *, code: str) -> None:
    page.get_by_label("Nama akun").fill(COORDINATOR)
    page.get_by_label("Kata sandi").fill(service.sign_ins.password.get_secret_value())
    page.get_by_label("Kode").fill(code)
    page.get_by_role("button", name="Masuk").click()


def _phone_let_in(page: Page) -> None:
    _room(page, "Orang & HP")
    page.get_by_role("link", name="Canvasser Demo").click()
    page.get_by_role("button", name="Daftarkan HP").click()
    expect(page.locator("svg.qr")).to_be_visible()
    picture(page, "meja-hp")
    page.get_by_role("link", name="Kembali").click()
    expect(page.get_by_text(CANVASSER).first).to_be_visible()


def _plan_and_run(page: Page, stage: Stage) -> None:
    """Nothing is sent before it was approved; then exactly the market's shops open."""
    _room(page, "Rencana")
    page.locator("[name=pasar]").select_option(label="Pasar Kanoman")
    page.get_by_role("button", name="Lihat rencananya").click()
    approve = page.get_by_role("button", name="Setujui persis seperti ini")
    approve.wait_for()
    assert stage.back_office.account().stores == {}
    picture(page, "meja-rencana")
    approve.click()
    page.get_by_role("button", name="Jalankan sekarang").click()
    expect(page.get_by_role("status")).to_be_visible()
    wait_until(lambda: _live_in(stage) == 2, deadline_seconds=PATIENCE / 1000)


def _live_in(stage: Stage) -> int:
    """Shops that are open with all they sell on sale."""
    account = stage.back_office.account()
    waiting = {
        one.store for shown in account.listings.values() for one in shown if one.state != "live"
    }
    selling = {one.store for shown in account.listings.values() for one in shown}
    shops = [one for shown in account.stores.values() for one in shown]
    return sum(one.state == "open" and one.reference in selling - waiting for one in shops)


def _standing(page: Page) -> None:
    """How many have goods on sale is told as soon as the worker has looked again."""
    wait_until(lambda: _on_sale(page) == "2", deadline_seconds=PATIENCE / 1000)
    picture(page, "meja-keadaan")


def _on_sale(page: Page) -> str:
    _room(page, "Keadaan")
    row = page.get_by_role("row").filter(has_text="Pasar Kanoman")
    return row.get_by_role("cell").last.inner_text()


def _meddle(stage: Stage) -> ShownListing:
    """What merchants and marketplaces do by day: a price is changed, a shop suspended. Returns the former as it was."""
    office = stage.back_office
    account = office.account()
    first, second = (one for shown in account.stores.values() for one in shown)
    listing = next(
        one for shown in account.listings.values() for one in shown if one.store == first.reference
    )
    office.change_price(listing, listing.price + 1_000)
    office.suspend(second, "Foto KTP tidak jelas")
    return listing


def _night(page: Page, stage: Stage, changed: ShownListing) -> None:
    """The report, down to one shop's history; and the suspended shop with who must act."""
    done = stage.run("reconcile", quiet=True)
    assert done.returncode == 0, done.stderr
    assert stage.run("watch", quiet=True).returncode == 0
    _room(page, "Malam")
    page.locator("main table a").first.click()
    row = page.get_by_role("row").filter(has_text=changed.title)
    expect(row).to_contain_text("diperbaiki")
    picture(page, "meja-malam")
    row.get_by_role("link").click()
    expect(page.get_by_text("malam menemukan: harga berubah").first).to_be_visible()
    expect(page.get_by_text("buka toko", exact=True).first).to_be_visible()
    picture(page, "meja-riwayat")
    _room(page, "Macet")
    expect(page.get_by_text("Foto KTP tidak jelas")).to_be_visible()


def _room(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
    page.wait_for_load_state()
