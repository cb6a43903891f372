"""A named check of a connector, and what can come of it."""

import inspect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import cast

from onboarder.connector.manifest import Capability, Manifest
from onboarder.connector.testing.bench import Bench, Subject, bench
from onboarder.connector.testing.marketplace import Ability, MarketplaceControl

Body = Callable[[Bench], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Check:
    """One promise of a connector. `id` is stable: quality rules and mutants name it."""

    id: str
    sentence: str
    body: Body
    needs: frozenset[Ability]
    capabilities: frozenset[Capability]

    def exemption(self, manifest: Manifest, control: MarketplaceControl) -> str | None:
        """Why the check cannot be made of this connector at this marketplace; None if it can."""
        for capability in sorted(self.capabilities - manifest.capabilities):
            return f"the connector does not declare {capability}"
        for ability in sorted(self.needs & control.cannot.keys()):
            return f"the marketplace's control cannot {ability}: {control.cannot[ability]}"
        return None

    async def run(self, subject: Subject) -> None:
        """Any exception means that the connector does not conform; NonconformingError says how."""
        async with bench(subject, self.id) as prepared:
            await self.body(prepared)


def check(
    *capabilities: Capability, needs: Iterable[Ability] = (), name: str | None = None
) -> Callable[[Body], Check]:
    """Make a check of a function: its name becomes the id, its docstring the sentence."""

    def make(body: Body) -> Check:
        sentence = inspect.getdoc(body)
        if not sentence:
            raise ValueError(f"check {body.__name__} says nothing")
        return Check(
            name or body.__name__.replace("_", "-"),
            " ".join(sentence.split()),
            body,
            frozenset(needs),
            frozenset(capabilities),
        )

    return make


def checks_in(*modules: ModuleType) -> tuple[Check, ...]:
    """All checks that the modules define, alone or in tuples, in the order of definition."""
    found: list[Check] = []
    for module in modules:
        for value in vars(module).values():
            several = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
            found += [one for one in several if isinstance(one, Check)]
    return tuple(found)
