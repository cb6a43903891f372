"""Making a merchant's secrets unreadable for good, in every backup of the records too."""

from collections.abc import Callable
from datetime import datetime

from onboarder.model.ids import MerchantId
from onboarder.people.vault import KeyStore
from onboarder.records import credentials, writes
from onboarder.records.database import Database


async def forget_merchant(
    database: Database,
    keys: KeyStore,
    owner: MerchantId,
    *,
    by: str,
    clock: Callable[[], datetime],
) -> bool:
    """Destroy the merchant's key, then say so in the records; False if there was none. Safe to repeat.

    Her stores stay as they are; to work in them again she has to consent again.
    """
    forgotten = await keys.forget(owner)
    async with database.write() as tx:
        await credentials.forget(tx, owner, now=clock())
        await writes.note(tx, at=clock(), actor=by, action="keys.forgotten", subject=owner)
    return forgotten
