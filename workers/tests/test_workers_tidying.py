"""What is forgotten, and when."""

from datetime import timedelta

from sqlalchemy import func, select
from tests.support.town import REHEARSAL, a_town

from onboarder.application import Application
from onboarder.model.ids import CanvasserId
from onboarder.records import consent, consent_tables, inbox
from onboarder.records.consent import LinkRecord
from onboarder.records.database import Database
from onboarder.settings import Settings
from onboarder_workers.tidying import EVENTS_KEPT, HOUR, LINKS_KEPT, tidy


async def test_old_messages_and_links_are_forgotten_and_the_others_stay(database: Database) -> None:
    async with a_town(database) as town:
        [store] = await town.order(await town.settle())
        app = Application(Settings(), database, clock=town.clock)
        now, day = town.clock(), timedelta(days=1)
        async with database.write() as tx:
            for age in (EVENTS_KEPT - day, EVENTS_KEPT + day):
                kept = {"kind": "k", "stores": (), "now": now - age}
                await inbox.keep(tx, REHEARSAL, f"e{age.days}", **kept)  # type: ignore[arg-type]  # as named
            for age in (LINKS_KEPT - day, LINKS_KEPT + day):
                who = CanvasserId("c07")
                link = LinkRecord(f"d{age.days}", store, who, "-", now - 2 * age, now - age)
                await consent.add_link(tx, link)

        assert await tidy(app) == HOUR

        tables = (consent_tables.webhook_event, consent_tables.consent_link)
        async with database.read() as tx:
            left = [await tx.scalar(select(func.count()).select_from(one)) for one in tables]
    assert left == [1, 1]
