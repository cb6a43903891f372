"""A marketplace in its own process, a database per experiment, and workers that are forked from this process.

Forking spares every worker the second that Python takes to import everything; what runs in the child is the product's
own worker (`onboarder_workers.process.at_work`), unchanged.
"""

import asyncio
import importlib
import logging
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TypedDict

import httpx
import structlog
from pydantic import SecretStr

from onboarder.application import utc_now
from onboarder.converge import failures
from onboarder.model.goods import Product
from onboarder.model.ids import MarketplaceName
from onboarder.model.people import Merchant
from onboarder.model.work import Lane
from onboarder.records import register, stores
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder.settings import Settings
from onboarder_workers.process import at_work
from tests.servers.process import free_port, running
from tests.support.town import a_merchant, a_product

CONFIG = Path(__file__).parents[2] / "config"
REHEARSAL = MarketplaceName("rehearsal")
EAGERLY = (
    "PIL.ImageOps",
    "aiosqlite",
    "httpcore",
    "onboarder.connector.registry",
    "onboarder_rehearsal",
)
"""What workers import when they need it, imported here once, so that no fork does."""
LANES = (Lane.STALL,)
"""One lane is enough for one store, and every lane less is fewer turns that have nothing to do with the work."""
LEASE_SECONDS = 2.0
DEADLINE_SECONDS = 0.8
SETTLE_SECONDS = 0.4
FIRST_WAIT = timedelta(seconds=0.2)
"""The wait after a first failure, scaled down like the lease, the deadline and the settle time (5 s in production)."""
PRODUCTS = 10

Work = Callable[[], Awaitable[None]]


class Held(TypedDict):
    """The marketplace's account; stores and listings by Reference, several under one key are doubles."""

    late_pending: int
    stores: dict[str, list[object]]
    listings: dict[str, list[object]]


@dataclass(frozen=True)
class Lab:
    """What all experiments share."""

    folder: Path
    url: str
    redis_url: str
    template: Path
    control: httpx.Client = field(repr=False)

    def dial(self, store: str, fault: str, route: str, **more: object) -> None:
        """Let one fault strike one store's calls."""
        body = {"fault": fault, "store": store, "route": route, "method": "POST", **more}
        self.control.post("/_control/dials", json=body).raise_for_status()

    def account(self) -> "Held":
        """What the marketplace holds, once no late commit is on its way any more."""
        while (answer := self._account())["late_pending"]:
            time.sleep(0.05)
        return answer

    def _account(self) -> "Held":
        answer: Held = self.control.get("/_control/account").raise_for_status().json()
        return answer


@dataclass(frozen=True)
class Experiment:
    """Merchants with products, ordered, in a database of their own."""

    merchants: Sequence[Merchant]
    products: Sequence[Product]
    settings: Settings

    def is_quiet(self) -> bool:
        """Whether nothing is due or leased."""
        return self.count("store", "due_at IS NOT NULL OR lease_until IS NOT NULL") == 0

    def count(self, table: str, condition: str) -> int:
        """Rows on record."""
        [(number,)] = self.read(f"SELECT count(*) FROM {table} WHERE {condition}")
        return int(str(number))

    def read(self, query: str) -> list[tuple[object, ...]]:
        """Look past the product, and without a turn of an event loop."""
        path = self.settings.data_dir / "onboarder.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as records:
            return records.execute(query).fetchall()


@contextmanager
def a_lab() -> Generator[Lab]:
    """A running marketplace and Redis, and a folder for experiments; all gone afterwards."""
    for name in EAGERLY:
        importlib.import_module(name)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="onboarder-faults-")))
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        control = stack.enter_context(httpx.Client(base_url=url, timeout=20, trust_env=False))
        serve = ["rehearsal", "serve", "--port", str(port), "--state", str(folder / "marketplace")]
        command = [sys.executable, "-m", "onboarder", *serve]
        log = folder / "marketplace.log"
        environment = os.environ | {"ONBOARDER_CONFIG_DIR": str(CONFIG)}
        stack.enter_context(
            running(command, log=log, is_ready=lambda: _answers(control), env=environment)
        )
        redis_url = stack.enter_context(_redis(folder))
        template = folder / "template.db"
        in_child(lambda: _migrate(template))
        _configure(folder / "config", url)
        yield Lab(folder, url, redis_url, template, control)


