"""The exact account: our records against what the marketplace itself says it holds."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from onboarder.application import open_application
from onboarder.demo.back_office import Account
from onboarder.model.ids import Reference, listing_id
from onboarder.model.recorded import StoreWork
from onboarder.records import register, runs, stores, tasks
from onboarder.rules.gate import refusal
from onboarder.settings import Settings


@dataclass(frozen=True, slots=True)
class Reckoning:
    """`lost` and `duplicates` must be 0: everything accepted is there exactly once, or a person has a task about it."""

    merchants: int
    skipped: Mapping[str, int]
    stores_open: int
    stores_stopped: int
    listings_wanted: int
    listings_live: int
    listings_explained: int
    faults_met: int
    calls: int
    drifts_found: Mapping[str, int]
    drifts_repaired: int
    open_tasks: int
    duplicates: int
    lost: int

    def as_json(self) -> dict[str, object]:
        return asdict(self)


async def reckon(settings: Settings, account: Account) -> Reckoning:
    """Compare the records of `settings` with the marketplace's account."""
    async with open_application(settings) as application, application.database.read() as tx:
        people = await register.merchants(tx, application.programme.code)
        works = [await stores.load(tx, one.id) for one in await stores.records(tx)]
        asked = await tasks.open_tasks(tx)
        run = await runs.newest(tx)
        drifts = await runs.drifts(tx, run.id) if run is not None else []
    explained = {task.subject for task in asked}
    trained = [one for one in people.values() if refusal(one) is None]
    reasons = Counter(why.code for one in people.values() if (why := refusal(one)) is not None)
    return Reckoning(
        merchants=len(people),
        skipped=dict(reasons),
        stores_open=_in_state(account, "open"),
        stores_stopped=sum(len(one) for one in account.stores.values())
        - _in_state(account, "open"),
        listings_wanted=sum(_active(work) for work in works),
        listings_live=_live(account),
        listings_explained=sum(_explained(work, account, explained) for work in works),
        faults_met=sum(account.faults.values()),
        calls=sum(account.requests.values()),
        drifts_found=dict(Counter(str(one.kind) for one in drifts)),
        drifts_repaired=sum(one.outcome == runs.REPAIRED for one in drifts),
        open_tasks=len(asked),
        duplicates=_doubles(account),
        lost=_lost_stores(len(trained), works, account, explained)
        + sum(_lost_listings(work, account, explained) for work in works),
    )


def _in_state(account: Account, state: str) -> int:
    return sum(one.state == state for shown in account.stores.values() for one in shown)


def _live(account: Account) -> int:
    """Our own listings on sale; the merchants' own carry no Reference and do not count."""
    return sum(
        one.state == "live"
        for reference, shown in account.listings.items()
        if reference
        for one in shown
    )


def _doubles(account: Account) -> int:
    held = [account.stores, account.listings]
    return sum(
        len(shown) - 1
        for one in held
        for reference, shown in one.items()
        if reference and len(shown) > 1
    )


def _active(work: StoreWork) -> int:
    return sum(product.active for product in work.products)


def _lost_stores(
    trained: int, works: list[StoreWork], account: Account, explained: set[str]
) -> int:
    """Trained merchants whose store is neither there nor explained by a task."""
    there = sum(
        work.store.reference in account.stores or work.store.id in explained for work in works
    )
    return trained - there


def _missing(work: StoreWork, account: Account) -> list[str]:
    """Listing ids of the store's products that the marketplace does not hold on sale or in review."""
    held = {
        reference
        for reference, shown in account.listings.items()
        if any(one.state in {"live", "in_review"} for one in shown)
    }
    name = work.store.marketplace
    return [
        listing_id(product.id, name)
        for product in work.products
        if product.active and Reference(product.id) not in held
    ]


def _explained(work: StoreWork, account: Account, explained: set[str]) -> int:
    return sum(one in explained or work.store.id in explained for one in _missing(work, account))


def _lost_listings(work: StoreWork, account: Account, explained: set[str]) -> int:
    return len(_missing(work, account)) - _explained(work, account, explained)
