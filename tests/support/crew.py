"""A crew: real worker processes, practice marketplace processes with their accounts, one database, one Redis or none."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import anyio
import httpx
from PIL import Image
from pydantic import SecretStr

from onboarder.intake.photo_store import PhotoStore
from onboarder.intake.rules import IntakeRules
from onboarder.model.ids import MarketplaceName, PhotoHash, StoreId
from onboarder.model.recorded import StoreRecord
from onboarder.model.work import Lane
from onboarder.people.key_ring import KeyRingFile
from onboarder.records import presence, register, stores
from onboarder.records.database import Database, Transaction
from onboarder.settings import Settings
from onboarder_rehearsal.server.dials import Dial
from tests.servers.process import free_port, running
from tests.support.town import REHEARSAL, a_merchant, a_product

CONFIG = Path(__file__).parents[2] / "config"
LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"
PATIENCE = 45.0
"""Seconds a condition may take to come true on a busy machine."""


@dataclass
class Crew:
    """What a marketplace holds is read from its own account, never through the code under test."""

    settings: Settings
    environment: Mapping[str, str] = field(repr=False)
    database: Database
    marketplaces: Mapping[MarketplaceName, httpx.Client]
    workers: list["subprocess.Popen[bytes]"] = field(
        default_factory=list["subprocess.Popen[bytes]"]
    )

    @property
    def marketplace(self) -> httpx.Client:
        """The only one, or the first."""
        return next(iter(self.marketplaces.values()))

    def start_worker(self, *lanes: Lane, **environment: str) -> "subprocess.Popen[bytes]":
        """A worker process; `hired` waits until it is at work."""
        return self.start("-m", "onboarder_workers.run", *lanes, **environment)

    def start(
        self, *arguments: str, within: Sequence[str] = (), **environment: str
    ) -> "subprocess.Popen[bytes]":
        """A Python process with the crew's settings, started by the command `within`; its output goes to worker.log."""
        with self.log.open("ab") as output:
            worker = subprocess.Popen(
                [*within, sys.executable, *arguments],
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.workers.append(worker)
        return worker

    @property
    def log(self) -> Path:
        return self.settings.data_dir / "worker.log"

    async def order(
        self, merchants: int, products: int, *, lane: Lane = Lane.STALL, first: int = 0
    ) -> list[StoreId]:
        """Put new merchants with products on record and mark their stores due; nobody is rung for."""
        photo = self.photo()
        people = [a_merchant(number) for number in range(first, first + merchants)]
        goods = [
            replace(a_product(one, number), photos=(photo,))
            for one in people
            for number in range(products)
        ]
        pairs = [(one.id, name) for one in people for name in self.marketplaces]
        async with self.database.write() as tx:
            await register.save_merchants(tx, people, (), now())
            await register.save_products(tx, goods, (), now())
            return await stores.trigger(tx, pairs, lane=lane, by="test", now=now())

    async def hired(self, number: int, seconds: float = PATIENCE) -> None:
        """Wait until so many workers show that they live."""

        async def here() -> bool:
            return await self.alive() >= number

        try:
            await eventually(here, seconds)
        except TimeoutError:
            raise TimeoutError(self.log.read_text(encoding="utf-8")[-5000:]) from None

    async def alive(self) -> int:
        async with self.database.read() as tx:
            return len(await presence.alive(tx, now()))

    async def busy(self, listings: int) -> None:
        """Wait until the marketplace holds so many listings."""
        await eventually(lambda: is_so(self.held() >= listings))

    async def done(self, seconds: float = PATIENCE) -> None:
        """Wait until no store is due, leased or failed."""
        try:
            await eventually(self._quiet, seconds)
        except TimeoutError:
            raise TimeoutError(f"{await self.records()}\n{self.log.read_text()[-5000:]}") from None

    async def records(self) -> list[StoreRecord]:
        async with self.database.read() as tx:
            return await stores.records(tx)

    def events(self, name: str) -> list[dict[str, object]]:
        """What the workers logged under that name."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        logged: list[dict[str, object]] = [json.loads(one) for one in lines if one[:1] == "{"]
        return [one for one in logged if one["event"] == name]

    def held(self) -> int:
        """Listings at the marketplace."""
        account = self.marketplace.get("/_control/account?brief=1").json()
        return int(account["totals"]["listings"])

    def doubles(self) -> list[str]:
        account = self.marketplace.get("/_control/account?brief=1").json()
        return [*account["duplicate_stores"], *account["duplicate_listings"]]

    def dial(self, *dials: Dial) -> None:
        body = [one.model_dump(mode="json", exclude_none=True) for one in dials]
        self.marketplace.post("/_control/dials", json=body).raise_for_status()

    def dismiss(self) -> None:
        """Stop every worker still there."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                worker.send_signal(signal.SIGKILL)
                worker.wait()

    def photo(self, number: int = 0) -> PhotoHash:
        """A photo that workers find; another one for each number up to 31."""
        picture = BytesIO()
        shade = (8 * number, 128, 128)  # finer steps are lost in a JPEG
        Image.new("RGB", (600, 600), shade).save(picture, "JPEG")
        limits = IntakeRules.load(self.settings.config_dir).limits.photos
        return PhotoStore(self.settings.data_dir / "photos", limits).put(picture.getvalue())

    async def _quiet(self) -> bool:
        async with self.database.read() as tx:
            return not await _waiting(tx)


def now() -> datetime:
    return datetime.now(UTC)


async def is_so(condition: bool) -> bool:
    return condition


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> None:
    """Look again and again until it is so; TimeoutError when it never is."""
    give_up_at = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"still not so after {seconds} seconds")
        await anyio.sleep(0.05)


