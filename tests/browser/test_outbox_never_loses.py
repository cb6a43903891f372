"""What was saved on a phone arrives once, whatever happens to the phone, the network or the server."""

import random
from functools import partial

import pytest

from onboarder.web.field_app import read_sources, release_of
from tests.browser.field_day import work
from tests.browser.phones import Handset, Street
from tests.browser.standin import StandIn
from tests.servers.process import wait_until

pytestmark = pytest.mark.browser

KILLS = 10
TRADERS = 100


def arrived(service: StandIn, names: list[str]) -> bool:
    """Every trader and good once and nothing twice."""
    goods = {one for kind, one in service.effects if kind == "good"}
    traders = {one for kind, one in service.effects if kind == "merchant"}
    return (
        not service.doubled()
        and traders == set(names)
        and goods == {f"Barang {name}" for name in names}
    )


def some_way(service: StandIn, phone: Handset, so_far: int) -> bool:
    return len(service.effects) >= so_far or phone.waiting() == 0


def test_200_records_and_60_photos_survive_ten_kills_and_lost_answers(
    street: Street, service: StandIn
) -> None:
    chance, names = random.Random(20261124), list[str]()
    street.switch_on().enrol()
    street.battery_out()

    for kill in range(KILLS):
        phone = street.switch_on()
        phone.unlock()
        service.lose = 4
        names += work(phone, range(kill * 10, kill * 10 + 10), photos_each=0 if kill >= 6 else 1)
        so_far = len(service.effects) + chance.randrange(12)
        wait_until(partial(some_way, service, phone, so_far))
        street.battery_out()
    phone = street.switch_on()
    phone.unlock()
    phone.until_sent(120)

    assert len(names) == TRADERS
    assert arrived(service, names)
    assert service.count("photo") == 60


def test_two_tabs_send_everything_once(street: Street, service: StandIn) -> None:
    first = street.switch_on()
    first.enrol()
    second = Handset(first.page.context.new_page(), street.address)
    second.unlock()
    first.page.context.set_offline(True)
    names = work(first, range(15)) + work(second, range(15, 30))

    service.lose = 3
    first.page.context.set_offline(False)
    first.until_sent()

    assert arrived(service, names)


def test_a_new_release_finds_what_waits_and_sends_it(street: Street, service: StandIn) -> None:
    phone = street.switch_on()
    phone.enrol()
    phone.page.wait_for_function("navigator.serviceWorker.controller")
    phone.page.context.set_offline(True)
    names = work(phone, range(25))
    old = phone.page.get_attribute("script[type=module]", "src")
    sources = dict(read_sources())
    sources["dom.js"] += b"\nexport const LATER = 1;\n"
    service.release = release_of(sources)

    phone.open()
    phone.page.context.set_offline(False)
    phone.page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update())")
    phone.page.wait_for_function(
        "old => document.querySelector('script[type=module]')?.getAttribute('src') !== old", arg=old
    )
    phone.unlock()
    phone.until_sent()

    assert arrived(service, names)


def test_a_clock_that_jumps_changes_neither_order_nor_count(
    street: Street, service: StandIn
) -> None:
    phone = street.switch_on()
    phone.enrol()
    phone.page.context.set_offline(True)

    names = list[str]()
    for years in (0, -3, 40, -30):
        phone.page.evaluate(
            "jump => { const now = Date.now; Date.now = () => now() + jump }",
            years * 365 * 86_400_000,
        )
        names += work(phone, range(len(names), len(names) + 4))
    phone.page.context.set_offline(False)
    phone.until_sent()

    assert arrived(service, names)
    assert [one for kind, one in service.effects if kind == "merchant"] == names


@pytest.mark.parametrize(
    ("code", "shown"),
    [("enrol_again", "data di HP ini belum terkirim"), ("sign_in", "Masukkan PIN")],
)
def test_a_revoked_phone_keeps_everything_sealed_and_sends_it_under_a_new_pin(
    street: Street, service: StandIn, code: str, shown: str
) -> None:
    """`sign_in` is what a phone hears that the office has locked out."""
    phone = street.switch_on()
    phone.enrol()
    phone.page.context.set_offline(True)
    names = work(phone, range(10), photos_each=1)
    service.refuse = code
    phone.page.context.set_offline(False)
    phone.page.get_by_text(shown).first.wait_for()
    assert (service.effects, phone.waiting()) == ([], 30)
    street.battery_out()

    phone = street.switch_on()
    phone.enrol("918273")
    phone.until_sent()

    assert arrived(service, names)
    assert service.count("photo") == 10
