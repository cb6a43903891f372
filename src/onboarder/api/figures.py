"""The figures of /metrics: counts by marketplace, outcome and state. No id, no name, no address."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from onboarder.converge.surroundings import Marketplace, Surroundings
from onboarder.model.ids import app_key
from onboarder.records import apps, presence, progress, quotas, tasks
from onboarder.records.database import Transaction

SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 20)


class Figures:
    """One application's figures. Label values come from us: route templates, configured marketplaces, enums."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.answers = Counter(
            "onboarder_http_answers", "Answers", ["route", "status"], registry=self._registry
        )
        self.seconds = Histogram(
            "onboarder_http_seconds", "Time", ["route"], buckets=SECONDS, registry=self._registry
        )
        self.consents = Counter(
            "onboarder_consents", "Callbacks", ["marketplace", "outcome"], registry=self._registry
        )
        self.webhooks = Counter(
            "onboarder_webhooks", "Messages", ["marketplace", "receipt"], registry=self._registry
        )
        self._stores = Gauge(
            "onboarder_stores", "Stores", ["marketplace", "state"], registry=self._registry
        )
        self._tasks = Gauge("onboarder_tasks_open", "Open tasks", ["who"], registry=self._registry)
        self._workers = Gauge("onboarder_workers_alive", "Workers", registry=self._registry)
        self._quotas = Gauge(
            "onboarder_quota_used_ratio", "Used", ["app", "quota"], registry=self._registry
        )

    async def text(self, around: Surroundings) -> bytes:
        """All figures in Prometheus' text format, those of the records counted now."""
        now, used = around.clock(), dict[tuple[str, str], float]()
        async with around.database.read() as tx:
            held = await progress.stores_by_state(tx)
            waiting = await tasks.count_open(tx)
            alive = await presence.alive(tx, now)
            for one in around.marketplaces.values():
                used |= await _used(tx, one, now)
        self._stores.clear()
        for (marketplace, state), number in held.items():
            self._stores.labels(marketplace, state).set(number)
        self._tasks.clear()
        for who, number in waiting.items():
            self._tasks.labels(who).set(number)
        self._workers.set(len(alive))
        self._quotas.clear()
        for labels, share in used.items():
            self._quotas.labels(*labels).set(share)
        return generate_latest(self._registry)


async def _used(tx: Transaction, place: Marketplace, now: datetime) -> dict[tuple[str, str], float]:
    """Shares of what one marketplace grants, by app and quota; nothing where nothing is limited."""
    limits, found = place.quotas, dict[tuple[str, str], float]()
    keys = {app: app_key(place.name, app) for app in ("", *place.apps)}
    if limits.calls_a_day is not None:
        for key in keys.values():
            taken = await quotas.calls_taken(tx, key, limits.day(now))
            found[key, "calls_a_day"] = taken / limits.calls_a_day
    if limits.stores_per_app is not None:
        places = await apps.places_taken(tx, place.name)
        for app, key in keys.items():
            found[key, "stores_per_app"] = places.get(app, 0) / limits.stores_per_app
    return found
