"""Canvassers edit the register and merchants their shops, before, in and between nights: whose edit is lost?

`python -m tests.faults.edits [--seeds 60] [--first 0]`. Edits fall at random moments, also between the transactions of a
pass. A plain model says what each field must show in the end. Under the policy `ask` a merchant's edit stands until a
person answers, with a task that asks; under `repair` the register is right. Then two reconciliations at once, as processes.
"""

import argparse
import asyncio
import logging
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random

import structlog

from onboarder.converge.doorbell import SilentDoorbell
from onboarder.converge.orders import answer_task
from onboarder.model.ids import StoreId
from onboarder.model.work import DriftClass, DriftPolicy
from onboarder.problems import BusyProblem
from onboarder.records import open_drifts
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder.records.runs import DriftRecord
from onboarder.records.tasks import TaskRecord
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.faults.crowd import a_crowd, strike
from tests.faults.findings import Finding, tell
from tests.support.crew import eventually, is_so
from tests.support.mischief import DisturbedDatabase
from tests.support.town import Town, a_town

SHOPS, PRODUCTS, EVENTS = 2, 1, 50
MOST_TRANSACTIONS = 9
"""Of a pass, about."""
FIELDS = {"price": "price", "stock": "stock", "title": "name", "description": "description"}
"""The marketplace's words for the fields, and the register's."""
ABOUT_FIELDS = (DriftClass.PRICE_CHANGED, DriftClass.STOCK_CHANGED, DriftClass.CONTENT_CHANGED)
Place = tuple[StoreId, int, str]
"""A field of a shop's n-th product."""


@dataclass
class Field:
    """The model: what the register says, and what the marketplace must show in the end."""

    register: object
    shown: object
    contested: bool = False
    """The merchant has edited it since both last agreed."""


@dataclass(frozen=True)
class Loss:
    """A field that shows something else than it must, or about which nobody is asked."""

    place: Place
    field: Field
    shown: object


class Edits:
    """One seed's edits. The policy decides about contested fields."""

    def __init__(
        self, town: Town, stores: Sequence[StoreId], seed: int, policy: DriftPolicy
    ) -> None:
        self.town = town
        self.stores = stores
        self.random = Random(seed)
        self.policy = policy
        self.fields: dict[Place, Field] = {}
        self.values = count(20_000)
        self.done = 0
        self.last: Place | None = None

    async def live(self) -> list[Loss]:
        """All edits, then everything that is still to be done; what was lost."""
        await self.begin()
        events = [self.by_canvasser, self.by_merchant, self.work, self.work, self.night]
        events += [self.answer] if self.policy is DriftPolicy.ASK else []
        for _ in range(EVENTS):
            await self.random.choice(events)()
            self.town.clock.pass_by(timedelta(minutes=self.random.choice([0, 0, 1, 20])))
        for _ in range(2):
            await self.town.run_until_quiet()
            await self.town.night()
        await self.town.run_until_quiet()
        return await self.losses()

    async def begin(self) -> None:
        for store in self.stores:
            for number in range(PRODUCTS):
                shown = await self.listing(store, number)
                for name in FIELDS:
                    self.fields[store, number, name] = Field(shown[name], shown[name])

    async def by_canvasser(self) -> None:
        """The register says something new."""
        (store, number, name), field = self.somewhere()
        value = self.value(name)
        await self.town.change(store, number, **{FIELDS[name]: value})
        field.register = value
        if not field.contested:
            field.shown = value

    async def by_merchant(self) -> None:
        """The shop shows something new."""
        (store, number, name), field = self.somewhere()
        value = self.value(name)
        record = await self.town.listing(store, number)
        await self.town.by_hand("PATCH", f"listings/{record.reference}", **{name: value})
        field.shown, field.contested = value, True

    async def work(self) -> None:
        self.disturb()
        await self.town.work_what_is_due()
        self.undisturbed()

    async def night(self) -> None:
        self.disturb()
        await self.town.night()
        self.undisturbed()

    async def answer(self) -> None:
        """A person looks at a fresh question and answers it."""
        await self.town.run_until_quiet()
        await self.town.night()
        questions = await self.questions()
        if not questions:
            return
        task, drift = self.random.choice(questions)
        text = self.random.choice(["keep", "restore"])
        await answer_task(
            self.town.database, SilentDoorbell(), task.id, text, by="ani", clock=self.town.clock
        )
        await self.town.run_until_quiet()
        field = self.fields[await self.place_of(drift)]
        field.contested = False
        if text == "restore":
            field.shown = field.register

    async def place_of(self, drift: DriftRecord) -> Place:
        for number in range(PRODUCTS):
            if (await self.town.listing(drift.store_id, number)).reference == drift.reference:
                return drift.store_id, number, drift.field or ""
        raise KeyError(drift.reference)

    async def edit(self) -> None:
        await self.random.choice([self.by_canvasser, self.by_merchant])()

    def disturb(self) -> None:
        """Let an edit fall before one of the next transactions."""
        moment = self.random.randint(1, MOST_TRANSACTIONS)
        database = DisturbedDatabase(self.town.database, moment, self.edit)
        self.town.around = replace(self.town.around, database=database)

    def undisturbed(self) -> None:
        self.town.around = replace(self.town.around, database=self.town.database)

    def somewhere(self) -> tuple[Place, Field]:
        """Often where the last edit was: that is where edits meet."""
        self.done += 1
        if self.last is None or self.random.random() < 0.5:
            self.last = self.random.choice(list(self.fields))
        return self.last, self.fields[self.last]

    def value(self, name: str) -> object:
        """Never the same twice."""
        value = next(self.values)
        return value if name in {"price", "stock"} else f"Kerupuk contoh nomor {value}"

    async def losses(self) -> list[Loss]:
        about = {(one.store_id, one.reference, one.field) for _, one in await self.questions()}
        lost: list[Loss] = []
        for place, field in self.fields.items():
            store, number, name = place
            shown = (await self.listing(store, number))[name]
            reference = (await self.town.listing(store, number)).reference
            wanted = field.shown if self.policy is DriftPolicy.ASK else field.register
            unasked = field.contested and (store, reference, name) not in about
            if shown != wanted or (unasked and shown != field.register):
                lost.append(Loss(place, field, shown))
        return lost

    async def questions(self) -> list[tuple[TaskRecord, DriftRecord]]:
        """Open tasks about drifts, with their drifts."""
        tasks = {one.subject: one for one in await self.town.tasks()}
        async with self.town.database.read() as tx:
            drifts = [one for store in self.stores for one in await open_drifts.asked(tx, store)]
        return [(tasks[f"drift:{one.id}"], one) for one in drifts if f"drift:{one.id}" in tasks]

    async def listing(self, store: StoreId, number: int) -> Mapping[str, object]:
        reference = (await self.town.listing(store, number)).reference
        return (await self.town.account()).listing(reference)


