"""A small town: records, a practice marketplace in the same process, and a clock that only the test moves."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import httpx
from pydantic import SecretStr

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Equipment
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.converge.loop import PassEnd, converge
from onboarder.converge.session import Marketplace, Surroundings
from onboarder.model.goods import Product, Variant
from onboarder.model.ids import (
    CanvasserId,
    MarketCode,
    MarketplaceName,
    MerchantId,
    PhotoHash,
    ProgrammeCode,
    StoreId,
    merchant_id,
    product_id,
    variant_reference,
)
from onboarder.model.people import Market, Merchant, Programme
from onboarder.model.work import DriftClass, DriftPolicy, Lane
from onboarder.people.vault import Vault
from onboarder.records import register, stores
from onboarder.records.database import Database
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server.app import create_app
from onboarder_rehearsal.server.dials import Dial
from onboarder_rehearsal.server.rules import Rules

REHEARSAL = MarketplaceName("rehearsal")
MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PROGRAMME = Programme(
    code=ProgrammeCode("contoh"),
    name="Program Contoh",
    city="Cirebon",
    province="Jawa Barat",
    timezone="Asia/Jakarta",
    target=10,
    canvassers=2,
    starts_on=date(2026, 11, 1),
    ends_on=date(2026, 12, 31),
    markets=(Market(MarketCode("KNM"), "Pasar Kanoman", "Jl. Kanoman", "45111"),),
)
KEY = SecretStr("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")


@dataclass
class Clock:
    """Time as the test tells it."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, span: timedelta) -> None:
        self.now += span


class OnePhoto:
    """A photo source with the same tiny picture for every hash."""

    def read(self, photo: PhotoHash) -> bytes:
        return b"\xff\xd8\xff\xe0" + photo.encode() + b"\xff\xd9"


@dataclass
class Town:
    """The marketplace's own account is read through `control`, never through the connector under test."""

    database: Database
    around: Surroundings
    clock: Clock
    control: httpx.AsyncClient
    worker: str = "worker-1"
    _merchants: dict[MerchantId, Merchant] = field(default_factory=dict[MerchantId, Merchant])

    async def settle(
        self, number: int = 1, products: int = 3, *, trained: bool = True
    ) -> list[Merchant]:
        """Put merchants with products on record."""
        made = [a_merchant(n, trained=trained) for n in range(number)]
        goods = [a_product(one, n) for one in made for n in range(products)]
        await self.keep(made, goods)
        return made

    async def keep(self, merchants: Sequence[Merchant], products: Sequence[Product]) -> None:
        """Save as the import does, new or changed."""
        async with self.database.write() as tx:
            known = await register.merchants(tx, PROGRAMME.code)
            await register.save_merchants(tx, merchants, known, self.clock())
            had = await register.products(tx, PROGRAMME.code)
            await register.save_products(tx, products, had, self.clock())
            owners = sorted({one.merchant_id for one in products} | {one.id for one in merchants})
            await stores.wake_merchants(tx, owners, now=self.clock())

    async def order(self, merchants: Sequence[Merchant]) -> list[StoreId]:
        async with self.database.write() as tx:
            pairs = [(one.id, REHEARSAL) for one in merchants]
            return await stores.trigger(tx, pairs, lane=Lane.STALL, by="test", now=self.clock())

    async def pass_over(self, store: StoreId) -> PassEnd:
        return await converge(self.around, store, owner=self.worker)

    async def run_until_quiet(self, *, most: timedelta = timedelta(hours=3)) -> int:
        """Work and let time pass until nothing is due within `most`; returns the number of passes."""
        end, passes = self.clock() + most, 0
        while True:
            for store in await self.due():
                await self.pass_over(store)
                passes += 1
            upcoming = await self.next_due()
            if upcoming is None or upcoming > end:
                return passes
            self.clock.now = max(self.clock.now, upcoming)

    async def due(self) -> list[StoreId]:
        async with self.database.read() as tx:
            return [one for one, _ in await stores.due(tx, self.clock())]

    async def next_due(self) -> datetime | None:
        async with self.database.read() as tx:
            times = [one.due_at for one in await stores.records(tx)]
        return min((one for one in times if one is not None), default=None)

    async def account(self) -> dict[str, object]:
        """What the marketplace holds, by its own account."""
        answer = await self.control.get("/_control/account")
        return dict(answer.raise_for_status().json())

    async def dial(self, *dials: Dial) -> None:
        """Set failure dials."""
        body = [one.model_dump(mode="json", exclude_none=True) for one in dials]
        (await self.control.post("/_control/dials", json=body)).raise_for_status()


@asynccontextmanager
async def a_town(
    database: Database,
    *,
    rules: Rules | None = None,
    policy: Mapping[DriftClass, DriftPolicy] | None = None,
    settings: Mapping[str, object] | None = None,
) -> AsyncGenerator[Town]:
    """A town on a migrated database."""
    clock = Clock()
    app = create_app(None, clock=lambda: clock.now.timestamp(), rules=rules)
    transport = httpx.ASGITransport(app=app)
    http = MarketplaceHttp(
        open_client("http://127.0.0.1:8790", transport=transport),
        UnlimitedBudget(),
        marketplace=REHEARSAL,
        clock=clock,
    )
    vault = Vault({"k1": KEY}, active="k1", root="k1")
    connector = RehearsalConnector(settings or {}, Equipment(http, clock, vault.derive))
    around = Surroundings(
        database=database,
        vault=vault,
        programme=PROGRAMME,
        marketplaces={REHEARSAL: Marketplace(REHEARSAL, connector, {"food-crackers": "1010"})},
        photos=OnePhoto(),
        clock=clock,
        random=Random(7),
        lease_span=timedelta(seconds=60),
        call_deadline=timedelta(seconds=20),
        fresh_for=timedelta(minutes=10),
        started_at=clock(),
        drift_policy=dict.fromkeys(DriftClass, DriftPolicy.ASK) | dict(policy or {}),
        look_again=(timedelta(seconds=60),),
    )
    control = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8790", timeout=5)
    async with control:
        yield Town(database, around, clock, control)
    await http.aclose()


def a_merchant(number: int, *, trained: bool = True) -> Merchant:
    """Sample data: invented."""
    key = f"CONTOH-{number:04}"
    return Merchant(
        id=merchant_id(PROGRAMME.code, MarketCode("KNM"), key),
        programme=PROGRAMME.code,
        market=MarketCode("KNM"),
        register_key=key,
        name=f"Contoh {number}",
        shop_name=f"Toko Contoh {number}",
        stall=f"A/{number}",
        phone=f"+62811000{number:05}",
        trained_on=date(2026, 11, 10) if trained else None,
        trained_by=CanvasserId("canvasser-01") if trained else None,
    )


def a_product(owner: Merchant, number: int, *, price: int = 12_500, stock: int = 10) -> Product:
    """Sample data: invented."""
    key = f"kerupuk {number}"
    made = product_id(owner.id, key)
    return Product(
        id=made,
        merchant_id=owner.id,
        product_key=key,
        name=f"Kerupuk contoh {number}",
        description="Kerupuk contoh untuk latihan",
        category="food-crackers",
        weight_grams=250,
        photos=(PhotoHash(f"{number:064x}"),),
        variants=(Variant(variant_reference(made, ""), "", price, stock),),
    )


def repriced(product: Product, price: int) -> Product:
    return replace(product, variants=tuple(replace(one, price=price) for one in product.variants))
