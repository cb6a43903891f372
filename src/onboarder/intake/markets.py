"""A programme's markets by every name registers use for them."""

from collections.abc import Iterable

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.cells import Cell, line
from onboarder.model.ids import MarketCode, normal
from onboarder.model.people import Market, Programme


class MarketNames:
    """Looks markets up by name, alias or code."""

    def __init__(self, programme: Programme) -> None:
        self._codes = {text: market.code for market in programme.markets for text in _names(market)}
        self._full = {normal(market.name): market.name for market in programme.markets}
        self._display = {market.code: market.name for market in programme.markets}

    def read(self, cell: Cell) -> MarketCode:
        """The market a cell names; raises Asked if the programme has none of that name."""
        code = self._codes.get(normal(line(cell)))
        if code is None:
            raise Asked(AskedCode.MARKET_UNKNOWN)
        return code

    def exact(self, text: str) -> str | None:
        """The name of the market that the whole text names, or None."""
        code = self._codes.get(normal(text))
        return None if code is None else self._display[code]

    def named_in(self, texts: Iterable[str]) -> str | None:
        """The one market that the texts name as a whole or with its full name inside; None if none or several."""
        found = {name for text in texts if (name := self.exact(text))}
        spoken = [f" {normal(text)} " for text in texts]
        found |= {
            name for key, name in self._full.items() if any(f" {key} " in text for text in spoken)
        }
        return found.pop() if len(found) == 1 else None


def _names(market: Market) -> set[str]:
    return {normal(text) for text in (market.code, market.name, *market.aliases)}
