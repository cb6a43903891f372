"""What shops and categories ask for, remembered for a day at most. It only spares calls: another process reads it anew."""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar, cast

import structlog

from onboarder.connector.contract import Access
from onboarder.connector.errors import ActionNeeded
from onboarder_shopee import advice, wire
from onboarder_shopee.api import ShopeeApi
from onboarder_shopee.errors import KYC_LOOK, rejected

log = structlog.get_logger()
T = TypeVar("T")

MOST_REMEMBERED = 5000


class Directory:
    """One per process. Limits and categories are a shop's own, attributes and brands a category's."""

    def __init__(self, api: ShopeeApi) -> None:
        self._api = api
        self._language = api.settings.language
        self._lasts = timedelta(hours=api.settings.cache_hours)
        self._known: OrderedDict[tuple[str, ...], tuple[datetime, object]] = OrderedDict()
        self._trees: dict[str, wire.CategoryList] = {}
        self._tree_of: dict[str, str] = {}

    async def categories(self, access: Access, *, anew: bool = False) -> wire.CategoryList:
        """The shop's tree in our language. Most shops share one, which is kept once; a change is logged."""
        key = ("categories", access.remote_id, self._language)
        if anew:
            self._known.pop(key, None)
        digest = await self._remembered(key, lambda: self._read_categories(access))
        return self._trees[digest]

    async def leaf(self, access: Access, category: str) -> int:
        """The category's id; `Rejected` if the shop has no such leaf."""
        tree = await self.categories(access)
        for node in tree.category_list:
            if str(node.category_id) == category and not node.has_children:
                return node.category_id
        raise rejected(advice.CATEGORY, "category", f"{category!r} is no leaf of the shop's tree")

    def forget_categories(self, access: Access) -> None:
        """After a refusal that speaks of the category."""
        self._known.pop(("categories", access.remote_id, self._language), None)

    async def limits(self, access: Access, category: int) -> wire.ItemLimit:
        query = [("category_id", str(category))]
        return await self._remembered(
            ("limits", access.remote_id, str(category)),
            lambda: self._api.get(access, "product/get_item_limit", wire.ItemLimit, query),
        )

    async def attributes(self, access: Access, category: int) -> tuple[wire.Attribute, ...]:
        parameter = self._api.settings.attribute_parameter
        query = [(parameter, str(category)), ("language", self._language)]
        trees = await self._remembered(
            ("attributes", str(category), self._language),
            lambda: self._api.get(access, "product/get_attribute_tree", wire.AttributeTrees, query),
        )
        return next((one.attribute_tree for one in trees.list if one.category_id == category), ())

    async def wants_brand(self, access: Access, category: int) -> bool:
        query = [
            ("category_id", str(category)),
            ("status", "1"),
            ("offset", "0"),
            ("page_size", "100"),
            ("language", self._language),
        ]
        page = await self._remembered(
            ("brand", str(category)),
            lambda: self._api.get(access, "product/get_brand_list", wire.BrandPage, query),
        )
        return page.is_mandatory

    async def channels(self, access: Access) -> tuple[wire.Channel, ...]:
        """The channels that items may use. `ActionNeeded` for the merchant, and nothing remembered, if there is none."""
        key = ("channels", access.remote_id)
        found = await self._remembered(
            key, lambda: self._api.get(access, "logistics/get_channel_list", wire.Channels)
        )
        usable = tuple(one for one in found.logistics_channel_list if one.usable)
        if not usable:
            self._known.pop(key, None)
            raise ActionNeeded(
                advice.NO_SHIPPING, look_again=KYC_LOOK, detail="no usable shipping channel"
            )
        return usable

    def forget_shop(self, access: Access) -> None:
        """After a refusal that speaks of shipping or limits."""
        for key in [key for key in self._known if access.remote_id in key]:
            del self._known[key]

    async def _read_categories(self, access: Access) -> str:
        query = [("language", self._language)]
        tree = await self._api.get(access, "product/get_category", wire.CategoryList, query)
        digest = hashlib.sha256(tree.model_dump_json().encode()).hexdigest()
        before = self._tree_of.get(access.remote_id)
        if before not in {None, digest}:
            log.info("shopee.categories_changed", shop=access.remote_id)
        self._tree_of[access.remote_id] = digest
        self._trees[digest] = tree
        for old in self._trees.keys() - set(self._tree_of.values()):
            del self._trees[old]
        return digest

    async def _remembered(self, key: tuple[str, ...], read: Callable[[], Awaitable[T]]) -> T:
        known = self._known.get(key)
        if known is not None and self._api.now() - known[0] < self._lasts:
            return cast("T", known[1])
        value = await read()
        self._known[key] = (self._api.now(), value)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return value
