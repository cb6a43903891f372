"""What the canvasser sees while all goes well: what is missing, practice, warnings, progress, the other language."""

from typing import cast

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.phones import Handset
from tests.browser.standin import StandIn, brief
from tests.browser.test_field_trouble import add_good, save, sign

pytestmark = pytest.mark.browser


@pytest.fixture
def trader(phone: Handset) -> str:
    """The key of a trader just registered, on her own screen."""
    phone.enrol()
    phone.page.get_by_text("Belum ada pedagang").wait_for()
    return phone.register("Bu Siti")


def agree(phone: Handset, key: str) -> None:
    phone.go(f"#/izin/{key}")
    phone.page.get_by_label("Pedagang setuju").first.wait_for()
    for one in phone.page.get_by_label("Pedagang setuju").all():
        one.check()
    phone.page.get_by_label("Sudah dibacakan").check()
    sign(phone)
    save(phone)
    phone.page.wait_for_url("**#/pedagang/*")


def test_what_is_missing_is_listed_per_marketplace_with_minutes_until_the_shop_can_open(
    phone: Handset, trader: str
) -> None:
    phone.page.context.set_offline(True)
    shops = phone.page.locator(".shop")
    expect(shops).to_have_count(2)
    expect(shops.first).to_contain_text("Kurang 4 hal · 8 menit")
    expect(phone.page.get_by_role("button", name="Buka toko")).to_have_count(0)

    phone.page.get_by_role("button", name="Tandai sudah dilatih").click()
    expect(shops.first).to_contain_text("Kurang 3 hal · 7 menit")
    agree(phone, trader)
    add_good(phone, trader, "Kerupuk udang")
    save(phone)

    expect(shops.first).to_contain_text("Siap dibuka")
    expect(phone.page.get_by_role("button", name="Buka toko (2)")).to_be_visible()


def test_practice_is_marked_on_every_screen_and_offers_no_real_marketplace(
    phone: Handset, trader: str
) -> None:
    del trader
    expect(phone.page.locator(".practice")).to_have_count(0)
    phone.go("#/setelan")
    phone.page.get_by_label("Mode latihan").check()

    invented = phone.register("Bu Latihan")
    for screen in ("#/baru", "#/tugas", f"#/izin/{invented}", f"#/pedagang/{invented}"):
        phone.go(screen)
        expect(phone.page.get_by_text("LATIHAN – bukan toko sungguhan")).to_be_visible()
    expect(phone.page.locator(".shop strong")).to_have_text(["Pasar Latihan"])


def test_who_was_invented_for_practice_is_never_among_the_real_ones(
    phone: Handset, service: StandIn, trader: str
) -> None:
    phone.go("#/setelan")
    phone.page.get_by_label("Mode latihan").check()
    invented = phone.register("Bu Latihan")
    names = phone.page.locator(".cards li strong")

    phone.go("#/")
    expect(names).to_have_text(["Bu Latihan"])
    phone.go("#/setelan")
    phone.page.get_by_label("Mode latihan").uncheck()
    phone.go("#/")
    expect(names).to_have_text(["Bu Siti"])
    phone.until_sent()

    assert [service.merchants[one]["practice"] for one in (trader, invented)] == [False, True]


def test_what_several_traders_share_is_warned_of(
    phone: Handset, service: StandIn, trader: str
) -> None:
    phone.until_sent()
    said = "Nomor HP ini juga dipakai 1 pedagang lain."
    service.merchants[trader]["warnings"] = [{"code": "phone_shared", "title": said}]

    phone.go("#/")
    phone.go(f"#/pedagang/{trader}")

    expect(phone.page.get_by_text(said)).to_be_visible()


def test_progress_and_tasks_come_without_reloading(
    phone: Handset, service: StandIn, trader: str
) -> None:
    phone.until_sent()
    stages = {"uploading": "Mengunggah 7 dari 10", "open": "Buka"}
    for stage, said in stages.items():
        service.stores = [brief(trader, "toko-satu", stage=stage, done=7, total=10)]
        expect(phone.page.locator(".shop").first).to_contain_text(said, timeout=20_000)

    service.stores = [brief(trader, "toko-satu", stage="consent")]
    phone.page.get_by_role("link", name="QR izin pedagang").click(timeout=20_000)
    expect(phone.page.get_by_alt_text("QR izin")).to_be_visible()


def test_variants_with_prices_of_their_own_are_sent(
    phone: Handset, service: StandIn, trader: str
) -> None:
    add_good(phone, trader, "Kaos batik")
    phone.page.get_by_text("Varian", exact=False).first.click()
    for size in ("M", "L"):
        phone.page.get_by_role("button", name="+ Varian").click()
        phone.page.get_by_label("Nama varian").last.fill(size)
    save(phone)
    phone.until_sent()

    [good] = cast("list[dict[str, list[dict[str, object]]]]", service.merchants[trader]["products"])
    assert [one["name"] for one in good["variants"]] == ["M", "L"]
    assert {one["price"] for one in good["variants"]} == {75_000}


def test_english_is_spoken_everywhere_and_consent_can_be_asked_without_signal(
    phone: Handset, trader: str
) -> None:
    phone.go("#/setelan")
    phone.page.context.set_offline(True)
    phone.page.get_by_role("button", name="English").click()
    expect(phone.page.get_by_role("heading", name="Settings")).to_be_visible()

    phone.go(f"#/izin/{trader}")

    expect(phone.page.get_by_label("The trader agrees")).to_have_count(4)
    expect(phone.page.locator("html")).to_have_attribute("lang", "en")


def test_the_first_screen_names_no_foreign_address(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_page()
        asked, refused = list[str](), list[str]()
        page.on("request", lambda one: asked.append(one.url))
        page.on("console", lambda one: refused.append(one.text) if one.type == "error" else None)
        phone = Handset(page, address)
        phone.enrol()
        phone.register("Bu Siti")
        phone.until_sent()
        browser.close()

    assert [one for one in asked if not one.startswith((address, "blob:", "data:"))] == []
    assert refused == []
