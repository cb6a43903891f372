"""A canvasser's day on the real service: all entered without signal, sent when it is back, the shop seen opening."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from onboarder.demo.sample import write_sample
from tests.browser.installation import Installation, installation
from tests.browser.phones import SIZE, Handset
from tests.browser.pictures import picture
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

PATIENCE = 180_000
"""Milliseconds for the worker and the marketplace to have done their part."""


@pytest.fixture
def service(tmp_path: Path) -> Generator[Installation]:
    with installation(tmp_path / "city") as running:
        yield running


@contextmanager
def a_phone(service: Installation) -> Generator[Handset]:
    """Enrolled, its app kept on it, and with all it needs to go where there is no signal."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        context = browser.new_context(viewport=SIZE, locale="id-ID", device_scale_factor=2)
        phone = Handset(context.new_page(), service.address)
        phone.page.set_default_timeout(PATIENCE)
        with phone.page.expect_response("**/api/v1/consent-texts*"):  # the last of what it fetches
            phone.enrol(token=service.token())
        phone.page.wait_for_function("navigator.serviceWorker.controller")
        phone.go("#/setelan")
        phone.page.get_by_label("Mode latihan").check()
        expect(phone.page.locator(".practice")).to_be_visible()
        yield phone
        browser.close()


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
        phone.until_sent(PATIENCE / 1000)
        judged = phone.page.evaluate(JUDGED, {"key": key, "steps": steps})
        browser.close()

    assert [one for one, _ in judged] == [one for _, one in judged]
    ready = [one for (one, _, _), _ in judged]
    assert (ready[0], ready[-2], ready[-1]) == (False, True, False)


def test_a_trader_is_brought_all_the_way_without_signal(
    service: Installation, tmp_path: Path
) -> None:
    photo = write_sample(tmp_path, merchants=12).photos / "kerupuk-udang.jpg"
    with a_phone(service) as phone:
        page = phone.page
        page.context.set_offline(True)
        key = phone.register("Bu Siti Aminah")
        page.get_by_role("button", name="Tandai sudah dilatih").click()
        _identity(page)
        _consents(phone, key)
        add_good(phone, key, "Kerupuk udang asli Cirebon 250 gram", photo.read_bytes())
        _good_pictures(phone)
        save(phone)
        page.get_by_role("button", name="Buka toko").click()
        wait_until(lambda: phone.waiting() >= 9)
        page.get_by_text("Diminta dibuka").wait_for()
        _outbox_picture(phone, key)

        page.context.set_offline(False)
        phone.until_sent(PATIENCE / 1000)
        expect(page.locator(".chip.open")).to_have_text("Buka", timeout=PATIENCE)
        stopped = page.get_by_text("perlu diperbaiki").count()
        picture(page, "hp-toko-buka")
        phone.go("#/")
        expect(page.locator(".cards .chip.open")).to_have_text("Buka")
        picture(page, "hp-pedagang")

    [merchant] = service.merchants()
    assert stopped == 0
    assert (merchant["name"], merchant["field_id"], merchant["identities"]) == (
        "Bu Siti Aminah",
        key,
        ["nik"],
    )
    assert merchant["trained_on"]
    _is_on_sale(service)


def _identity(page: Page) -> None:
    page.get_by_text("Nomor KTP (NIK)").click()
    page.get_by_label("NIK", exact=True).fill(NIK)
    page.locator("#identity").get_by_role("button", name="Simpan").click()
    page.wait_for_function("!document.querySelector('[name=nik]').value")
    page.get_by_text("Kurang").click()
    page.locator(".shop").evaluate("shop => shop.scrollIntoView({ block: 'center' })")
    picture(page, "hp-kurang")


def _consents(phone: Handset, key: str) -> None:
    page = phone.page
    phone.go(f"#/izin/{key}")
    page.get_by_label("Pedagang setuju").first.wait_for()
    picture(page, "hp-izin")
    for one in page.get_by_label("Pedagang setuju").all():
        one.check()
    page.get_by_label("Sudah dibacakan").check()
    sign(phone)
    save(phone)
    page.wait_for_url("**#/pedagang/*")


def _good_pictures(phone: Handset) -> None:
    page = phone.page
    page.get_by_label("Harga (Rp)").click()
    page.get_by_role("button", name="Lanjut").wait_for()
    picture(page, "hp-barang")
    for _ in ("stock", "weight", "nothing more"):
        page.get_by_role("button", name="Lanjut").click()
    expect(page.locator(".dock")).to_be_hidden()


def _outbox_picture(phone: Handset, key: str) -> None:
    phone.go("#/kirim")
    phone.page.get_by_text("Terkirim sendiri begitu ada sinyal").wait_for()
    picture(phone.page, "hp-tanpa-sinyal")
    phone.go(f"#/pedagang/{key}")
    phone.page.get_by_text("Diminta dibuka").wait_for()


def _is_on_sale(service: Installation) -> None:
    """Read at the marketplace itself: one shop, one good, neither doubled."""
    account = service.stage.back_office.account()
    [[shop]] = account.stores.values()
    [[listing]] = account.listings.values()

    assert (shop.state, listing.state) == ("open", "live")
    assert listing.title == "Kerupuk udang asli Cirebon 250 gram"
