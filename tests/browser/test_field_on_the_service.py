"""The canvasser's morning on the real service: everything entered without signal, sent when it is back."""

from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.installation import Installation, installation
from tests.browser.phones import SIZE, Handset
from tests.browser.test_field_trouble import NIK, add_good, save, sign
from tests.servers.process import wait_until

JUDGED = """async ({key, steps}) => {
  const base = document.querySelector('script[type=module]').src.replace('app.js', '');
  const core = await import(base + 'core.js');
  const once = () => ({ 'Idempotency-Key': core.ulid() });
  const ask = async (method, path, body) => (await core.call(method, path, { body, headers: once() })).body;
  const [place] = (await ask('GET', '/rules')).marketplaces;
  const both = [];
  for (const [method, path, body] of [['GET', '', null], ...steps]) {
    const id = path === '/training' ? {} : { id: core.ulid() };
    if (body) await ask(method, `/merchants/${key}${path}`, { ...body, ...id });
    const merchant = await ask('GET', `/merchants/${key}`);
    const phone = core.readiness(merchant, place);
    const [server] = await ask('GET', `/merchants/${key}/readiness`);
    const codes = (missing) => missing.map((one) => one.code).sort();
    both.push([phone, server].map(({ ready, minutes, missing }) => [ready, minutes, codes(missing)]));
  }
  return both;
}"""
AGREED = {"text_version": "1", "given": True, "read_aloud": True, "at": "2026-11-20T02:00:00Z"}
GOOD = {"price": 12_500, "stock": 3, "weight_grams": 250, "category": "food-crackers"}

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def service(tmp_path: Path) -> Generator[Installation]:
    with installation(tmp_path) as running:
        yield running


def test_the_phone_judges_what_is_missing_as_the_server_does(service: Installation) -> None:
    """Step by step, on a registered trader, until nothing is missing; goods that lack something are among them."""
    training = {"on": str(datetime.now(ZoneInfo("Asia/Jakarta")).date())}
    marketplace = {"purpose": "marketplace", "marketplace": "rehearsal"}
    steps: list[tuple[str, str, dict[str, object]]] = [
        ("PUT", "/training", dict(training)),
        ("POST", "/consents", {**AGREED, "purpose": "data", "marketplace": None}),
        ("POST", "/goods", {**GOOD, "name": "K"}),
        ("POST", "/goods", {**GOOD, "name": "Kerupuk udang", "price": 10**8}),
        ("POST", "/consents", {**AGREED, **marketplace}),
        ("POST", "/goods", {**GOOD, "name": "Kerupuk udang asli Cirebon 250 gram"}),
        ("POST", "/consents", {**AGREED, **marketplace, "given": False}),
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        phone = Handset(browser.new_page(locale="id-ID"), service.address)
        phone.enrol(token=service.token())
        key = phone.register("Bu Siti Aminah")
        phone.until_sent()
        judged = phone.page.evaluate(JUDGED, {"key": key, "steps": steps})
        browser.close()

    assert [one for one, _ in judged] == [one for _, one in judged]
    ready = [one for (one, _, _), _ in judged]
    assert (ready[0], ready[-2], ready[-1]) == (False, True, False)


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