def an_experiment(
    lab: Lab, number: int, merchants: int = 1, products: int = PRODUCTS
) -> Experiment:
    """Put merchants of its own on record and order their stores; their numbers, from `number`, are unique in the lab."""
    folder = lab.folder / f"run{number}"
    folder.mkdir()
    shutil.copy(lab.template, folder / "onboarder.db")
    settings = Settings(
        config_dir=lab.folder / "config",
        data_dir=folder,
        secrets_dir=lab.folder / "keys",
        redis_url=SecretStr(lab.redis_url),
        lease_seconds=LEASE_SECONDS,
        call_deadline_seconds=DEADLINE_SECONDS,
        sweep_seconds=0.1,
        look_again_seconds=(0.2,),
    )
    goods = [the_goods(one, products) for one in range(number, number + merchants)]
    people = [merchant for merchant, _ in goods]
    made = Experiment(people, [one for _, owned in goods for one in owned], settings)
    in_child(lambda: _order(made))
    return made


def the_goods(number: int, products: int = PRODUCTS) -> tuple[Merchant, list[Product]]:
    """The merchant of that number, with products."""
    merchant = a_merchant(number)
    return merchant, [replace(a_product(merchant, n), photos=()) for n in range(products)]


def in_child(work: Work) -> None:
    """Run something asynchronous in a forked process, so that this one keeps no thread and no loop."""
    status = wait(fork(work))
    if status != 0:
        raise RuntimeError(f"a forked process ended with status {status}")


def fork(work: Work, make_loop: Callable[[], asyncio.AbstractEventLoop] | None = None) -> int:
    """Start it in a forked process, on a loop made there; returns the process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        failures.FIRST_WAIT = FIRST_WAIT
        with asyncio.Runner(loop_factory=make_loop) as runner:
            runner.run(_as_coroutine(work))
    except BaseException:  # noqa: BLE001  # the child must never return into the parent's code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def wait(pid: int) -> int:
    """The exit status; negative the signal that ended it."""
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def ends_within(pid: int, seconds: float) -> int | None:
    """The exit status, or None if it still runs after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    return None


async def work_until_quiet(experiment: Experiment) -> None:
    """A worker that stops as soon as its store is neither due nor leased any more."""
    async with at_work(experiment.settings, LANES):
        while not experiment.is_quiet():  # noqa: ASYNC110  # the database says it, not this process
            await asyncio.sleep(0.02)


async def _as_coroutine(work: Work) -> None:
    await work()


async def _order(experiment: Experiment) -> None:
    database, now = Database(experiment.settings.database), utc_now()
    async with database.write() as tx:
        await register.save_merchants(tx, experiment.merchants, [], now)
        await register.save_products(tx, experiment.products, [], now)
        pairs = [(one.id, REHEARSAL) for one in experiment.merchants]
        await stores.trigger(tx, pairs, lane=Lane.STALL, by="lab", now=now)
    await database.aclose()


async def _migrate(path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    await upgrade(database)
    await database.aclose()


def _configure(folder: Path, url: str) -> None:
    shutil.copytree(CONFIG, folder)
    for other in (folder / "marketplaces").glob("*.toml"):
        other.unlink()
    text = f'base_url = "{url}"\n[budget]\nper_second = 5000\n[settings]\nsettle_seconds = {SETTLE_SECONDS}\n'
    (folder / "marketplaces" / "rehearsal.toml").write_text(text, encoding="utf-8")


@contextmanager
def _redis(folder: Path) -> Generator[str]:
    from onboarder.redis_server import EmbeddedServer

    server = EmbeddedServer(folder / "redis")
    server.tend()
    deadline = time.monotonic() + 10
    while not server.answers():
        if time.monotonic() > deadline:
            raise TimeoutError("the embedded Valkey does not answer")
        time.sleep(0.02)
    yield f"unix://{server.socket}"
    server.stop()


def _answers(control: httpx.Client) -> bool:
    try:
        return control.get("/_control/rules").is_success
    except httpx.HTTPError:
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
