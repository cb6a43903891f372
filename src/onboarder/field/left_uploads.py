"""Uploads that nobody goes on with."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from onboarder.field.rules import UploadLimits
from onboarder.field.upload_files import UploadFiles
from onboarder.records import uploads
from onboarder.records.database import Database


async def forget_left(database: Database, folder: Path, limits: UploadLimits, now: datetime) -> int:
    """Forget what was left half sent or finished long ago (its photo stays); returns how many. Safe to repeat."""
    async with database.write() as tx:
        gone = await uploads.prune(
            tx,
            open_before=now - timedelta(days=limits.left_days),
            before=now - timedelta(days=limits.done_days),
        )
    for one in gone:
        await asyncio.to_thread(UploadFiles(folder).remove, one)
    return len(gone)
