"""What the canvasser sees when something goes wrong, and how it is put right."""

import io
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.field_day import work
from tests.browser.phones import Handset, Street
from tests.browser.standin import StandIn
from tests.servers.process import wait_until

pytestmark = pytest.mark.browser

NIK = "3274012345678901"


def picture() -> bytes:
    """A camera's photo: large, with a place in its notes."""
    made, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "di rumah Bu Siti"
    Image.effect_noise((2400, 1800), 40).convert("RGB").save(made, "JPEG", exif=exif)
    return made.getvalue()


def add_good(phone: Handset, key: str, name: str, photo: bytes | None = None) -> None:
    phone.go(f"#/barang/{key}")
    take_photo(phone, photo)
    phone.page.get_by_label("Nama barang").fill(name)
    phone.page.get_by_label("Harga (Rp)").click()
    phone.press("75")
    phone.page.get_by_role("button", name="000", exact=True).click()
    phone.page.get_by_label("Stok").click()
    phone.press("20")
    phone.page.get_by_label("Nama barang").click()
    phone.page.get_by_role("button", name="250 g").click()


def take_photo(phone: Handset, photo: bytes | None = None) -> None:
    phone.page.locator("#camera").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo or picture()}
    )
    phone.page.locator("figure img").wait_for()


def save(phone: Handset) -> None:
    """Returns when what was saved stands in the outbox: the form is left only then."""
    form = phone.page.url
    press_save(phone)
    phone.page.wait_for_url(lambda now: now != form)


def press_save(phone: Handset) -> None:
    phone.page.get_by_role("button", name="Simpan", exact=True).click()


def sign(phone: Handset) -> None:
    glass = phone.page.locator(".glass")
    glass.scroll_into_view_if_needed()
    place = glass.bounding_box()
    assert place is not None
    phone.page.mouse.move(place["x"] + 20, place["y"] + 30)
    phone.page.mouse.down()
    for step in range(12):
        phone.page.mouse.move(place["x"] + 20 + 12 * step, place["y"] + 30 + 15 * (step % 3))
    phone.page.mouse.up()


def test_a_refused_record_stops_alone_and_is_mended(phone: Handset, service: StandIn) -> None:
    service.broken = {"Bu Salah": (422, "name_bad")}
    phone.enrol()
    phone.register("Bu Salah")
    other = phone.register("Bu Benar")

    phone.page.get_by_text("1 perlu diperbaiki").click()
    expect(phone.page.get_by_text("Ditolak (name_bad). Perbaiki lalu kirim lagi.")).to_be_visible()
    phone.page.get_by_role("link", name="Perbaiki", exact=True).click()
    phone.page.get_by_label("Nama pedagang").fill("Bu Sudah Benar")
    save(phone)
    phone.until_sent()

    assert set(service.effects) == {("merchant", "Bu Benar"), ("merchant", "Bu Sudah Benar")}
    assert other in service.merchants
    assert not service.doubled()


def test_a_refused_good_is_mended_with_another_photo(phone: Handset, service: StandIn) -> None:
    service.broken = {"Salah": (422, "photo_missing")}
    phone.enrol()
    key = phone.register("Bu Siti")
    add_good(phone, key, "Salah")
    save(phone)
    phone.page.get_by_text("1 perlu diperbaiki").click()
    phone.page.get_by_role("link", name="Perbaiki", exact=True).click()

    take_photo(phone)
    phone.page.get_by_label("Nama barang").fill("Kerupuk")
    save(phone)
    phone.until_sent()

    [good] = cast("list[dict[str, list[str]]]", service.merchants[key]["products"])
    assert good["photos"] == [*service.uploads]
    assert (len(good["photos"]), service.count("photo"), service.count("good")) == (2, 2, 1)


def test_a_photo_that_changed_on_the_way_is_sent_anew(phone: Handset, service: StandIn) -> None:
    service.spoil = 1
    phone.enrol()
    key = phone.register("Bu Siti")
    add_good(phone, key, "Kerupuk")
    save(phone)

    wait_until(lambda: service.spoil == 0)
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.until_sent()

    assert (service.count("photo"), service.count("good")) == (1, 1)


