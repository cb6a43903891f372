import os

import pytest
import redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.servers import postgres
from tests.servers import redis as redis_server
from tests.servers.required import REQUIRE, need


@pytest.mark.postgres
async def test_a_private_postgres_copies_a_template_and_leaves_nothing_running() -> None:
    need(postgres.why_not_available())
    with postgres.start_postgres() as base, postgres.fresh_database(base) as template:
        name = template.removeprefix(f"{base}/")
        postgres.execute(base, "CREATE TABLE mark (n int)", database=name)

        with postgres.fresh_database(base, template=name) as url:
            engine = create_async_engine(postgres.async_url(url))
            async with engine.connect() as connection:
                count = await connection.scalar(text("SELECT count(*) FROM mark"))
            await engine.dispose()

    assert count == 0
    if postgres.EXISTING_SERVER not in os.environ:
        with pytest.raises(OSError):  # noqa: PT011 - the wording of "refused" is the platform's
            postgres.execute(base, "SELECT 1")


@pytest.mark.redis_server
def test_a_private_redis_answers() -> None:
    need(redis_server.why_not_available())
    with redis_server.start_redis() as url, redis.Redis.from_url(url) as connection:
        assert connection.ping()


def test_a_missing_server_fails_only_where_servers_are_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(REQUIRE, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no such server"):
        need("no such server")

    monkeypatch.setenv(REQUIRE, "1")
    with pytest.raises(pytest.fail.Exception, match="no such server"):
        need("no such server")
