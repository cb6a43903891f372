"""The figures of /metrics: counts by marketplace, outcome and state. No id, no name, no address."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from onboarder.records import presence, progress, tasks
from onboarder.records.database import Database

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

    async def text(self, database: Database, now: datetime) -> bytes:
        """All figures in Prometheus' text format, those of the records counted now."""
        async with database.read() as tx:
            held = await progress.stores_by_state(tx)
            waiting = await tasks.count_open(tx)
            alive = await presence.alive(tx, now)
        self._stores.clear()
        for (marketplace, state), number in held.items():
            self._stores.labels(marketplace, state).set(number)
        self._tasks.clear()
        for who, number in waiting.items():
            self._tasks.labels(who).set(number)
        self._workers.set(len(alive))
        return generate_latest(self._registry)