@asynccontextmanager
async def a_crew(
    folder: Path,
    database_url: str,
    redis_url: str | None,
    names: Sequence[MarketplaceName] = (REHEARSAL,),
    /,
    **changes: object,
) -> AsyncGenerator[Crew]:
    """A crew without workers yet, on a migrated database, and practice marketplaces of those names. `changes` are settings.

    `host` among them is the address at which workers find the marketplaces, if they are not on this machine.
    """
    host = str(changes.pop("host", LOOPBACK))
    data = folder / "data"
    data.mkdir(exist_ok=True)
    with ExitStack() as stack:
        addresses = {one: stack.enter_context(_marketplace(folder, one, host)) for one in names}
        seen = {name: one.replace(LOOPBACK, host) for name, one in addresses.items()}
        settings = Settings.model_validate(
            {
                "config_dir": _config(folder, seen),
                "data_dir": data,
                "database_url": SecretStr(database_url),
                "redis_url": None if redis_url is None else SecretStr(redis_url),
                "secrets_dir": data / "keys",
                "lease_seconds": 3,
                "call_deadline_seconds": 2,
                "sweep_seconds": 0.5,
                "stall_jobs": 10,  # more would wait for slots longer than these leases last
                "night_jobs": 10,
                "look_again_seconds": (0.5,),
                **changes,
            }
        )
        KeyRingFile(data / "keys").create()
        database = Database(settings.database)
        marketplaces = {
            name: stack.enter_context(httpx.Client(base_url=one, trust_env=False))
            for name, one in addresses.items()
        }
        crew = Crew(settings, _environment(settings), database, marketplaces)
        stack.callback(crew.dismiss)
        try:
            yield crew
        finally:
            await database.aclose()


async def _waiting(tx: Transaction) -> bool:
    return any(one.due_at is not None for one in await stores.records(tx))


@contextmanager
def _marketplace(folder: Path, name: MarketplaceName, host: str) -> Generator[str]:
    port = free_port()
    address = f"http://{LOOPBACK}:{port}"
    state = str(folder / name)
    command = [sys.executable, "-m", "onboarder_rehearsal.server", "--host"]
    with running(
        [*command, host if host == LOOPBACK else EVERYWHERE, "--port", str(port), "--state", state],
        log=folder / f"{name}.log",
        is_ready=lambda: _answers(address),
    ):
        yield address


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/_control/rules", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _config(folder: Path, addresses: Mapping[MarketplaceName, str]) -> Path:
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    for known in (config / "marketplaces").glob("*.toml"):
        known.unlink()
    categories = (config / "categories" / f"{REHEARSAL}.toml").read_text(encoding="utf-8")
    for name, address in addresses.items():
        configure(config, name, address, per_second=1000)
        (config / "categories" / f"{name}.toml").write_text(categories, encoding="utf-8")
    (config / "onboarder.toml").write_text("", encoding="utf-8")
    return config


def configure(config: Path, name: MarketplaceName, address: str, *, per_second: float) -> None:
    """What workers started from now on know of the practice marketplace of that name."""
    known = (
        f'connector = "{REHEARSAL}"\nbase_url = "{address}"\n[budget]\nper_second = {per_second}\n'
    )
    (config / "marketplaces" / f"{name}.toml").write_text(known, encoding="utf-8")


def _environment(settings: Settings) -> dict[str, str]:
    """The settings as a worker process gets them."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("ONBOARDER_")}
    secret = {
        "database_url": settings.database_url,
        "redis_url": settings.redis_url,
        "keys_url": settings.keys_url,
    }
    plain = settings.model_dump(
        mode="json", exclude={*secret, "look_again_seconds"}, exclude_none=True
    )
    given = {name: str(value) for name, value in plain.items()}
    given |= {name: one.get_secret_value() for name, one in secret.items() if one is not None}
    given["look_again_seconds"] = str(list(settings.look_again_seconds))
    return own | {f"ONBOARDER_{name.upper()}": value for name, value in given.items()}
