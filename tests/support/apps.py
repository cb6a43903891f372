"""The town's marketplace, where several apps of ours share the work; each remembers whose calls it made."""

from collections.abc import Sequence
from dataclasses import replace

from onboarder.connector.contract import Access, OpenedStore
from onboarder.connector.manifest import Quotas
from onboarder.converge.surroundings import Marketplace
from onboarder.model.ids import Reference, StoreId
from onboarder.model.shop import ObservedStore, StoreContent
from onboarder_rehearsal import RehearsalConnector
from tests.support.town import REHEARSAL, Town


class OneApp(RehearsalConnector):
    served: set[Reference]

    async def open_store(self, content: StoreContent) -> OpenedStore:
        self.served.add(content.reference)
        return await super().open_store(content)

    async def observe_store(self, access: Access) -> ObservedStore | None:
        self.served.add(access.reference)
        return await super().observe_store(access)


def with_apps(town: Town, limit: int | None, *names: str) -> list[OneApp]:
    """The first app and those named, of at most `limit` stores each; their connectors in that order."""
    before = town.around.marketplaces[REHEARSAL]
    made = [_like(before.connector) for _ in ("", *names)]
    apps = dict(zip(names, made[1:], strict=True))
    quotas = Quotas(stores_per_app=limit)
    known = Marketplace(REHEARSAL, made[0], before.categories, quotas=quotas, apps=apps)
    town.around = replace(town.around, marketplaces={REHEARSAL: known})
    return made


async def apps_of(town: Town, stores: Sequence[StoreId]) -> list[str | None]:
    """What is on record, in order of the stores."""
    return [(await town.work_of(one)).store.app for one in stores]


def _like(connector: object) -> OneApp:
    made = OneApp.__new__(OneApp)
    vars(made).update(vars(connector))
    made.served = set()
    return made
