"""What the entrance forgets: sessions and QR codes long over, tries that no longer count, creates nobody sends again."""

from datetime import datetime, timedelta

from onboarder.access.limits import FORGET
from onboarder.records import attempts, repeats, sessions
from onboarder.records.database import Transaction

SESSIONS_KEPT = timedelta(days=90)
"""After their end, for who asks which phone did what; the audit trail names devices."""
REPEATS_KEPT = timedelta(days=30)
"""Longer than a phone goes on sending."""


async def forget_old(tx: Transaction, now: datetime) -> None:
    """Safe to repeat."""
    await sessions.prune(tx, now - SESSIONS_KEPT)
    await attempts.prune(tx, now - FORGET)
    await repeats.prune(tx, now - REPEATS_KEPT)
