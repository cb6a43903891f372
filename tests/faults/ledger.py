"""The ledger against a plain model: Hypothesis orders, edits, breaks and kills, and looks at the marketplace's account.

`python -m tests.faults.ledger --examples 2000 --steps 50`. A failure prints the shortest sequence that repeats it.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Coroutine
from contextlib import AsyncExitStack, redirect_stdout, suppress
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from onboarder.model.ids import StoreId
from onboarder.records.database import Database
from onboarder.records.migrations import upgrade
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.faults.findings import Finding, tell
from tests.faults.waitless import WAIT, at_once
from tests.support.fuse import Killed
from tests.support.town import Town, a_merchant, a_product, a_town, changed

T = TypeVar("T")
LOST = (Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.ERROR_AFTER, Fault.HTML, Fault.TRUNCATED)
MOST_MERCHANTS = 4
pick = st.integers(min_value=0, max_value=MOST_MERCHANTS - 1)


class Ledger(RuleBasedStateMachine):
    """The model: per merchant the prices of the products as ordered last, None for one no longer sold."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.model: list[list[int | None]] = []
        self.stores: list[StoreId] = []
        self.deaths = 0
        self.town: Town = self.do(self._settle())

    async def _settle(self) -> Town:
        self.stack.enter_context(patch(WAIT, at_once))
        self.stack.enter_context(structlog.testing.capture_logs())
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        path = shutil.copy(self.template, folder / "ledger.db")
        database = Database(f"sqlite+aiosqlite:///{path}")
        self.stack.push_async_callback(database.aclose)
        return await self.stack.enter_async_context(a_town(database))

    @precondition(lambda self: len(self.model) < MOST_MERCHANTS)
    @rule(products=st.integers(min_value=1, max_value=3))
    def order(self, products: int) -> None:
        """A merchant with products is ordered."""
        person = a_merchant(len(self.model))
        goods = [a_product(person, number) for number in range(products)]
        self.do(self.town.keep([person], goods))
        self.stores += self.do(self.town.order([person]))
        self.model.append([one.variants[0].price for one in goods])

    @precondition(lambda self: self.model)
    @rule(who=pick, price=st.integers(min_value=100, max_value=90_000))
    def reprice(self, who: int, price: int) -> None:
        """The register says another price for the first product."""
        self._change(who, price=price)

    @precondition(lambda self: self.model)
    @rule(who=pick)
    def stop_selling(self, who: int) -> None:
        """The first product is no longer sold."""
        self._change(who, active=False)

    @precondition(lambda self: self.model)
    @rule(who=pick)
    def order_again(self, who: int) -> None:
        """The same order once more."""
        self.do(self.town.order([a_merchant(who % len(self.model))]))

    @rule(fault=st.sampled_from(LOST), times=st.integers(min_value=1, max_value=3))
    def lose_answers(self, fault: Fault, times: int) -> None:
        """The marketplace loses the next answers to writes."""
        self.do(self.town.dial(Dial(fault=fault, method="POST", times=times)))

    @rule(step=st.integers(min_value=1, max_value=30))
    def work_and_die(self, step: int) -> None:
        """A worker works and dies at that step; another takes its place."""
        self.town.fuse.light(step)
        with suppress(Killed):
            self.do(self.town.work_what_is_due())
        self.town.fuse.put_out()
        self.deaths += 1
        self.do(self.town.restart(f"worker-{self.deaths + 1}"))

    @rule(seconds=st.integers(min_value=1, max_value=120))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.town.clock.pass_by(timedelta(seconds=seconds))

    @rule()
    def work(self) -> None:
        """Workers work undisturbed until nothing is due soon."""
        self.do(self.town.run_until_quiet(most=timedelta(minutes=10)))

    @invariant()
    def nothing_is_double(self) -> None:
        """Not at any time."""
        account = self.do(self.town.account())
        assert account.duplicate_stores == account.duplicate_listings == []

    def teardown(self) -> None:
        """In the end the marketplace shows exactly the model."""
        try:
            self.do(self.town.control.delete("/_control/dials"))
            self.do(self.town.run_until_quiet(most=timedelta(days=2)))
            self._agree()
        finally:
            self.do(self.stack.aclose())
            self.runner.close()

    def do(self, coroutine: Coroutine[object, object, T]) -> T:
        return self.runner.run(coroutine)

    def _change(self, who: int, **changes: object) -> None:
        who %= len(self.model)
        person, first = a_merchant(who), self.model[who][0]
        product = changed(a_product(person, 0, price=first or 12_500), active=first is not None)
        product = changed(product, **changes)
        self.do(self.town.keep([person], [product]))
        self.model[who][0] = product.variants[0].price if product.active else None

    def _agree(self) -> None:
        account = self.do(self.town.account())
        assert len(account.stores) == len(self.model)
        for who, prices in enumerate(self.model):
            for number, price in enumerate(prices):
                listed = account.listings.get(a_product(a_merchant(who), number).id, [])
                shown = [one["price"] for one in listed if one["state"] == "live"]
                assert shown == ([] if price is None else [price]), (who, number)


def try_out(examples: int, steps: int, template: Path) -> None:
    """So many sequences of so many steps; raises what Hypothesis raises, with the shortest one that fails."""
    Ledger.template = template
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(Ledger, settings=chosen)


def finding(examples: int, steps: int, *, failed: bool, seconds: float) -> Finding:
    """The machine's row: a sequence that failed counts once, whichever promise it broke."""
    return Finding(
        scenario="state machine over the ledger",
        runs=examples,
        seeds="derandomised",
        duplicates=0,
        lost=int(failed),
        stuck=0,
        seconds=seconds,
        kept=not failed,
        note=f"sequences of up to {steps} steps against a plain model"
        + ("; one fails, for whatever reason" if failed else ""),
    )


def main() -> int:
    """Tell whether any sequence broke the promise; the shortest that did is printed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.ledger", description=__doc__)
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=50)
    chosen = parser.parse_args()
    began, failed = time.monotonic(), False
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        template = Path(folder) / "template.db"
        asyncio.run(_migrate(template))
        try:
            with redirect_stdout(sys.stderr):
                try_out(chosen.examples, chosen.steps, template)
        except Exception:  # noqa: BLE001  # whatever it was, the sequence is printed and the row says so
            traceback.print_exc()
            failed = True
    seconds = round(time.monotonic() - began, 1)
    return tell([finding(chosen.examples, chosen.steps, failed=failed, seconds=seconds)])


async def _migrate(path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    await upgrade(database)
    await database.aclose()


if __name__ == "__main__":
    sys.exit(main())
