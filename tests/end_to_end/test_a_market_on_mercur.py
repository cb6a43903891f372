"""A market's register to open shops on the real Mercur, through real worker processes, Redis and PostgreSQL."""

from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tests.end_to_end.office import Office, an_office
from tests.end_to_end.register import GOODS, MARKETS, write_register
from tests.marketplace.faults import Fault, FaultKind
from tests.marketplace.mercur import Mercur, start_mercur
from tests.marketplace.plugin import need_mercur
from tests.servers.postgres import fresh_database
from tests.servers.process import wait_until

MERCHANTS = 30
TOKEN_LIFE = "12s"
"""Short enough that every login's token expires in the middle of the run."""

pytestmark = [
    pytest.mark.mercur,
    pytest.mark.postgres,
    pytest.mark.redis_server,
    pytest.mark.processes,
]


@pytest.fixture(scope="module")
def marketplace(postgres_url: str) -> Generator[Mercur]:
    need_mercur()
    with start_mercur(postgres_url=postgres_url, jwt_expires_in=TOKEN_LIFE) as mercur:
        yield mercur


@pytest.fixture(scope="module")
def office(
    postgres_url: str,
    redis_server: str,
    marketplace: Mercur,
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[Office]:
    folder = tmp_path_factory.mktemp("office")
    settings = (
        f'base_url = "{marketplace.url}"\n[budget]\nper_second = 100\n'
        '[settings]\naccount = "merchant"\nemail_domain = "contoh.example"\nsettle_seconds = 3\n'
    )
    with (
        fresh_database(postgres_url) as database,
        an_office(
            folder, database_url=database, redis_url=redis_server, marketplaces={"mercur": settings}
        ) as opened,
    ):
        yield opened


def test_thirty_merchants_end_with_one_store_and_one_product_per_reference(
    office: Office, marketplace: Mercur, tmp_path: Path
) -> None:
    people, goods = write_register(tmp_path, MERCHANTS)
    office.run("import", str(people), str(goods), "--photos", str(tmp_path / "foto"))
    operator = marketplace.control.operator
    marketplace.control.faults.inject(
        Fault(FaultKind.LOST, prefix="/vendor/products", method="POST", times=12, every=11),
        Fault(FaultKind.LOST, prefix="/vendor/sellers", method="POST", times=4, every=6),
        Fault(FaultKind.DROP, prefix="/vendor", times=15, every=37),
        Fault(FaultKind.STATUS, status=503, times=15, every=29),
        Fault(FaultKind.STATUS, status=429, retry_after=1, times=8, every=53),
        Fault(FaultKind.GARBLED, prefix="/vendor/products", method="POST", times=4, every=31),
    )

    receipt = office.ask("open", "--all-trained", "--marketplace", "mercur")
    for _ in range(2):
        office.start_worker()
    wait_until(lambda: _published(marketplace) == MERCHANTS * len(GOODS), deadline_seconds=420)
    office.run("watch")

    assert len(TypeAdapter(list[str]).validate_python(receipt["stores"])) == MERCHANTS
    sellers = Counter(one.handle for one in operator.sellers())
    assert len(sellers) == MERCHANTS
    assert set(sellers.values()) == {1}
    products = operator.products()
    assert Counter(Counter(one.handle for one in products).values()) == {1: MERCHANTS * len(GOODS)}
    assert all(len(one.images) == 1 for one in products)
    assert {one.seller.handle for one in products if one.seller} == set(sellers)
    shown = marketplace.control.buyer.products()
    assert len(shown) == MERCHANTS * len(GOODS)
    assert marketplace.control.buyer.picture(shown[0]).headers["content-type"] == "image/jpeg"
    injected = marketplace.control.faults.counters().injected
    assert injected[FaultKind.LOST] == 16


def test_prices_and_stocks_are_those_of_the_register(office: Office, marketplace: Mercur) -> None:
    shown = marketplace.control.buyer.products()

    prices = sorted(price for one in shown for price in one.prices.values())
    assert prices == sorted(10_000 + 500 * n for n in range(MERCHANTS) for _ in GOODS)
    stocks = Counter(
        v.stock for one in marketplace.control.operator.products() for v in one.variants
    )
    assert stocks == {5 + n: len(GOODS) for n in range(MERCHANTS)}


def test_a_second_order_changes_nothing_and_refuses_the_untrained(
    office: Office, marketplace: Mercur
) -> None:
    before = _holdings(marketplace)

    office.run("open", "--all-trained", "--marketplace", "mercur")
    receipt = office.ask("open", "--market", MARKETS[0], "--marketplace", "mercur")
    office.run("watch")

    assert [one["code"] for one in _list(receipt, "refused")] == ["gate.untrained"]
    assert _holdings(marketplace) == before


def test_the_night_reports_a_rejected_product_and_a_suspended_store_as_tasks(
    office: Office, marketplace: Mercur
) -> None:
    operator = marketplace.control.operator
    rejected, priced, *_ = sorted(operator.products(), key=lambda one: one.handle)
    suspended = next(one for one in reversed(operator.sellers()))
    operator.reject(rejected.id, "Foto buram")
    operator.suspend(suspended.id, "KTP tidak jelas")
    operator.set_price(priced, str(priced.variants[0].sku), 99_000)

    outcome = office.ask("reconcile")

    found = Counter(str(drift["class"]) for drift in _list(outcome, "drifts"))
    assert found["rejected"] == 1
    assert found["store_suspended"] == 1
    assert found["price_changed"] == 1
    tasks = " ".join(str(task["text"]) for task in _list(office.ask("tasks"), "tasks"))
    assert "Foto buram" in tasks
    assert "KTP tidak jelas" in tasks
    assert operator.product(priced.handle).variants[0].price == 99_000, (
        "a merchant's price is not overwritten"
    )
    visible = {one.seller.handle for one in marketplace.control.buyer.products()}
    assert suspended.handle not in visible


def _published(marketplace: Mercur) -> int:
    """Do the operator's work, then count what buyers can see."""
    operator = marketplace.control.operator
    operator.approve_all()
    operator.publish_all()
    return sum(one.status == "published" for one in operator.products())


def _holdings(marketplace: Mercur) -> set[tuple[str, str, int | None]]:
    operator = marketplace.control.operator
    stores = {(one.id, one.status, None) for one in operator.sellers()}
    return stores | {
        (one.id, one.status, v.price) for one in operator.products() for v in one.variants
    }


def _list(document: dict[str, object], key: str) -> list[dict[str, object]]:
    return TypeAdapter(list[dict[str, object]]).validate_python(document[key])
