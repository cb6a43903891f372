"""One record that cannot go, or a phone whose storage fails, holds up nothing else."""

import pytest

from tests.browser.field_day import work
from tests.browser.phones import Handset
from tests.browser.standin import StandIn
from tests.servers.process import wait_until

pytestmark = pytest.mark.browser


def test_a_server_in_trouble_with_one_record_gets_the_others(
    phone: Handset, service: StandIn
) -> None:
    service.broken = {"Pedagang 1": (500, "failed")}
    phone.enrol()

    names = work(phone, range(4))
    wait_until(lambda: service.count("good") == 3)
    service.broken = {}
    phone.again()
    phone.until_sent()

    assert {one for kind, one in service.effects if kind == "merchant"} == set(names)
    assert service.count("good") == 4


def test_photos_beyond_the_days_quota_hold_up_nothing_else(
    phone: Handset, service: StandIn
) -> None:
    service.quota = 0
    phone.enrol()

    names = work(phone, range(4), photos_each=1)
    wait_until(lambda: service.count("merchant") == 4)
    assert (phone.waiting(), service.count("good")) == (8, 0)

    service.quota = None
    phone.again()
    phone.until_sent()

    assert [one for kind, one in service.effects if kind == "merchant"] == names
    assert (service.count("photo"), service.count("good")) == (4, 4)
    assert not service.doubled()


def test_records_that_the_server_always_fails_on_hold_up_no_others(
    phone: Handset, service: StandIn
) -> None:
    service.broken = {f"Pedagang {one}": (500, "failed") for one in range(7)}
    phone.enrol()

    names = work(phone, range(9))
    wait_until(lambda: service.count("good") == 2, deadline_seconds=20)
    assert phone.waiting() == 14
    service.broken = {}
    phone.again()
    phone.until_sent()

    assert {one for kind, one in service.effects if kind == "merchant"} == set(names)
    assert service.count("good") == 9
    assert not service.doubled()


SOON = """const later = setTimeout;
globalThis.setTimeout = (work, wait = 0) => later(work, wait / 30)"""
"""A phone on which half a minute is a second."""


def test_storage_that_fails_for_a_while_stops_no_sending(phone: Handset, service: StandIn) -> None:
    phone.page.add_init_script(SOON)
    phone.enrol()
    phone.page.context.set_offline(True)
    work(phone, range(2))
    phone.page.evaluate(BROKEN_STORAGE)

    phone.page.context.set_offline(False)
    phone.again()
    phone.page.get_by_text("Terjadi kesalahan di aplikasi").wait_for()
    phone.page.wait_for_function("globalThis.failed > 2")
    phone.page.evaluate("globalThis.broken = false")
    phone.until_sent()

    assert not service.doubled()
    assert (service.count("merchant"), service.count("good")) == (2, 2)


BROKEN_STORAGE = """() => {
  globalThis.broken = true;
  globalThis.failed = 0;
  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (stores, ...how) {
    const begun = begin.call(this, stores, ...how);
    if (globalThis.broken && stores.includes('outbox')) {
      globalThis.failed += 1;
      begun.abort();
    }
    return begun;
  };
}"""


def test_a_record_that_the_phone_cannot_read_stops_alone(phone: Handset, service: StandIn) -> None:
    phone.enrol()
    phone.page.context.set_offline(True)
    work(phone, range(3))
    phone.page.evaluate(SPOIL_FIRST)

    phone.page.context.set_offline(False)
    wait_until(lambda: service.count("good") == 2)

    assert {one for kind, one in service.effects if kind == "merchant"} == {
        "Pedagang 1",
        "Pedagang 2",
    }
    wait_until(lambda: phone.waiting() == 2)


SPOIL_FIRST = """() => new Promise((resolve) => {
  indexedDB.open('onboarder').onsuccess = ({ target: { result: db } }) => {
    const writing = db.transaction('outbox', 'readwrite');
    const outbox = writing.objectStore('outbox');
    outbox.openCursor().onsuccess = ({ target: { result: cursor } }) => {
      const { sealed, ...row } = cursor.value;
      cursor.update({ ...row, sealed: { ...sealed, iv: new Uint8Array(12) } });
    };
    writing.oncomplete = () => { db.close(); resolve(); };
  };
})"""
"""The first row in the outbox opens with no key any more."""
