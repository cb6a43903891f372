"""The parts of the questions that need processes, made small: each does what its question counts on."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest
from tools.bench import campaign_real
from tools.bench.campaign_run import CALLS, PRODUCTS, RATES
from tools.bench.carrying import slow_market, told
from tools.bench.peers import plain
from tools.bench.peers.plain import Places, Plain, item
from tools.bench.processes import redis_server
from tools.bench.questions.latency import stock_arq_at_work
from tools.bench.stall import a_stall

from tests.faults.first_call import first_call, heard_after
from tests.support.town import a_merchant

pytestmark = pytest.mark.processes
NUMBER = 3


async def test_the_plain_way_records_each_write_and_reports_after_the_last(tmp_path: Path) -> None:
    report = tmp_path / "report"
    database = f"sqlite+aiosqlite:///{tmp_path}/plain.db"
    with slow_market() as market:
        places = Places(database, market, "", NUMBER, str(report), keeps_all=True)
        await plain.prepare(places)
        work = Plain(places)
        for number in range(NUMBER):
            assert not report.exists()
            await work.put_up(item(number))
        written = await asyncio.to_thread(told, market)
        await work.aclose()

    assert written.writes == await plain.known(places) == NUMBER
    assert float(report.read_text(encoding="utf-8")) > 0


async def test_an_order_by_the_phone_and_one_by_stock_arq_are_heard_of(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/onboarder.db"
    with ExitStack() as stack:
        redis = redis_server(stack)
        async with a_stall(tmp_path, url, redis, per_second=100, workers=1) as stall:
            assert await first_call(stall.crew, 1, stall.order) > 0
            assert (await stall.office.get("/standing")).is_success
            person = a_merchant(2)
            async with stock_arq_at_work(stall.crew, redis) as order:
                assert await heard_after(stall.crew, person.id, lambda: order(person)) > 0


def test_a_campaign_in_real_time_is_told_by_each_marketplace_itself() -> None:
    found = campaign_real.campaign(1, troubled=False)

    assert list(found.told) == list(RATES)
    for one in found.told.values():
        assert (one.calls, one.stores, one.listings, one.doubles) == (CALLS, 1, PRODUCTS, 0)
        assert one.last >= CALLS / one.rate - 1  # what the first second allows comes at once
    assert found.peak > 50 << 20
    assert found.lag_ms > 0


def test_a_worker_grows_by_what_its_second_half_exceeds_its_first() -> None:
    steady, grown = [1, 9, 5, 9], [1, 2, 3, 7]

    assert campaign_real.growth([steady, grown]) == 5
    assert campaign_real.growth([[9, 1]]) == -8
    assert campaign_real.growth([[1], []]) == 0
