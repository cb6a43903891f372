import json
from collections.abc import Generator
from contextlib import contextmanager

import httpx
import pytest

from tests.marketplace.buyer import ShownProduct
from tests.marketplace.faults import ALWAYS, Fault, FaultKind
from tests.marketplace.installation import HERE
from tests.marketplace.mercur import Mercur

PRODUCT = {
    "title": "Kerupuk Melarat",
    "options": [{"title": "Pilihan", "values": ["Satu"]}],
    "variants": [
        {
            "title": "Satu",
            "sku": "fixture-p1-satu",
            "options": {"Pilihan": "Satu"},
            "prices": [{"currency_code": "idr", "amount": 12_500}],
        }
    ],
    "handle": "fixture-p1",
    "status": "published",
}


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())

    addresses = [name for name, package in lock["packages"].items() if "://" in json.dumps(package)]

    assert addresses == []
    assert "://" not in (HERE / ".npmrc").read_text()


@pytest.mark.mercur
def test_a_seller_gets_a_product_before_the_buyer_only_after_both_gates(mercur: Mercur) -> None:
    with _seller(mercur, "fixture") as seller:
        channel = [{"id": mercur.control.seeded.sales_channel_id}]
        product = seller.post("/vendor/products", json={**PRODUCT, "sales_channels": channel})
        assert product.json()["product"]["status"] == "proposed", "moderation is on"
    assert _shown(mercur, "fixture-p1") == []

    mercur.control.operator.approve(mercur.control.operator.seller("fixture").id)
    assert _shown(mercur, "fixture-p1") == []
    mercur.control.operator.publish(mercur.control.operator.product("fixture-p1").id)

    [shown] = _shown(mercur, "fixture-p1")
    assert shown.seller.handle == "fixture"
    assert shown.prices == {"fixture-p1-satu": 12_500}


@pytest.mark.mercur
@pytest.mark.parametrize(
    ("fault", "work_done"),
    [
        (Fault(FaultKind.STATUS, status=429, retry_after=2), False),
        (Fault(FaultKind.PAGE, status=502), False),
        (Fault(FaultKind.DROP), False),
        (Fault(FaultKind.DELAY, ms=1), True),
        (Fault(FaultKind.LOST), True),
        (Fault(FaultKind.LATE, ms=1), True),
        (Fault(FaultKind.REPLACED, status=504), True),
        (Fault(FaultKind.TRUNCATED), True),
        (Fault(FaultKind.GARBLED), True),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
def test_a_fault_strikes_once_and_does_the_work_or_not(
    mercur: Mercur, fault: Fault, work_done: bool
) -> None:
    reference = f"fixture-{fault.kind}"
    with _seller(mercur, reference) as seller:
        mercur.control.faults.inject(fault)
        try:
            answer = seller.post("/vendor/stock-locations", json={"name": reference})
        except httpx.TransportError:
            answer = None
        left = seller.get("/vendor/stock-locations?fields=id,name")

    assert left.json()["count"] == int(work_done)
    assert mercur.control.faults.counters().injected == {fault.kind: 1}
    if fault.status:
        assert answer is not None
        assert answer.status_code == fault.status


@pytest.mark.mercur
def test_every_third_request_and_the_rate_limit_are_counted(mercur: Mercur) -> None:
    with _seller(mercur, "fixture-limit") as seller:
        third = Fault(FaultKind.STATUS, status=503, every=3, times=ALWAYS, method="GET")
        mercur.control.faults.inject(third)
        codes = [seller.get("/vendor/sellers/me?fields=id").status_code for _ in range(6)]
        mercur.control.faults.reset()
        mercur.control.faults.limit(2)
        limited = [seller.get("/vendor/sellers/me?fields=id").status_code for _ in range(4)]

    assert codes == [200, 200, 503, 200, 200, 503]
    assert limited.count(429) == mercur.control.faults.counters().limited >= 1


@pytest.mark.mercur
def test_the_operator_changes_price_and_stock_by_hand(mercur: Mercur) -> None:
    operator = mercur.control.operator
    with _seller(mercur, "fixture-hand") as seller:
        body = json.loads(json.dumps(PRODUCT).replace("fixture-p1", "fixture-hand-p1"))
        seller.post("/vendor/products", json=body).raise_for_status()
        location = seller.post("/vendor/stock-locations", json={"name": "x"}).json()
        product = operator.product("fixture-hand-p1")
        item = product.variants[0].inventory_items[0].inventory.id
        level = {"location_id": location["stock_location"]["id"], "stocked_quantity": 3}
        seller.post(f"/vendor/inventory-items/{item}/location-levels", json=level)
    product = operator.product("fixture-hand-p1")

    operator.set_price(product, "fixture-hand-p1-satu", 9_000)
    operator.set_stock(product, "fixture-hand-p1-satu", 1)
    operator.reject(product.id, "Foto buram")

    changed = operator.product("fixture-hand-p1")
    variant = changed.variant("fixture-hand-p1-satu")
    assert (variant.price, variant.stock) == (9_000, 1)
    assert (changed.status, changed.metadata) == ("rejected", {"rejection_reason": "Foto buram"})


@pytest.mark.mercur
def test_the_marketplace_comes_back_with_its_data_after_a_stop(mercur: Mercur) -> None:
    with _seller(mercur, "fixture-stop"):
        pass
    mercur.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(mercur.url, trust_env=False)

    mercur.start()

    assert mercur.control.operator.seller("fixture-stop").status == "pending_approval"


def _shown(mercur: Mercur, handle: str) -> list[ShownProduct]:
    return [one for one in mercur.control.buyer.products() if one.handle == handle]


@contextmanager
def _seller(mercur: Mercur, reference: str) -> Generator[httpx.Client]:
    """A logged-in seller with a store of that handle."""
    email = f"{reference}@seller.test"
    login = {"email": email, "password": "only-for-tests"}
    store = {"name": reference, "handle": reference, "email": email, "member_email": email}
    with httpx.Client(base_url=mercur.url, timeout=30, trust_env=False) as http:
        register = http.post("/auth/member/emailpass/register", json=login).json()
        made = http.post(
            "/vendor/sellers",
            json={**store, "currency_code": "idr"},
            headers={"Authorization": f"Bearer {register['token']}"},
        ).raise_for_status()
        token = http.post("/auth/member/emailpass", json=login).json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        http.headers["x-seller-id"] = made.json()["seller"]["id"]
        yield http
