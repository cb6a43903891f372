"""Light, quick and readable enough for a cheap phone, one bar of signal and one thumb. Figures: the programme's budget."""

from collections.abc import Callable, Generator
from typing import TypedDict, cast

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from onboarder.web.field_app import app_files
from tests.browser.phones import Handset, Street
from tests.browser.standin import StandIn, brief

pytestmark = pytest.mark.browser

SCRIPT_BYTES = 25_000
FROM_CACHE_SECONDS = 1.5
FIRST_TIME_SECONDS = 3.0
TRIES = 20
"""At most, until one is within the budget: what else the machine does can only slow the browser down, never speed it up."""
SLOW_3G = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 400_000 / 8,
    "uploadThroughput": 400_000 / 8,
}
SCREENS = (
    "#/",
    "#/baru",
    "#/ubah/{key}",
    "#/pedagang/{key}",
    "#/izin/{key}",
    "#/barang/{key}",
    "#/tugas",
    "#/kirim",
    "#/setelan",
)


def _quickest(measure: Callable[[], float], enough: float) -> float:
    """Seconds of the quickest of some tries; no more of them once one is quick enough."""
    quickest = measure()
    for _ in range(TRIES - 1):
        if quickest <= enough:
            break
        quickest = min(quickest, measure())
    return quickest


def test_all_scripts_together_are_light() -> None:
    sent = sum(len(one.packed) for one in app_files().values() if "javascript" in one.kind)

    assert sent <= SCRIPT_BYTES


def test_it_opens_from_its_cache_at_a_sixth_of_the_speed(street: Street) -> None:
    phone = street.switch_on()
    phone.enrol()
    phone.page.wait_for_function("navigator.serviceWorker.controller")

    quickest = _quickest(lambda: _seconds_to_open(street, slow=6), FROM_CACHE_SECONDS)

    assert quickest <= FROM_CACHE_SECONDS


def test_it_opens_for_the_first_time_on_slow_3g(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")

        def first_time() -> float:
            page = browser.new_context().new_page()
            page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW_3G)
            taken = _seconds(page, f"{address}/app/#masuk=TOKEN")
            page.context.close()
            return taken

        quickest = _quickest(first_time, FIRST_TIME_SECONDS)
        browser.close()

    assert quickest <= FIRST_TIME_SECONDS


@pytest.fixture
def narrow(address: str, service: StandIn) -> Generator[Callable[[str], Page]]:
    """Every screen of a phone 320 pixels wide, with something on it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        context = browser.new_context(
            viewport={"width": 320, "height": 640}, reduced_motion="reduce"
        )
        phone = Handset(context.new_page(), address)
        phone.enrol()
        key = phone.register("Bu Siti Aminah binti Abdurrahman")
        phone.until_sent()
        service.stores = [
            brief(key, "toko-satu", stage="uploading", done=7, total=10),
            brief(
                key,
                "toko-dua",
                stage="needs_you",
                sentence="Pembeli tidak melihat toko. Anda perlu memeriksa KTP.",
            ),
        ]
        service.tasks = [
            {
                "id": "1",
                "store": "s",
                "merchant": key,
                "code": "x",
                "who": "canvasser",
                "title": "Masukkan kode dari SMS pedagang",
                "choices": [],
                "created_at": "",
                "blocks": 7,
            }
        ]

        def show(screen: str) -> Page:
            phone.go(screen.format(key=key))
            phone.page.wait_for_timeout(400)
            return phone.page

        phone.page.get_by_text("Mengunggah 7 dari 10").wait_for()
        yield show
        browser.close()


def test_every_screen_fits_a_narrow_phone_and_a_thumb(narrow: Callable[[str], Page]) -> None:
    wrong: list[str] = []
    for screen in SCREENS:
        page = narrow(screen)
        wrong += [f"{screen}: {one}" for one in page.evaluate(MEASURE)]

    assert wrong == []


def test_the_keys_on_the_glass_fit_a_narrow_phone_and_a_thumb(
    narrow: Callable[[str], Page],
) -> None:
    numbers = narrow("#/barang/{key}")
    numbers.get_by_label("Harga (Rp)").click()
    numbers.get_by_role("button", name="Lanjut").wait_for()
    wrong = [*numbers.evaluate(MEASURE), *_serious(numbers)]

    numbers.evaluate("location.hash = '#masuk=TOKEN'")
    numbers.get_by_text("Buat PIN 6 angka").wait_for()
    wrong += [*numbers.evaluate(MEASURE), *_serious(numbers)]

    assert wrong == []


def test_no_screen_has_a_serious_accessibility_finding(narrow: Callable[[str], Page]) -> None:
    wrong: list[str] = []
    for screen in SCREENS:
        wrong += [f"{screen}: {one}" for one in _serious(narrow(screen))]

    assert wrong == []


def _serious(page: Page) -> list[str]:
    found = cast("list[Finding]", Axe().run(page).response["violations"])
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


class Finding(TypedDict):
    """What axe found, as far as it is read here."""

    id: str
    impact: str
    nodes: list[dict[str, str]]


MEASURE = """() => {
  const wrong = [];
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) wrong.push(`scrolls sideways: ${width} > ${innerWidth}`);
  const seen = (one) => one.checkVisibility() && one.getBoundingClientRect().width > 2;
  for (const one of document.querySelectorAll('body *')) {
    const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const size = parseFloat(getComputedStyle(one).fontSize);
    if (text && seen(one) && size < 16) wrong.push(`small text: ${one.outerHTML.slice(0, 80)}`);
  }
  for (const one of document.querySelectorAll('a, button, input, select, textarea, summary, [role=button]')) {
    const { width, height } = (one.closest('label') ?? one).getBoundingClientRect();
    const small = seen(one) && (height < 48 || width < 48);
    if (small) wrong.push(`small target ${width}x${height}: ${one.outerHTML.slice(0, 80)}`);
  }
  return wrong;
}"""


def _seconds_to_open(street: Street, *, slow: int) -> float:
    """From asking for the page until its keys can be pressed, on a browser just started."""
    street.clear()
    page = street.switch_on().page
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slow})
    return _seconds(page, f"{street.address}/app/")


def _seconds(page: Page, address: str) -> float:
    page.goto(address)
    page.wait_for_selector("body[data-ready] .keys")
    return float(page.evaluate("performance.getEntriesByName('usable')[0].startTime")) / 1000
