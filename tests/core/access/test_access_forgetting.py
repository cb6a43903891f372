"""What is forgotten, and when."""

from datetime import timedelta

from sqlalchemy import func, select

from onboarder.access.enrolling import invite
from onboarder.access.forgetting import REPEATS_KEPT, SESSIONS_KEPT, forget_old
from onboarder.access.limits import ACCOUNT, FORGET, count
from onboarder.access.sessions import LONGEST
from onboarder.records import repeats
from onboarder.records.account_tables import attempt, enrolment, idempotency, session
from onboarder.records.repeats import Create
from tests.core.access.conftest import Gatehouse

TABLES = (session, enrolment, attempt, idempotency)


async def test_what_is_over_is_forgotten_and_the_rest_stays(house: Gatehouse) -> None:
    await house.phone()
    await invite(house.entrance, "C07", by="ani")
    await count(house.entrance, {"somebody": ACCOUNT})
    now = house.clock()
    async with house.entrance.database.write() as tx:
        await repeats.claim(tx, Create("ani", "K", "-"), "-", now=now, stale=now)

    kept = list[list[int]]()
    for span in (FORGET, REPEATS_KEPT, SESSIONS_KEPT, SESSIONS_KEPT + LONGEST):
        for moment in (now + span - timedelta(seconds=1), now + span + timedelta(minutes=11)):
            async with house.entrance.database.write() as tx:
                await forget_old(tx, moment)
                kept.append(
                    [await tx.scalar(select(func.count()).select_from(one)) or 0 for one in TABLES]
                )

    assert kept == [
        [1, 2, 2, 1],
        [1, 2, 0, 1],
        [1, 2, 0, 1],
        [1, 2, 0, 0],
        [1, 2, 0, 0],
        [1, 0, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 0],
    ]
