"""What a person named on the line, turned into merchants, marketplaces and stores."""

from dataclasses import dataclass

from onboarder.application import Application
from onboarder.converge.choice import market_named, marketplaces_named, merchants_named
from onboarder.model.ids import MarketCode, MarketplaceName, MerchantId, StoreId
from onboarder.model.people import Merchant
from onboarder.records.progress import Selection


@dataclass(frozen=True, slots=True)
class Choice:
    """As written. `ids` are merchants', or stores' (with an @ inside) where stores are meant."""

    ids: list[str]
    market: str | None
    all_trained: bool
    marketplaces: list[str]

    def market_code(self, app: Application) -> MarketCode | None:
        return market_named(app.programme, self.market) if self.market else None

    def marketplace_names(self, app: Application) -> list[MarketplaceName]:
        return marketplaces_named(app.marketplace_configs, self.marketplaces)

    async def merchants(self, app: Application) -> list[Merchant]:
        async with app.database.read() as tx:
            return await merchants_named(
                tx,
                app.programme,
                ids=self.ids,
                market=self.market_code(app),
                all_trained=self.all_trained,
            )

    def stores(self, app: Application) -> Selection:
        named = tuple(self.marketplace_names(app)) if self.marketplaces else ()
        return Selection(
            market=self.market_code(app),
            marketplaces=named,
            merchants=tuple(MerchantId(one) for one in self.ids if "@" not in one),
            stores=tuple(StoreId(one) for one in self.ids if "@" in one),
        )
