"""Where merchants came from: imports say so by themselves, and what was there before field work stays readable."""

from sqlalchemy import update

from onboarder.records import field
from onboarder.records.database import Database
from onboarder.records.tables import merchant
from tests.support.town import a_merchant, a_town


async def test_an_import_registers_newcomers_now_and_changes_nothing_of_it_later(
    database: Database,
) -> None:
    async with a_town(database) as town:
        began = town.clock()
        await town.keep([a_merchant(1)], [])
        town.clock.now = began.replace(hour=9)
        await town.keep([a_merchant(1)], [])
        async with database.read() as tx:
            entry = await field.entry(tx, a_merchant(1).id)

    assert entry is not None
    assert (entry.registered_by, entry.registered_at, entry.field_id) == ("import", began, None)
    assert entry.changed_at == town.clock()


async def test_a_merchant_from_before_was_registered_when_last_changed(database: Database) -> None:
    """Rows that an older process still writes after the migration say no time either."""
    async with a_town(database) as town:
        await town.keep([a_merchant(1)], [])
        async with database.write() as tx:
            await tx.execute(update(merchant).values(registered_at=None))
        async with database.read() as tx:
            entry = await field.entry(tx, a_merchant(1).id)

    assert entry is not None
    assert entry.registered_at == entry.changed_at


async def test_a_register_number_is_not_taken_for_an_id_of_a_phone(database: Database) -> None:
    """Two programmes may number their merchants alike; only ids from phones are unique."""
    async with a_town(database) as town:
        await town.keep([a_merchant(1)], [])
        async with database.read() as tx:
            assert await field.entry(tx, a_merchant(1).register_key) is None
