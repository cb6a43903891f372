"""A small town: records, a practice marketplace in the same process, and a clock that only the test moves."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import httpx
from pydantic import BaseModel, SecretStr
from sqlalchemy import delete, func, select

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Equipment
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.converge.doorbell import SilentDoorbell
from onboarder.converge.glance import Glances
from onboarder.converge.loop import PassEnd, converge
from onboarder.converge.night import Night, Scope
from onboarder.converge.orders import answer_task
from onboarder.converge.renewal import Renewals
from onboarder.converge.surroundings import Marketplace, Surroundings
from onboarder.model.goods import Product, Variant
from onboarder.model.ids import (
    CanvasserId,
    MarketCode,
    MarketplaceName,
    MerchantId,
    PhotoHash,
    ProgrammeCode,
    Reference,
    StoreId,
    merchant_id,
    product_id,
    variant_reference,
)
from onboarder.model.people import Market, Merchant, Programme
from onboarder.model.recorded import ListingRecord, StoreWork
from onboarder.model.work import DriftClass, DriftPolicy, Lane
from onboarder.people.key_ring import KeyRing
from onboarder.people.vault import MerchantKey, Vault
from onboarder.records import register, runs, stores, tables, tasks
from onboarder.records.database import Database
from onboarder.records.runs import DriftRecord, RunRecord
from onboarder.records.tasks import TaskRecord
from onboarder.rules.drift import DriftRules, Plausibility
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server.app import create_app
from onboarder_rehearsal.server.dials import Dial
from onboarder_rehearsal.server.rules import Rules
from tests.support.fuse import Fuse, FusedDatabase, FusedTransport

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
CALL_DEADLINE = timedelta(seconds=20)
KEY = SecretStr("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")


class Account(BaseModel):
    """The marketplace's own account; stores and listings by Reference, several under one key are doubles."""

    totals: dict[str, object]
    duplicate_stores: list[str]
    duplicate_listings: list[str]
    creates: dict[str, int]
    requests: dict[str, int]
    faults: dict[str, int]
    stores: dict[str, list[dict[str, object]]]
    listings: dict[str, list[dict[str, object]]]

    def listing(self, reference: str) -> dict[str, object]:
        """The only listing with that Reference."""
        [found] = self.listings[reference]
        return found

    def states(self) -> list[str]:
        """The states of all listings, sorted."""
        return sorted(str(one["state"]) for found in self.listings.values() for one in found)


