"""What is used of a marketplace's quotas before a plan is carried out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onboarder.model.ids import StoreId


@dataclass(frozen=True, slots=True)
class Used:
    """Calls and creates are today's by the marketplace's calendar, as far as a quota limits them."""

    calls: int = 0
    """Of the app that has made most."""
    creates: Mapping[StoreId, int] = field(default_factory=dict[StoreId, int])
    """Listings created, or perhaps created, by store; stores without any are left out."""
    places: Mapping[str, int] = field(default_factory=dict[str, int])
    """Stores that have a place in an app, by its name."""
    waiting: frozenset[StoreId] = frozenset()
    """Stores ordered that no app was given yet, as far as a quota limits those of an app."""
