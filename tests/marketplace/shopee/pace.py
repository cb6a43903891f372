"""How many calls a second and a day. Shopee publishes no numbers: the rules' default is no limit."""

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee.rules import Rules

DAY_SECONDS = 86_400
SINGAPORE = 8 * 3600
"""Days begin at 00:00 UTC+8, which is 23:00 in western Indonesia."""


class Pace:
    """Seconds are counted in memory, days in the state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._windows: dict[str, tuple[int, int]] = {}

    def is_slow_enough(self, rules: Rules, shop: int | None, now: float) -> bool:
        """Counts the call in the running second."""
        app = self._count("app", now)
        own = 0 if shop is None else self._count(f"shop {shop}", now)
        return _is_within(app, rules.app_per_second) and _is_within(own, rules.shop_per_second)

    def is_inside_day(self, rules: Rules, now: float) -> bool:
        """Counts the call in the running day."""
        day = int((now + ahead(self._state) + SINGAPORE) // DAY_SECONDS)
        self._state.run(
            "INSERT INTO day VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET calls = calls + 1", day
        )
        calls = self._state.count("SELECT calls FROM day WHERE day = ?", day)
        return _is_within(calls, rules.app_per_day)

    def _count(self, name: str, now: float) -> int:
        second, used = self._windows.get(name, (0, 0))
        used = used + 1 if second == int(now) else 1
        self._windows[name] = (int(now), used)
        return used


def ahead(state: State) -> float:
    """Seconds by which the control API has let time jump."""
    return float(state.setting("ahead") or 0)


def _is_within(used: int, most: float | None) -> bool:
    return most is None or used <= most
