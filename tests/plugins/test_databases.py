from datetime import UTC, datetime

import pytest
from redis import Redis
from sqlalchemy import func, insert, select

from onboarder.records.database import Database
from onboarder.records.migrations import pending
from onboarder.records.tables import decision

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_each_test_gets_a_migrated_database_without_rows(
    database: Database, turn: str
) -> None:
    assert not await pending(database)
    async with database.write() as tx:
        assert await tx.scalar(select(func.count()).select_from(decision)) == 0
        await tx.execute(insert(decision).values(subject=turn, answer="same", at=NOW))


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_gets_an_empty_redis(redis_url: str, turn: str) -> None:
    with Redis.from_url(redis_url) as connection:
        assert connection.dbsize() == 0
        connection.set(turn, 1)
