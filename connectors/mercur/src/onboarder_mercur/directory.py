"""What changes rarely, remembered for minutes to spare calls: categories, the shop window, a store's stock location."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from onboarder.connector.errors import ActionNeeded, Unavailable
from onboarder.model.ids import RemoteId
from onboarder_mercur import storefront
from onboarder_mercur.advice import NO_CHANNEL, NO_LOCATION
from onboarder_mercur.api import MercurApi
from onboarder_mercur.auth import MemberAuth

Value = TypeVar("Value")

KEPT_FOR = timedelta(minutes=10)


class Directory:
    """Look-ups by name. Forgetting all of it costs a few calls and nothing else."""

    def __init__(
        self, api: MercurApi, clock: Callable[[], datetime], channel_name: str | None
    ) -> None:
        self._api = api
        self._channel_name = channel_name
        self._channel = _Memory[str](clock)
        self._categories = _Memory[dict[str, str]](clock)
        self._locations = _Memory[str](clock)

    async def channel(self, auth: MemberAuth) -> str:
        """Id of the shop window; `ActionNeeded` if the marketplace has none of that name."""
        return await self._channel.get("", lambda: self._find_channel(auth))

    async def category(self, auth: MemberAuth, handle: str) -> str | None:
        """Id of the category with that handle, None if there is none; asks again before it says None."""
        known = await self._categories.get("", lambda: self._find_categories(auth))
        if handle not in known:
            self._categories.forget("")
            known = await self._categories.get("", lambda: self._find_categories(auth))
        return known.get(handle)

    async def location(self, auth: MemberAuth, store: RemoteId) -> str:
        """Id of the store's stock location; `Unavailable` if it has none until the store is completed again."""
        return await self._locations.get(store, lambda: self._find_location(auth))

    def forget(self, store: RemoteId) -> None:
        """Something named here turned out not to be there: look everything up again."""
        self._locations.forget(store)
        self.forget_categories()

    def forget_categories(self) -> None:
        self._categories.forget("")

    async def _find_channel(self, auth: MemberAuth) -> str:
        found = await self._api.sales_channel(auth, self._channel_name)
        if found is None:
            raise ActionNeeded(NO_CHANNEL, detail=self._channel_name or "no default")
        return found

    async def _find_categories(self, auth: MemberAuth) -> dict[str, str]:
        return {one.handle: one.id for one in await self._api.categories(auth)}

    async def _find_location(self, auth: MemberAuth) -> str:
        location = storefront.own_location(await self._api.seller(auth))
        if location is None:
            raise Unavailable(NO_LOCATION)
        return location.id


class _Memory(Generic[Value]):
    """Answers kept for `KEPT_FOR`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[datetime, Value]] = {}

    async def get(self, key: str, ask: Callable[[], Awaitable[Value]]) -> Value:
        now = self._clock()
        if key not in self._kept or self._kept[key][0] < now:
            value = await ask()
            self._kept = {name: one for name, one in self._kept.items() if one[0] >= now}
            self._kept[key] = (now + KEPT_FOR, value)
        return self._kept[key][1]

    def forget(self, key: str) -> None:
        self._kept.pop(key, None)
