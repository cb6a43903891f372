"""What a plan for many stores amounts to: steps, calls and minutes, before anything is ordered. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil

from onboarder.connector.budget import USED_SHARE
from onboarder.connector.errors import Advice
from onboarder.connector.manifest import Capability, CredentialKind, Manifest, Quotas
from onboarder.converge.plan import (
    CompleteStore,
    CreateListing,
    OpenStore,
    Plan,
    Step,
    UpdateListing,
    UploadPhoto,
    WithdrawListing,
    plan,
)
from onboarder.converge.spreading import days_of_calls, days_of_creates
from onboarder.converge.wanted import Wanted, wanted
from onboarder.model.ids import MarketplaceName, MerchantId, Reference, RemoteId, StoreId
from onboarder.model.people import Programme
from onboarder.model.recorded import StoreWork
from onboarder.model.shop import StoreContent, StoreState
from onboarder.model.usage import Used
from onboarder.model.work import Lane


@dataclass(frozen=True, slots=True)
class PlannedStore:
    """All steps of one store until it is as wanted; `content` is what opens it. A draft only its owner can open."""

    store: StoreId
    content: StoreContent
    steps: tuple[Step, ...]
    draft: bool


@dataclass(slots=True)
class Outlook:
    """One marketplace's share of a plan. `minutes` is the time the calls take at the budget's rate, alone there."""

    marketplace: MarketplaceName
    merchants: int = 0
    stores: int = 0
    """Stores to open."""
    drafts: int = 0
    """Stores prepared for their owners to authorise."""
    listings: int = 0
    """Listings to create."""
    updates: int = 0
    withdrawals: int = 0
    photos: int = 0
    calls: int = 0
    per_second: float = 1.0
    person_minutes: int = 0
    """What people have to do for the stores to open, by the connector's manifest."""
    stopped: list[tuple[StoreId, StoreState]] = field(
        default_factory=list[tuple[StoreId, StoreState]]
    )
    """Stores for which nothing is done before a person has acted."""
    refused: list[tuple[MerchantId, Advice]] = field(
        default_factory=list[tuple[MerchantId, Advice]]
    )
    faults: list[tuple[Reference, Advice]] = field(default_factory=list[tuple[Reference, Advice]])
    """Products that cannot go there as they are."""
    planned: list[PlannedStore] = field(default_factory=list[PlannedStore])
    quotas: Quotas = field(default_factory=Quotas)
    apps: tuple[str, ...] = ("",)
    """The marketplace's apps, in the order in which they are filled."""
    newcomers: int = 0
    """Stores to open or to prepare that no app was given yet."""
    waiting: int = 0
    """Stores ordered outside the plan that no app was given yet."""
    creating_days: int = 1
    """Days that the daily quota of creates gives the store that takes longest."""
    lane: Lane = Lane.NIGHT
    """In which it would be ordered."""
    used: Used = field(default_factory=Used)
    """What is used already."""

    @property
    def days(self) -> dict[str, int]:
        """Days that each daily quota spreads this over, at least 1; only those that are known."""
        limit, found = self.quotas.calls_a_day, dict[str, int]()
        if limit is not None:
            found["calls_a_day"] = days_of_calls(self.calls, limit, self.lane, used=self.used.calls)
        if self.quotas.creates_a_day is not None:
            found["creates_a_day"] = self.creating_days
        return found

    @property
    def binding(self) -> str | None:
        """The quota that takes longest, if one takes more than a day."""
        slowest = max(self.days, key=self.days.__getitem__, default=None)
        return slowest if slowest is not None and self.days[slowest] > 1 else None

    @property
    def apps_needed(self) -> int:
        """Apps that all stores need, by the sellers one may serve: a store never moves to an app with more room."""
        limit, spread = self.quotas.stores_per_app, self.spread
        placed = sum(spread.values()) - sum(self.used.places.values())
        missing = self.newcomers + self.waiting - placed
        if limit is not None and missing > 0:
            return len(self.apps) + ceil(missing / limit)
        return max(1, sum(spread[app] > 0 for app in self.apps))

    @property
    def spread(self) -> dict[str, int]:
        """Stores by app once all that is ordered is done; those that find no place are left out."""
        limit, left = self.quotas.stores_per_app, self.newcomers + self.waiting
        places = self.used.places
        found = {app: places.get(app, 0) for app in (*self.apps, *places)}
        for app in self.apps:
            given = left if limit is None else min(left, max(0, limit - found[app]))
            found[app] += given
            left -= given
        return found

    @property
    def minutes(self) -> float:
        return self.calls / (self.per_second * USED_SHARE) / 60


