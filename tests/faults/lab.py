"""A marketplace in its own process, a database per experiment, and workers that are forked from this process.

Forking spares every worker the second that Python takes to import everything; what runs in the child is the product's
own worker (`onboarder_workers.process.at_work`), unchanged.
"""

import asyncio
import gc
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
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
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
IDLE_SWEEP_SECONDS = 0.5
"""How often a confined worker looks for due stores: dozens that wait must leave the processors to those that work."""
HALF_A_DAY_FROM_THE_TOWN = timedelta(hours=7 + 12)
"""From UTC to the town's time and half a day on: no night begins while an experiment runs."""
WARMING = 999_999
"""The number of the merchant that only warms up."""
MEMORY = Path("/dev/shm")  # a file system in memory, on which a commit waits for no disk
LEAST_MEMORY = 1 << 30
"""Bytes that must be free there; the marketplace's log of a whole crash sweep takes a tenth of it."""

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
        self.dial_all([{"fault": fault, "store": store, "route": route, "method": "POST", **more}])

    def dial_all(self, dials: Sequence[Mapping[str, object]]) -> list[int]:
        """Set dials; returns their numbers, for `take_off`."""
        answer = self.control.post("/_control/dials", json=dials).raise_for_status().json()
        return [int(one) for one in answer["added"]]

    def take_off(self, dials: Sequence[int]) -> None:
        """Remove dials: every call is held against each that is set."""
        for one in dials:
            self.control.delete(f"/_control/dials/{one}").raise_for_status()

    def config(self, names: Sequence[MarketplaceName]) -> Path:
        """A folder of configuration whose marketplaces have these names; behind all of them is the lab's only one."""
        folder = self.folder / f"config-{names[0]}-{len(names)}"
        if not folder.exists():
            _configure(folder, self.url, names)
        return folder

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
    only: MarketplaceName | None = None
    """The one marketplace that workers know here; None: all there are."""

    def is_quiet(self) -> bool:
        """Whether nothing that workers know here is due or leased."""
        known = "" if self.only is None else f" AND marketplace = '{self.only}'"
        return self.count("store", f"(due_at IS NOT NULL OR lease_until IS NOT NULL){known}") == 0

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
        folder = Path(stack.enter_context(_folder()))
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
        yield Lab(folder, url, redis_url, template, control)


def warm(lab: Lab) -> None:
    """Run one worker here, so that what is only made once is there in every fork; for labs with hundreds of them.

    Forks share this process's memory from then on and collect no garbage: they live for seconds.
    """
    _settle_in()
    asyncio.run(work_until_quiet(an_experiment(lab, WARMING)))
    gc.collect()
    gc.freeze()
    gc.disable()


def an_experiment(
    lab: Lab,
    number: int,
    merchants: int = 1,
    products: int = PRODUCTS,
    *,
    apart: bool = False,
) -> Experiment:
    """Put merchants of its own on record and order their stores; their numbers, from `number`, are unique in the lab.

    `apart`: each store on a marketplace of its own name, so that a worker can be confined to it (`confined`).
    """
    folder = lab.folder / f"run{number}"
    folder.mkdir()
    shutil.copy(lab.template, folder / "onboarder.db")
    names = [_own(place) for place in range(merchants)] if apart else [REHEARSAL] * merchants
    settings = Settings(
        config_dir=lab.config(names if apart else [REHEARSAL]),
        data_dir=folder,
        secrets_dir=lab.folder / "keys",
        redis_url=SecretStr(lab.redis_url),
        lease_seconds=LEASE_SECONDS,
        call_deadline_seconds=DEADLINE_SECONDS,
        sweep_seconds=0.1,
        look_again_seconds=(0.2,),
        night_at=f"{utc_now() + HALF_A_DAY_FROM_THE_TOWN:%H:%M}",
    )
    goods = [the_goods(one, products) for one in range(number, number + merchants)]
    people = [merchant for merchant, _ in goods]
    made = Experiment(people, [one for _, owned in goods for one in owned], settings)
    in_child(partial(_order, made, names))
    return made


def confined(lab: Lab, experiment: Experiment, place: int) -> Experiment:
    """Of an experiment `apart`: the merchant at that place, on the same database, for a worker that knows only theirs."""
    merchant, name = experiment.merchants[place], _own(place)
    return Experiment(
        [merchant],
        [one for one in experiment.products if one.merchant_id == merchant.id],
        experiment.settings.model_copy(
            update={"config_dir": lab.config([name]), "sweep_seconds": IDLE_SWEEP_SECONDS}
        ),
        only=name,
    )


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
        _settle_in()
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
            await asyncio.sleep(0.05)


async def _as_coroutine(work: Work) -> None:
    await work()


def _settle_in() -> None:
    """What is different here from a worker in production: it logs errors only, cheaply, and its first wait is shorter."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
    )
    failures.FIRST_WAIT = FIRST_WAIT


async def _order(experiment: Experiment, names: Sequence[MarketplaceName]) -> None:
    database, now = Database(experiment.settings.database), utc_now()
    async with database.write() as tx:
        await register.save_merchants(tx, experiment.merchants, [], now)
        await register.save_products(tx, experiment.products, [], now)
        pairs = [(one.id, name) for one, name in zip(experiment.merchants, names, strict=True)]
        await stores.trigger(tx, pairs, lane=Lane.STALL, by="lab", now=now)
    await database.aclose()


async def _migrate(path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    await upgrade(database)
    await database.aclose()


def _own(place: int) -> MarketplaceName:
    return MarketplaceName(f"{REHEARSAL}-{place}")


def _configure(folder: Path, url: str, names: Sequence[MarketplaceName]) -> None:
    shutil.copytree(CONFIG, folder)
    for other in (folder / "marketplaces").glob("*.toml"):
        other.unlink()
    text = (
        f'connector = "{REHEARSAL}"\nbase_url = "{url}"\n'
        f"[budget]\nper_second = 5000\n[settings]\nsettle_seconds = {SETTLE_SECONDS}\n"
    )
    categories = CONFIG / "categories" / f"{REHEARSAL}.toml"
    for name in names:
        (folder / "marketplaces" / f"{name}.toml").write_text(text, encoding="utf-8")
        shutil.copy(categories, folder / "categories" / f"{name}.toml")


def _folder() -> tempfile.TemporaryDirectory[str]:
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > LEAST_MEMORY
    return tempfile.TemporaryDirectory(prefix="onboarder-faults-", dir=MEMORY if roomy else None)


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
