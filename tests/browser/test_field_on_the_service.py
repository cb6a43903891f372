"""The canvasser's morning on the real service: everything entered without signal, sent when it is back."""

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.installation import Installation, installation
from tests.browser.phones import SIZE, Handset
from tests.browser.test_field_trouble import NIK, add_good, save, sign
from tests.servers.process import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def service(tmp_path: Path) -> Generator[Installation]:
    with installation(tmp_path) as running:
        yield running


def test_a_trader_is_brought_all_the_way_without_signal(service: Installation) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_context(viewport=SIZE, locale="id-ID").new_page()
        phone = Handset(page, service.address)
        phone.enrol(token=service.token())
        page.wait_for_function("navigator.serviceWorker.controller")
        page.get_by_text("Belum ada pedagang").wait_for()
        phone.go("#/setelan")
        page.get_by_label("Mode latihan").check()
        page.wait_for_timeout(1500)
        page.context.set_offline(True)

        key = phone.register("Bu Siti Aminah")
        page.get_by_role("button", name="Tandai sudah dilatih").click()
        page.get_by_text("Nomor KTP (NIK)").click()
        page.get_by_label("NIK", exact=True).fill(NIK)
        page.locator("#identity").get_by_role("button", name="Simpan").click()
        phone.go(f"#/izin/{key}")
        page.get_by_label("Pedagang setuju").first.wait_for()
        for one in page.get_by_label("Pedagang setuju").all():
            one.check()
        page.get_by_label("Sudah dibacakan").check()
        sign(phone)
        save(phone)
        page.wait_for_url("**#/pedagang/*")
        add_good(phone, key, "Kerupuk udang asli Cirebon 250 gram")
        save(phone)
        page.wait_for_url("**#/pedagang/*")
        page.get_by_role("button", name="Buka toko").click()
        wait_until(lambda: phone.waiting() >= 9)
        page.context.set_offline(False)
        phone.until_sent()
        stopped = page.get_by_text("perlu diperbaiki").count()
        browser.close()

    [merchant] = service.merchants()
    assert stopped == 0
    assert (merchant["name"], merchant["field_id"], merchant["identities"]) == (
        "Bu Siti Aminah",
        key,
        ["nik"],
    )
    assert merchant["trained_on"]
    assert len(merchant["products"]) == 1  # type: ignore[arg-type]  # a list
    assert merchant["stores"]
