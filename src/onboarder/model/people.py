"""The programme's places and people as the register knows them."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from onboarder.model.ids import CanvasserId, MarketCode, MerchantId, ProgrammeCode


class Actor(StrEnum):
    """Who has the next step."""

    NOBODY = "nobody"
    MERCHANT = "merchant"
    CANVASSER = "canvasser"
    COORDINATOR = "coordinator"
    OPERATOR = "operator"
    MARKETPLACE = "marketplace"


@dataclass(frozen=True, slots=True)
class Market:
    """A traditional market; `aliases` are other ways registers write its name."""

    code: MarketCode
    name: str
    address: str
    postal_code: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Programme:
    """One city's campaign. `target` counts merchants, `canvassers` people in the field."""

    code: ProgrammeCode
    name: str
    city: str
    province: str
    timezone: str
    target: int
    canvassers: int
    starts_on: date
    ends_on: date
    markets: tuple[Market, ...]

    def market(self, code: MarketCode) -> Market:
        """The market with that code; KeyError if the programme has none such."""
        for market in self.markets:
            if market.code == code:
                return market
        raise KeyError(code)


@dataclass(frozen=True, slots=True)
class Merchant:
    """A trader. Personal fields stay out of `repr`, so that a logged merchant says only its id."""

    id: MerchantId
    programme: ProgrammeCode
    market: MarketCode
    register_key: str = field(repr=False)
    """What identifies the person in the register: the register's own number, else the phone."""
    name: str = field(repr=False)
    shop_name: str = field(repr=False)
    stall: str
    """Block and stall as written on site, for example `Blok B / Los 12`."""
    phone: str | None = field(repr=False)
    """E.164."""
    email: str | None = field(default=None, repr=False)
    goods: str = ""
    """The kind of goods in the register's words."""
    trained_on: date | None = None
    trained_by: CanvasserId | None = None

    @property
    def trained(self) -> bool:
        """Training counts only as a recorded fact with date and canvasser."""
        return self.trained_on is not None and self.trained_by is not None
