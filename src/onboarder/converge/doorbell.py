"""Waking workers. A lost or doubled ring changes nothing but the time: the database knows what is due."""

from collections.abc import Sequence
from typing import Protocol

from onboarder.model.ids import StoreId
from onboarder.model.work import Lane


class Doorbell(Protocol):
    """Tells the workers that stores are due."""

    async def ring(self, due: Sequence[tuple[StoreId, Lane]]) -> None:
        """Never raises and never waits long: with Redis away the workers' own sweep finds the stores."""
        ...


class SilentDoorbell:
    """For processes without Redis: the workers' sweep is the only wake-up."""

    async def ring(self, due: Sequence[tuple[StoreId, Lane]]) -> None:
        """Do nothing."""
