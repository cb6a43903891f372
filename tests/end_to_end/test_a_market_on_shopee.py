"""A market's consents on the fake Shopee, driven from the command line: every shop ends open or explained."""

from collections import Counter
from collections.abc import Generator, Mapping
from pathlib import Path
from random import Random

import httpx
import pytest
from pydantic import TypeAdapter

from tests.end_to_end.office import CONFIG, Office, an_office
from tests.end_to_end.register import write_register
from tests.marketplace.shopee.dials import Dial, Fault
from tests.marketplace.shopee.launch import FakeShopee, running_shopee
from tests.marketplace.shopee.rules import Rules
from tests.servers.postgres import fresh_database
from tests.servers.process import free_port, wait_until

MERCHANTS = 40
GOODS_EACH = 3
REFUSING = 5
"""Traders who follow the link and do not agree."""
UNPROVEN = 5
"""Traders who agree before Shopee has checked who they are."""
ACCESS_SECONDS = 20
"""Life of an access token: every shop's ends while its goods go up."""
CATEGORY = "100734"
LISTS: TypeAdapter[list[dict[str, object]]] = TypeAdapter(list[dict[str, object]])

pytestmark = [pytest.mark.postgres, pytest.mark.redis_server, pytest.mark.processes]


@pytest.fixture(scope="module")
def shopee() -> Generator[FakeShopee]:
    with running_shopee() as fake:
        yield fake