def test_a_training_recorded_under_a_wrong_clock_is_put_right(
    phone: Handset, service: StandIn
) -> None:
    phone.enrol()
    phone.page.get_by_text("Belum ada pedagang").wait_for()
    today = datetime.now(ZoneInfo("Asia/Jakarta")).date()
    service.no_training_on = {str(today + timedelta(days=400))}
    jump = "days => { const now = Date.now; Date.now = () => now() + days * 86_400_000 }"
    phone.page.evaluate(jump, 400)
    key = phone.register("Bu Siti")
    phone.page.get_by_role("button", name="Tandai sudah dilatih").click()
    phone.page.get_by_text("1 perlu diperbaiki").click()
    phone.page.evaluate(jump, -400)

    phone.page.get_by_role("button", name="Tandai sudah dilatih").click()
    phone.until_sent()

    assert service.merchants[key]["trained_on"] == str(today)


def test_a_price_changed_offline_does_not_put_back_on_sale_what_the_office_took_off(
    phone: Handset, service: StandIn
) -> None:
    phone.enrol()
    key = phone.register("Bu Siti")
    add_good(phone, key, "Kerupuk udang")
    save(phone)
    phone.until_sent()
    [good] = cast("list[dict[str, object]]", service.merchants[key]["products"])
    phone.page.context.set_offline(True)
    phone.go(f"#/barang/{key}/{good['id']}")
    phone.page.get_by_label("Harga (Rp)").click()
    phone.press("0")
    phone.page.get_by_label("Nama barang").click()
    save(phone)

    good.update(active=False, etag='"off"')
    phone.page.context.set_offline(False)

    phone.page.get_by_text("1 perlu diperbaiki").click(timeout=15_000)
    assert (good["active"], good["price"]) == (False, 75_000)

    phone.page.get_by_role("button", name="Kirim lagi").click()
    phone.until_sent()
    assert (good["active"], good["price"]) == (True, 750_000)


def test_an_edit_never_overwrites_what_the_office_changed(phone: Handset, service: StandIn) -> None:
    phone.enrol()
    key = phone.register("Bu Siti")
    phone.until_sent()
    phone.page.context.set_offline(True)
    phone.go(f"#/ubah/{key}")
    phone.page.get_by_label("Jenis dagangan").fill("terasi udang")
    save(phone)

    service.merchants[key]["goods"] = "batik"
    phone.page.context.set_offline(False)

    expect(phone.page.get_by_text("1 perlu diperbaiki")).to_be_visible(timeout=15_000)
    assert service.merchants[key]["goods"] == "batik"


def test_an_edit_whose_answer_was_lost_is_no_foreign_one(phone: Handset, service: StandIn) -> None:
    phone.enrol()
    key = phone.register("Bu Siti")
    phone.until_sent()
    phone.go(f"#/ubah/{key}")
    phone.page.get_by_label("Nomor HP").fill("081399998888")
    service.lose = 1
    save(phone)
    wait_until(lambda: service.count("edit") == 1)

    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.until_sent()

    assert service.count("edit") == 1
    assert service.merchants[key]["phone"] == "+6281399998888"


def test_a_full_phone_says_so_and_keeps_the_form(street: Street, service: StandIn) -> None:
    phone = street.switch_on()
    phone.enrol()
    key = phone.register("Bu Siti")
    phone.until_sent()
    used = phone.page.evaluate("navigator.storage.estimate().then((one) => one.usage)")
    street.battery_out()
    phone = street.switch_on()
    devtools = phone.page.context.new_cdp_session(phone.page)
    nearly = {"origin": street.address, "quotaSize": used + 100_000}
    devtools.send(
        "Storage.overrideQuotaForOrigin", nearly
    )  # before the browser asks how much there is
    phone.unlock()

    add_good(phone, key, "Kerupuk udang")
    press_save(phone)
    expect(phone.page.get_by_text("Memori HP penuh")).to_be_visible()
    assert phone.page.get_by_label("Nama barang").input_value() == "Kerupuk udang"
    assert (phone.waiting(), service.count("good")) == (0, 0)

    devtools.send("Storage.overrideQuotaForOrigin", {"origin": street.address})
    save(phone)
    phone.until_sent()
    assert (service.count("photo"), service.count("good")) == (1, 1)


