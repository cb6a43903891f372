"""Every hand on the test marketplace that is not a seller's: operator, buyer, and the saboteur."""

from functools import cached_property

import httpx

from tests.marketplace.buyer import Buyer
from tests.marketplace.faults import Faults
from tests.marketplace.operator import AdminApi, Operator
from tests.marketplace.seed import Seed, seed


class MercurControl:
    """`operator` judges and edits, `buyer` looks, `faults` spoils. Blocking calls; close it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False)
        self._api = AdminApi(self._http)
        self.operator = Operator(self._api)
        self.faults = Faults(self._http)
        self._seed: Seed | None = None

    def seed(self) -> None:
        """Set the empty marketplace up; once."""
        self._seed = seed(self._api)

    @property
    def seeded(self) -> Seed:
        """Ids made by seed()."""
        assert self._seed is not None, "call seed() first"
        return self._seed

    @cached_property
    def buyer(self) -> Buyer:
        return Buyer(self._http, self.seeded)

    def close(self) -> None:
        self._http.close()
