"""The practice marketplace: its connector here, its server in `onboarder_rehearsal.server`."""

from onboarder_rehearsal.connector import RehearsalConnector

__all__ = ["RehearsalConnector"]