def test_a_full_phone_gets_room_by_sending(street: Street, service: StandIn) -> None:
    phone = street.switch_on()
    phone.enrol()
    phone.page.context.set_offline(True)
    work(phone, range(3), photos_each=1)
    used = phone.page.evaluate("navigator.storage.estimate().then((one) => one.usage)")
    street.battery_out()
    phone = street.switch_on(offline=True)
    devtools = phone.page.context.new_cdp_session(phone.page)
    devtools.send(
        "Storage.overrideQuotaForOrigin", {"origin": street.address, "quotaSize": used // 2}
    )
    phone.unlock()

    phone.page.context.set_offline(False)
    phone.until_sent()

    assert not service.doubled()
    assert (service.count("photo"), service.count("good")) == (3, 3)


def test_a_form_outlives_the_phone(street: Street) -> None:
    phone = street.switch_on()
    phone.enrol()
    key = phone.register("Bu Siti")
    add_good(phone, key, "Terasi bakar")
    phone.page.wait_for_timeout(300)
    street.battery_out()

    phone = street.switch_on(offline=True)
    phone.unlock()
    phone.go(f"#/barang/{key}")

    expect(phone.page.get_by_label("Nama barang")).to_have_value("Terasi bakar")
    expect(phone.page.get_by_label("Harga (Rp)")).to_have_value("75.000")
    expect(phone.page.locator("figure img")).to_have_count(1)


def test_a_photo_is_shrunk_and_stripped_before_it_goes_up(phone: Handset, service: StandIn) -> None:
    phone.enrol()
    key = phone.register("Bu Siti")
    add_good(phone, key, "Kerupuk")
    save(phone)
    phone.until_sent()

    [(_, _, sent)] = service.uploads.values()
    opened = Image.open(io.BytesIO(bytes(sent)))

    assert opened.format == "JPEG"
    assert max(opened.size) == 1600
    assert not opened.getexif()
    assert b"di rumah" not in bytes(sent)


def test_a_lost_phone_holds_nothing_readable(street: Street, service: StandIn) -> None:
    phone = street.switch_on()
    phone.enrol()
    wait_until(lambda: "GET /work" in service.requests and "GET /consent-texts" in service.requests)
    phone.page.wait_for_timeout(500)
    phone.page.context.set_offline(True)
    key = phone.register("Bu Rahasia Sekali")
    phone.page.get_by_text("Nomor KTP (NIK)").click()
    phone.page.get_by_label("NIK", exact=True).fill(NIK)
    phone.page.locator("#identity").get_by_role("button", name="Simpan").click()
    phone.page.wait_for_function("!document.querySelector('[name=nik]').value")
    phone.go(f"#/izin/{key}")
    phone.page.get_by_label("Pedagang setuju").first.check()
    phone.page.get_by_label("Sudah dibacakan").check()
    sign(phone)
    save(phone)
    street.battery_out()

    assert (
        leaked(street.profile, NIK, "Rahasia Sekali", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80")
        == []
    )

    phone = street.switch_on()
    phone.unlock()
    phone.until_sent()
    assert set(service.bodies) == {f"identity {key}", f"consent {key} data"}
    assert NIK not in str(service.bodies)


def leaked(profile: Path, *planted: str) -> list[str]:
    """Planted texts that stand in a file of the browser's, in any of the ways browsers write text."""
    ways = [
        (one, one.encode(how, "ignore" if one.isascii() else "strict"))
        for one in planted
        for how in (("latin-1",) if not one.isprintable() else ("utf-8", "utf-16-le"))
    ]
    found: list[str] = []
    for path in profile.rglob("*"):
        if path.is_file() and not re.search(r"Cache_Data|component_crx", str(path)):
            content = path.read_bytes()
            found += [f"{path.name}: {one!r}" for one, bytes_ in ways if bytes_ in content]
    return found


def test_five_wrong_pins_offline_lock_what_waits_and_erase_what_does_not(street: Street) -> None:
    phone = street.switch_on()
    phone.enrol()
    phone.register("Bu Siti")
    phone.until_sent()
    street.battery_out()
    phone = street.switch_on(offline=True)
    phone.open()

    for _ in range(5):
        phone.press("111222")
        phone.page.wait_for_timeout(400)

    expect(phone.page.get_by_text("Minta QR kepada koordinator")).to_be_visible()
