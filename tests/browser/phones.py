"""Phones in the tests: what a canvasser does with one, and what can happen to it."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright, ViewportSize, sync_playwright
from playwright.sync_api import Error as BrowserGone

from tests.servers.process import wait_until

PIN = "274913"
SIZE: ViewportSize = {"width": 360, "height": 740}


@dataclass
class Handset:
    """One open page of the app."""

    page: Page
    address: str

    def open(self, where: str = "") -> None:
        self.page.goto(f"{self.address}/app/{where}")
        self.page.wait_for_selector("body[data-ready]")

    def press(self, pin: str) -> None:
        """Types on the keys on the glass."""
        for digit in pin:
            self.page.get_by_role("button", name=digit, exact=True).click()

    def enrol(self, pin: str = PIN, token: str = "TOKEN") -> None:
        self.open(f"#masuk={token}")
        self.press(pin)
        self.page.get_by_text("sekali lagi").wait_for()
        self.press(pin)
        self.page.wait_for_selector("#tabs:not([hidden])")

    def unlock(self, pin: str = PIN) -> None:
        """Opens the app; the PIN is asked for unless the app was open a moment ago."""
        self.open()
        if self.page.get_by_label("PIN").count():
            self.press(pin)
        self.page.wait_for_selector("#tabs:not([hidden])")

    def go(self, where: str) -> None:
        self.page.evaluate("where => { location.hash = where }", where)

    def waiting(self) -> int:
        """Rows in the outbox, by looking into it."""
        return int(self.page.evaluate(COUNT))

    def again(self) -> None:
        """Has signal anew: what waits is tried at once."""
        self.page.evaluate("dispatchEvent(new Event('online'))")

    def until_sent(self, seconds: float = 60) -> None:
        wait_until(lambda: self.waiting() == 0, deadline_seconds=seconds)

    def register(self, name: str) -> str:
        """A trader by the form; returns the key."""
        self.go("#/baru")
        self.page.get_by_label("Nama pedagang").fill(name)
        self.page.get_by_label("Jenis dagangan").fill("kerupuk")
        self.page.get_by_label("Blok").fill("B")
        self.page.get_by_label("Los/kios").fill("12")
        self.page.get_by_role("button", name="Simpan").click()
        self.page.wait_for_url("**#/pedagang/*")
        return self.page.url.rpartition("/")[2]


COUNT = """() => new Promise((resolve) => {
  const request = indexedDB.open('onboarder');
  request.onsuccess = () => {
    const db = request.result;
    if (!db.objectStoreNames.contains('outbox')) { db.close(); resolve(0); return; }
    const counted = db.transaction('outbox').objectStore('outbox').count();
    counted.onsuccess = () => { db.close(); resolve(counted.result); };
  };
})"""


@dataclass
class Street:
    """Phones whose memory outlives their battery: browsers with a profile on disk."""

    address: str
    folder: Path
    _on: list[tuple[Playwright, BrowserContext]] = field(
        default_factory=list[tuple[Playwright, BrowserContext]]
    )

    @property
    def profile(self) -> Path:
        return self.folder / "profile"

    def switch_on(self, *, offline: bool = False) -> Handset:
        """The phone with whatever is on its disk. A driver of its own: a killed browser hangs its driver."""
        playwright = sync_playwright().start()
        context = playwright.chromium.launch_persistent_context(
            self.profile,
            executable_path="/usr/bin/chromium",
            viewport=SIZE,
            locale="id-ID",
            offline=offline,
        )
        self._on.append((playwright, context))
        return Handset(context.pages[0], self.address)

    def battery_out(self) -> None:
        """kill -9 of every process of the browser, by id."""
        for pid in _processes(self.profile):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _processes(self.profile))
        self.clear()

    def clear(self) -> None:
        for playwright, context in self._on:
            with suppress(BrowserGone):
                context.close()
            playwright.stop()
        self._on.clear()


def _processes(profile: Path) -> list[int]:
    """Of the browser with that profile."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(profile).encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]