async def seed_lost(folder: Path, seed: int, policy: DriftPolicy) -> tuple[list[Loss], int, int]:
    """One seed in a town of its own: what was lost, the findings on record twice, and the number of edits."""
    database = Database(f"sqlite+aiosqlite:///{folder / f'{policy}-{seed}.db'}")
    await upgrade(database)
    async with a_town(database, policy=dict.fromkeys(ABOUT_FIELDS, policy)) as town:
        edits = Edits(town, await town.open_shops(SHOPS, PRODUCTS), seed, policy)
        lost = await edits.live()
    await database.aclose()
    return lost, _found_twice(folder / f"{policy}-{seed}.db"), edits.done


async def at_once(folder: Path, shops: int) -> Finding:
    """Two reconciliations begun together, with a worker beside them, while prices were changed in every shop."""
    async with a_crowd(folder, per_second=1000, workers=1) as crew:
        began = time.monotonic()
        await crew.order(shops, 1)
        await crew.done()
        for reference in crew.marketplace.get("/_control/account").json()["listings"]:
            crew.marketplace.patch(f"/_control/listings/{reference}", json={"price": 17_500})
        strike(crew.marketplace, Dial(fault=Fault.SLOW, seconds=0.2))
        both = [crew.start("-m", "onboarder", "reconcile") for _ in range(2)]
        await eventually(lambda: is_so(all(one.poll() is not None for one in both)))
        codes = sorted(one.returncode for one in both)
        records = Path(crew.database.url.partition(":///")[2])
        [(runs_made,)] = _read(records, "SELECT count(*) FROM run")
        [(asked,)] = _read(records, "SELECT count(*) FROM task WHERE state = 'open'")
        twice = _found_twice(records)
        kept = codes in ([0, 0], [0, BusyProblem.exit_code]) and twice == 0 and asked == shops
        return Finding(
            scenario="two reconciliations at once",
            runs=1,
            seeds="-",
            duplicates=twice,
            lost=shops - int(str(asked)),
            stuck=0,
            seconds=round(time.monotonic() - began, 1),
            kept=kept and (codes == [0, 0]) == (runs_made == 2),
            note=f"exit codes {codes}, {runs_made} run, {asked} questions about {shops} changed prices",
        )


def findings(folder: Path, seeds: range, shops: int) -> list[Finding]:
    """Both policies over the seeds, then two reconciliations at once."""
    found: list[Finding] = []
    for policy in (DriftPolicy.ASK, DriftPolicy.REPAIR):
        began, lost, twice, edits = time.monotonic(), 0, 0, 0
        for seed in seeds:
            losses, doubled, done = asyncio.run(seed_lost(folder, seed, policy))
            for one in losses:
                sys.stderr.write(f"--first {seed} --seeds 1, {policy}: {one}\n")
            lost, twice, edits = lost + len(losses), twice + doubled, edits + done
        found.append(
            Finding(
                scenario=f"edits on both sides and nights, policy {policy}",
                runs=len(seeds),
                seeds=f"{seeds[0]}-{seeds[-1]}",
                duplicates=twice,
                lost=lost,
                stuck=0,
                seconds=round(time.monotonic() - began, 1),
                kept=lost == twice == 0,
                note=f"{edits} edits, half of them by merchants",
            )
        )
    return [*found, asyncio.run(at_once(folder, shops))]


def _found_twice(records: Path) -> int:
    """Differences that one reconciliation put on record more than once."""
    columns = "run_id, store_id, kind, reference, remote_id, field"
    [(twice,)] = _read(
        records,
        f"SELECT count(*) FROM (SELECT 1 FROM drift GROUP BY {columns} HAVING count(*) > 1)",  # fixed names
    )
    return int(str(twice))


def _read(records: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{records}?mode=ro", uri=True, timeout=5)) as found:
        return found.execute(query).fetchall()


def main() -> int:
    """Print what was found; 0 if no edit was lost and nothing was found twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--short", action="store_true")
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    number, shops = (4, 12) if chosen.short else (chosen.seeds, 40)
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        return tell(findings(Path(folder), range(chosen.first, chosen.first + number), shops))


if __name__ == "__main__":
    sys.exit(main())