@dataclass
class Clock:
    """Time as the test tells it."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def pass_by(self, span: timedelta) -> None:
        self.now += span

    async def sleep(self, seconds: float) -> None:
        """Sleeping takes no time but the test's."""
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


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
    fuse: Fuse
    keys: "KeysInMemory"
    worker: str = "worker-1"

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
            # A due store that nobody may take is leased to a dead worker: its lease runs out.
            self.clock.now = max(self.clock.now + timedelta(milliseconds=1), upcoming)
            if not await self.due():
                self.clock.pass_by(timedelta(seconds=15))

    async def due(self) -> list[StoreId]:
        async with self.database.read() as tx:
            return [one for one, _ in await stores.due(tx, self.clock())]

    async def next_due(self) -> datetime | None:
        async with self.database.read() as tx:
            found: datetime | None = await tx.scalar(select(func.min(tables.store.c.due_at)))
        return found

    async def open_shops(self, number: int = 1, products: int = 3) -> list[StoreId]:
        """Shops opened and stocked, everything quiet."""
        ordered = await self.order(await self.settle(number, products))
        await self.run_until_quiet()
        return ordered

    async def restart(self, name: str = "worker-2") -> None:
        """A new process takes over: what was observed before it began it does not believe."""
        self.worker = name
        self.around = replace(self.around, started_at=self.clock())

    async def work_of(self, store: StoreId) -> StoreWork:
        async with self.database.read() as tx:
            return await stores.load(tx, store)

    async def listing(self, store: StoreId, number: int = 0) -> ListingRecord:
        """The record of the store's n-th product."""
        work = await self.work_of(store)
        return work.listings[Reference(work.products[number].id)]

    async def change(self, store: StoreId, number: int = 0, /, **changes: object) -> None:
        """The register says something else about the store's n-th product: `price`, or any field of it."""
        work = await self.work_of(store)
        chosen = changed(work.products[number], **changes)
        await self.keep([work.merchant], [chosen])

    async def tasks(self) -> list[TaskRecord]:
        async with self.database.read() as tx:
            return await tasks.open_tasks(tx)

    async def answer(self, text: str) -> None:
        """A person gives the only open task this answer."""
        [task] = await self.tasks()
        await answer_task(
            self.database, SilentDoorbell(), task.id, text, by="ani", clock=self.clock
        )

    async def night(
        self, *, rules: DriftRules | None = None, owner: str = "night-1"
    ) -> tuple[RunRecord, list[DriftRecord]]:
        """One whole reconciliation: the run as it ended, and what it found."""
        night = Night(self.database, rules or self.rules(), owner=owner, clock=self.clock)
        run = await night.begin(by="test", scope=Scope())
        while (record := await night.advance(run)).ended_at is None:
            await self.glance()
            await self.work_what_is_due()
            self.clock.pass_by(timedelta(seconds=20))
        async with self.database.read() as tx:
            return record, await runs.drifts(tx, run)

    async def glance(self) -> None:
        """A process glances at what the run under way hands out."""
        while await Glances(self.around, jobs=4, sleep=self.clock.sleep).of_the_run_under_way():
            pass

    def rules(self) -> DriftRules:
        return DriftRules(
            policy=self.around.drift_policy,
            plausibility=Plausibility(vanished_share=0.2, vanished_least=3),
        )

    async def work_what_is_due(self) -> None:
        for store in await self.due():
            await self.pass_over(store)

    async def account(self) -> Account:
        """What the marketplace holds, by its own account."""
        answer = await self.control.get("/_control/account")
        return Account.model_validate(answer.raise_for_status().json())

    async def by_hand(self, method: str, path: str, **body: object) -> dict[str, object]:
        """What a person at the marketplace, or the merchant there, does: `POST`, `stores/REFERENCE/suspend`."""
        answer = await self.control.request(method, f"/_control/{path}", json=body)
        return dict(answer.raise_for_status().json())

    async def writes(self) -> int:
        """Calls so far that change something there."""
        kinds = ("POST /v1/sellers ", "PUT ", "PATCH ", "POST /v1/items")
        requests = (await self.account()).requests
        return sum(number for call, number in requests.items() if call.startswith(kinds))

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
    look_again: tuple[timedelta, ...] = (timedelta(seconds=60),),
) -> AsyncGenerator[Town]:
    """A town on a migrated database."""
    clock, fuse = Clock(), Fuse()
    app = create_app(None, clock=clock.seconds, rules=rules)
    transport = httpx.ASGITransport(app=app)
    http = MarketplaceHttp(
        open_client("http://127.0.0.1:8790", transport=FusedTransport(transport, fuse)),
        UnlimitedBudget(),
        marketplace=REHEARSAL,
        clock=clock,
    )
    keys = KeysInMemory()
    vault = a_vault(keys=keys)
    connector = RehearsalConnector(settings or {}, Equipment(http, clock, vault.derive))
    around = Surroundings(
        database=FusedDatabase(database, fuse),
        vault=vault,
        renewals=Renewals(
            FusedDatabase(database, fuse),
            vault,
            clock=clock,
            name="test",
            deadline=CALL_DEADLINE,
            sleep=clock.sleep,
        ),
        programme=PROGRAMME,
        marketplaces={REHEARSAL: Marketplace(REHEARSAL, connector, {"food-crackers": "1010"})},
        photos=OnePhoto(),
        clock=clock,
        random=Random(7),
        lease_span=timedelta(seconds=60),
        call_deadline=CALL_DEADLINE,
        fresh_for=timedelta(minutes=10),
        started_at=clock(),
        drift_policy=dict.fromkeys(DriftClass, DriftPolicy.ASK) | dict(policy or {}),
        look_again=look_again,
    )
    control = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8790", timeout=5)
    async with control:
        yield Town(database, around, clock, control, fuse, keys)
    await http.aclose()


class KeysInMemory:
    """A key store that lasts as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[MerchantId, MerchantKey] = {}

    async def find(self, owner: MerchantId) -> MerchantKey | None:
        return self.kept.get(owner)

    async def keep(self, fresh: MerchantKey) -> MerchantKey:
        return self.kept.setdefault(fresh.owner, fresh)

    async def forget(self, owner: MerchantId) -> bool:
        return self.kept.pop(owner, None) is not None


def a_vault(key: SecretStr = KEY, keys: KeysInMemory | None = None) -> Vault:
    """A vault with one key on its ring, and no merchant's key yet if none are given."""
    ring = KeyRing({"k1": key}, active="k1", root="k1")
    return Vault(lambda: ring, keys or KeysInMemory())


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


def changed(product: Product, **changes: object) -> Product:
    """The product with other fields; `price` and `stock` are those of every variant."""
    shelf = {name: changes.pop(name) for name in ("price", "stock") if name in changes}
    variants = tuple(replace(one, **shelf) for one in product.variants)  # type: ignore[arg-type]  # tests name real fields
    return replace(product, **{"variants": variants, **changes})  # type: ignore[arg-type]  # likewise


async def forget_everything(town: Town) -> None:
    """The records of all work are lost; merchants, products and the marketplace stay."""
    async with town.database.write() as tx:
        for table in (tables.task, tables.intent, tables.listing, tables.remote_photo):
            await tx.execute(delete(table))
        await tx.execute(delete(tables.credential))
        await tx.execute(delete(tables.store))