def outlook(
    works: Sequence[StoreWork],
    *,
    marketplace: MarketplaceName,
    manifest: Manifest,
    categories: Mapping[str, str],
    programme: Programme,
    per_second: float,
    now: datetime,
    lane: Lane = Lane.NIGHT,
    quotas: Quotas | None = None,
    apps: tuple[str, ...] = ("",),
    used: Used | None = None,
) -> Outlook:
    """Everything that would be done until all is as wanted, taking for granted that reviews end well."""
    used = used or Used()
    seen = Outlook(
        marketplace,
        per_second=per_second,
        lane=lane,
        quotas=quotas or manifest.quotas,
        apps=apps,
        used=used,
        waiting=len(used.waiting - {one.store.id for one in works}),
    )
    for work in works:
        want = wanted(
            work.merchant,
            work.products,
            programme=programme,
            manifest=manifest,
            categories=categories,
            store_reference=work.store.reference,
            withdrawn=work.store.withdrawn_at is not None,
        )
        _look(seen, want, work, manifest, now)
    return seen


def _look(seen: Outlook, want: Wanted, work: StoreWork, manifest: Manifest, now: datetime) -> None:
    seen.merchants += 1
    if want.refusal is not None:
        seen.refused.append((work.merchant.id, want.refusal))
        return
    seen.faults += want.faults.items()
    todo = _to_the_end(want, work, manifest, now)
    draft = _is_draft(work, manifest)
    seen.planned.append(PlannedStore(work.store.id, want.store, todo.steps, draft))
    _add(seen, work, todo, manifest)
    _add_days(seen, work, todo, now)


_UNDERWAY = {StoreState.DRAFT, StoreState.AWAITING_OWNER, StoreState.IN_REVIEW}


def _to_the_end(want: Wanted, work: StoreWork, manifest: Manifest, now: datetime) -> Plan:
    """The store's own steps, then those for its listings as if it were open already.

    What is in doubt counts as still to do: to look for it costs about as much.
    """
    work = replace(work, doubts=())
    first = [one for one in plan(want, work, manifest, now).steps if _about_store(one)]
    if work.store.state in _UNDERWAY:
        remote_id = work.store.remote_id or RemoteId("planned")
        opened = replace(work.store, state=StoreState.OPEN, remote_id=remote_id, complete=True)
        work = replace(work, store=opened)
    rest = [one for one in plan(want, work, manifest, now).steps if not _about_store(one)]
    return Plan((*first, *rest))


def _about_store(step: Step) -> bool:
    return isinstance(step, OpenStore | CompleteStore)


def _add(seen: Outlook, work: StoreWork, todo: Plan, manifest: Manifest) -> None:
    kinds = Counter(type(step) for step in todo.steps)
    seen.stores += kinds[OpenStore]
    seen.drafts += _is_draft(work, manifest)
    seen.newcomers += (OpenStore in kinds or _is_draft(work, manifest)) and not work.store.placed
    seen.listings += kinds[CreateListing]
    seen.updates += kinds[UpdateListing]
    seen.withdrawals += kinds[WithdrawListing]
    seen.photos += kinds[UploadPhoto]
    seen.calls += todo.calls(manifest)
    if work.store.state in _UNDERWAY:
        seen.person_minutes += sum(step.minutes for step in manifest.human_steps)
    elif work.store.state is not StoreState.OPEN:
        seen.stopped.append((work.store.id, work.store.state))


def _add_days(seen: Outlook, work: StoreWork, todo: Plan, now: datetime) -> None:
    days = days_of_creates(
        sum(isinstance(step, CreateListing) for step in todo.steps),
        seen.quotas,
        used=seen.used.creates.get(work.store.id, 0),
        opened=now if work.store.state in _UNDERWAY else work.store.opened_at,
        now=now,
    )
    seen.creating_days = max(seen.creating_days, days)


def _is_draft(work: StoreWork, manifest: Manifest) -> bool:
    """Whether only its owner can make it a store."""
    by_owner = manifest.credentials is CredentialKind.CONSENT
    return by_owner and work.store.remote_id is None and not manifest.can(Capability.OPEN_STORE)
