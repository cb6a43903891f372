"""What a buyer sees: the only proof that a merchant is selling."""

from collections.abc import Sequence

import httpx
from pydantic import BaseModel, ConfigDict

from tests.marketplace.seed import Seed

FIELDS = "id,title,handle,seller.handle,thumbnail,*variants.calculated_price,variants.sku"
PAGE = 200


class Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class ShownSeller(Row):
    handle: str


class ShownPrice(Row):
    calculated_amount: float
    currency_code: str


class ShownVariant(Row):
    sku: str | None
    calculated_price: ShownPrice | None = None


class ShownProduct(Row):
    """A product in the shop window."""

    id: str
    title: str
    handle: str
    thumbnail: str | None
    seller: ShownSeller
    variants: tuple[ShownVariant, ...]

    @property
    def prices(self) -> dict[str, int]:
        """Rupiah by SKU."""
        return {
            one.sku: int(one.calculated_price.calculated_amount)
            for one in self.variants
            if one.sku and one.calculated_price
        }


class ShownProducts(Row):
    products: Sequence[ShownProduct]
    count: int


class Buyer:
    """Somebody in front of the shop window."""

    def __init__(self, http: httpx.Client, seed: Seed) -> None:
        self._http = http
        self._seed = seed

    def products(self) -> tuple[ShownProduct, ...]:
        """All that can be bought: seller open, product published, linked to the shop window."""
        seen: list[ShownProduct] = []
        while True:
            page = self._page(len(seen))
            seen.extend(page.products)
            if len(seen) >= page.count or not page.products:
                return tuple(seen)

    def picture(self, product: ShownProduct) -> httpx.Response:
        """The product's main photo as a browser loads it."""
        assert product.thumbnail
        return self._http.get(product.thumbnail)

    def _page(self, offset: int) -> ShownProducts:
        response = self._http.get(
            "/store/products",
            params={
                "fields": FIELDS,
                "region_id": self._seed.region_id,
                "order": "id",
                "offset": offset,
                "limit": PAGE,
            },
            headers={"x-publishable-api-key": self._seed.publishable_key},
        )
        return ShownProducts.model_validate_json(response.raise_for_status().content)