@pytest.fixture(scope="module")
def office(
    postgres_url: str,
    redis_server: str,
    shopee: FakeShopee,
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[Office]:
    folder, port = tmp_path_factory.mktemp("office"), free_port()
    rules = Rules()
    settings = (
        f'base_url = "{shopee.url}"\n[budget]\nper_second = 200\n[settings]\n'
        f'partner_id = {rules.partner_id}\napi_host = "{shopee.url}"\nconsent_page = "{shopee.url}/auth"\n'
        "settle_seconds = 6\nvariants_after_seconds = 5\n"
        "[settings.package]\nlength = 20\nwidth = 15\nheight = 10\n"
        f'[settings.attributes.{CATEGORY}]\n100643 = "6 Bulan"\n'
    )
    with (
        fresh_database(postgres_url) as database,
        an_office(
            folder,
            database_url=database,
            redis_url=redis_server,
            marketplaces={"shopee": settings},
            more={
                "public_url": f"http://127.0.0.1:{port}",
                "serve_port": str(port),
                "secret_shopee_partner_key": rules.partner_key,
                "secret_shopee_push_key": rules.partner_key,
            },
        ) as opened,
    ):
        _map_categories(opened)
        opened.start_service()
        for _ in range(2):
            opened.start_worker()
        shopee.set_rules(
            push_url=f"http://127.0.0.1:{port}/webhooks/shopee",
            push_lost=0.3,
            push_doubled=0.3,
            push_shuffled=True,
            access_seconds=ACCESS_SECONDS,
        )
        yield opened


def test_forty_consents_in_any_order_end_with_every_shop_open_or_explained(
    office: Office, shopee: FakeShopee, tmp_path: Path
) -> None:
    people, goods = write_register(
        tmp_path, MERCHANTS, markets=("Pasar Kanoman",), goods_each=GOODS_EACH
    )
    office.run("import", str(people), str(goods), "--photos", str(tmp_path / "foto"))
    shopee.dial(
        Dial(fault=Fault.LOST_AFTER, route="/api/v2/product/add_item", times=12),
        Dial(fault=Fault.RATE_LIMITED, route="/api/v2/product/*", times=6),
    )

    receipt = office.ask("open", "--market", "Kanoman", "--marketplace", "shopee")
    stores = TypeAdapter(list[str]).validate_python(receipt["stores"])
    assert len(stores) == MERCHANTS
    wait_until(lambda: _tasks(office)["consent.needed"] == MERCHANTS, deadline_seconds=90)

    order = Random(7).sample(stores, MERCHANTS)  # the order in which traders come is no secret
    refusing, unproven = order[:REFUSING], order[REFUSING : REFUSING + UNPROVEN]
    shops = {store: shopee.register(shop_name=f"Toko {n}") for n, store in enumerate(order)}
    for store in unproven:
        shopee.control("PATCH", f"shops/{shops[store]}", {"kyc": "pending"})
    with httpx.Client(timeout=30, trust_env=False) as browser:
        ways = {
            store: _follow(
                office, shopee, browser, store, shops[store], agree=store not in refusing
            )
            for store in order
        }
        assert {store for store, way in ways.items() if not way} == set(refusing)
        used = browser.get(ways[order[-1]])
        assert "sudah" in used.text, "the same way back twice says that it was used"

    ready = MERCHANTS - REFUSING - UNPROVEN
    wait_until(lambda: _on_sale(shopee) == ready * GOODS_EACH, deadline_seconds=300)
    waiting = _tasks(office)
    assert waiting["consent.needed"] == REFUSING
    assert waiting["shopee.kyc"] == UNPROVEN

    for store in unproven:
        shopee.control("PATCH", f"shops/{shops[store]}", {"kyc": "done"})
    for task in LISTS.validate_python(office.ask("tasks")["tasks"]):
        if task["code"] == "shopee.kyc":
            office.run("tasks", "answer", str(task["number"]), "done")
    wait_until(lambda: _on_sale(shopee) == (ready + UNPROVEN) * GOODS_EACH, deadline_seconds=120)
    office.run("watch")
    assert _tasks(office) == {"consent.needed": REFUSING}
    account = shopee.account()
    assert account["duplicates"] == []
    faults = TypeAdapter(dict[str, int]).validate_python(account["faults"])
    assert faults["lost_after"] == 12


def test_the_night_finds_what_the_marketplace_and_the_trader_did(
    office: Office, shopee: FakeShopee
) -> None:
    items = _items(shopee)
    banned, priced = (str(one["item_id"]) for one in items[:2])
    left = next(one["shop_id"] for one in reversed(items))
    shopee.control("POST", f"items/{banned}/ban")
    shopee.control("PATCH", f"items/{priced}", {"price": 99_000})
    shopee.befall(int(str(left)), "authorization_withdrawn")

    outcome = office.ask("reconcile")

    found = Counter(str(drift["class"]) for drift in LISTS.validate_python(outcome["drifts"]))
    assert found["rejected"] == 1
    assert found["price_changed"] == 1
    assert found["authorisation_lost"] == 1
    assert _tasks(office)["consent.again"] == 1
    again = shopee.control("GET", f"items/{priced}")
    assert again["price"] == 99_000, "the trader's own price is not overwritten"
    assert len(_items(shopee)) == len(items)


def _follow(
    office: Office,
    shopee: FakeShopee,
    browser: httpx.Client,
    store: str,
    shop: int,
    *,
    agree: bool,
) -> str:
    """The trader opens her personal link, presses the button, decides there; where she came back, empty if not."""
    link = str(office.ask("consent", store)["link"])
    assert browser.get(link).is_success
    there = browser.post(link)
    assert there.status_code == 303
    back = shopee.consent(there.headers["location"], shop, accept=agree)
    if back:
        arrived = browser.get(back)
        assert arrived.is_success, arrived.text
    return back


def _map_categories(office: Office) -> None:
    """Every kind of goods into the one leaf whose rules are known."""
    known = (CONFIG / "categories" / "mercur.toml").read_text(encoding="utf-8")
    codes = [line.partition(" = ")[0] for line in known.splitlines() if " = " in line]
    text = "".join(f'{code} = "{CATEGORY}"\n' for code in codes)
    path = office.folder / "config" / "categories" / "shopee.toml"
    path.write_text(text, encoding="utf-8")


def _tasks(office: Office) -> Mapping[str, int]:
    return Counter(str(one["code"]) for one in LISTS.validate_python(office.ask("tasks")["tasks"]))


def _on_sale(shopee: FakeShopee) -> int:
    return sum(one["status"] == "NORMAL" for one in _items(shopee))


def _items(shopee: FakeShopee) -> list[dict[str, object]]:
    by_sku = TypeAdapter(dict[str, list[dict[str, object]]]).validate_python(
        shopee.account()["items"]
    )
    return [one for sku in sorted(by_sku) for one in by_sku[sku]]
