"""Putting the parts together for one process: the only place that knows how everything is built.

What only some processes use (marketplaces, photos, keys) is imported when it is asked for: `onboarder status` must not
wait for an HTTP library.
"""

import os
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from random import Random
from secrets import token_hex
from typing import TYPE_CHECKING

from onboarder.model.ids import MarketplaceName
from onboarder.model.people import Programme
from onboarder.problems import ConfigProblem, UsageProblem
from onboarder.programmes import read_programme
from onboarder.records.database import Database
from onboarder.records.migrations import pending, upgrade
from onboarder.rules.drift import DriftRules, read_drift_rules
from onboarder.settings import Settings, read_toml

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from onboarder.connector.budget import Budget
    from onboarder.connector.contract import Equipment
    from onboarder.connector.manifest import Manifest
    from onboarder.connector.registry import App, MarketplaceConfig
    from onboarder.converge.surroundings import Marketplace, Surroundings
    from onboarder.intake.photo_store import PhotoStore
    from onboarder.intake.rules import IntakeRules
    from onboarder.people.key_ring import KeyRingFile
    from onboarder.people.sealed_box import BoxKeys
    from onboarder.people.secrets_folder import SecretsFolder
    from onboarder.people.vault import Vault
    from onboarder.records.merchant_keys import MerchantKeys


def utc_now() -> datetime:
    return datetime.now(UTC)


class Application:
    """One process of onboarder: settings, programme, records, and on demand the marketplaces."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        clock: Callable[[], datetime] = utc_now,
        random: Random | None = None,
    ) -> None:
        self.settings = settings
        self.database = database
        self.clock = clock
        self.random = random or Random()  # noqa: S311  # jitter, not secrets
        self.started_at = clock()
        self.name = f"{socket.gethostname()[:50]}:{os.getpid()}:{token_hex(3)}"
        """This process in leases, locks and the list of workers; two containers may share host name and process id."""

    @cached_property
    def programme(self) -> Programme:
        return read_programme(self.settings.folder("programmes"), self.settings.programme)

    @cached_property
    def drift_rules(self) -> DriftRules:
        return read_drift_rules(self.settings.folder("rules") / "drift.toml")

    @cached_property
    def key_ring(self) -> "KeyRingFile":
        """The key ring; the embedded database makes itself one."""
        from onboarder.people.key_ring import KeyRingFile

        ring = KeyRingFile(self.settings.keys_dir)
        if self.settings.embedded_database:
            ring.create()
        ring.read()
        return ring

    @cached_property
    def box_keys(self) -> "BoxKeys":
        """What phones seal to; the embedded database makes itself a key pair."""
        from onboarder.people.sealed_box import BoxKeys

        keys = BoxKeys(self.settings.keys_dir)
        if self.settings.embedded_database:
            keys.create()
        return keys

    @cached_property
    def merchant_keys(self) -> "MerchantKeys":
        from onboarder.records.merchant_keys import MerchantKeys

        return MerchantKeys(Database(self.settings.keys_database), self.clock)

    @cached_property
    def vault(self) -> "Vault":
        from onboarder.people.vault import Vault

        return Vault(self.key_ring.read, self.merchant_keys)

    @cached_property
    def secrets(self) -> "SecretsFolder":
        from onboarder.people.secrets_folder import SecretsFolder

        return SecretsFolder(self.settings.keys_dir, os.environ)

    @cached_property
    def photos(self) -> "PhotoStore":
        from onboarder.intake.photo_children import PhotoChildren
        from onboarder.intake.photo_store import PhotoStore

        limits = self.intake_rules.limits.photos
        return PhotoStore(self.settings.photos_dir, limits, clean=PhotoChildren())

    @cached_property
    def intake_rules(self) -> "IntakeRules":
        from onboarder.intake.rules import IntakeRules

        try:
            return IntakeRules.load(self.settings.config_dir)
        except (OSError, ValueError) as error:
            raise ConfigProblem(
                f"the import's rules cannot be used: {error}",
                hint="mend config/intake and try again",
                id_message=f"aturan impor tidak bisa dipakai: {error}",
                id_hint="perbaiki config/intake lalu coba lagi",
            ) from error

    @cached_property
    def marketplace_configs(self) -> "Mapping[MarketplaceName, MarketplaceConfig]":
        from onboarder.connector.registry import marketplaces

        return marketplaces(self.settings.folder("marketplaces"))

    def marketplace_config(self, name: str) -> "MarketplaceConfig":
        """The configured marketplace; `UsageProblem` naming the known ones if there is none such."""
        found = self.marketplace_configs.get(MarketplaceName(name))
        if found is None:
            known = ", ".join(self.marketplace_configs) or "none"
            raise UsageProblem(
                f"no marketplace {name!r} is configured (configured: {known})",
                hint="see: onboarder marketplaces",
                id_message=f"marketplace {name!r} belum diatur (yang diatur: {known})",
                id_hint="lihat: onboarder marketplaces",
            )
        return found

    def manifest(self, name: MarketplaceName) -> "Manifest":
        """What the marketplace's connector says of it."""
        from onboarder.connector.registry import connector_type

        return connector_type(self.marketplace_config(name).connector).manifest

    def categories(self, name: MarketplaceName) -> Mapping[str, str]:
        """Our category codes to the marketplace's keys, from config/categories/NAME.toml."""
        table = read_toml(self.settings.folder("categories") / f"{name}.toml")
        return {code: str(key) for code, key in table.items()}

    async def aclose(self) -> None:
        """Close what was opened besides the database."""
        if "merchant_keys" in self.__dict__:
            await self.merchant_keys.aclose()

    @asynccontextmanager
    async def surroundings(self, redis: "Redis | None") -> "AsyncGenerator[Surroundings]":
        """What passes over stores need; closes the marketplaces' connections at the end.

        Without Redis each process keeps a slow budget of its own.
        """
        from onboarder.converge.renewal import Renewals
        from onboarder.converge.surroundings import Surroundings
        from onboarder.intake.kept_photos import KeptPhotos

        deadline = timedelta(seconds=self.settings.call_deadline_seconds)
        async with AsyncExitStack() as stack:
            opened = {
                name: self._open(config, redis, stack)
                for name, config in self.marketplace_configs.items()
            }
            renewals = Renewals(
                self.database, self.vault, clock=self.clock, name=self.name, deadline=deadline
            )
            stack.push_async_callback(renewals.drain)
            yield Surroundings(
                database=self.database,
                vault=self.vault,
                renewals=renewals,
                programme=self.programme,
                marketplaces=opened,
                photos=KeptPhotos(self.settings.photos_dir),
                clock=self.clock,
                random=self.random,
                lease_span=timedelta(seconds=self.settings.lease_seconds),
                call_deadline=deadline,
                fresh_for=timedelta(minutes=self.settings.fresh_minutes),
                started_at=self.started_at,
                drift_policy=self.drift_rules.policy,
                look_again=tuple(
                    timedelta(seconds=one) for one in self.settings.look_again_seconds
                ),
                pass_span=timedelta(seconds=self.settings.pass_seconds),
                link_span=timedelta(days=self.settings.link_days),
            )

    def _open(
        self, config: "MarketplaceConfig", redis: "Redis | None", stack: AsyncExitStack
    ) -> "Marketplace":
        from onboarder.connector.registry import connector_type
        from onboarder.converge.surroundings import Marketplace

        kind = connector_type(config.connector)
        rate = config.rate(kind.manifest)
        quotas = config.quotas_over(kind.manifest.quotas)
        bearable = config.budget.calls_at_once or kind.manifest.calls_at_once
        first, *further = [
            kind(app.settings, self._equipment(config, app, kind.manifest, redis, stack))
            for app in config.every_app
        ]
        named = zip((one.name for one in config.apps), further, strict=True)
        categories = self.categories(config.name)
        return Marketplace(config.name, first, categories, rate, quotas, bearable, dict(named))

    def _equipment(
        self,
        config: "MarketplaceConfig",
        app: "App",
        manifest: "Manifest",
        redis: "Redis | None",
        stack: AsyncExitStack,
    ) -> "Equipment":
        """What one app's connector works with: connections, breaker, rates, quotas and secrets of its own."""
        from onboarder.connector.contract import Equipment
        from onboarder.connector.http import MarketplaceHttp, open_client
        from onboarder.converge.failures import usable

        deadline = manifest.deadline(timedelta(seconds=self.settings.call_deadline_seconds))
        calls = self.settings.stall_jobs + 2 * self.settings.night_jobs  # passes and glances
        http = MarketplaceHttp(
            open_client(config.base_url, connections=calls, unheard=deadline),
            self._budget(config, app, manifest, redis),
            marketplace=app.key,
            deadline=deadline,
            clock=self.clock,
            most_at_once=config.budget.calls_at_once or manifest.calls_at_once or calls,
        )
        stack.push_async_callback(http.aclose)
        secret = usable(partial(self.secrets.read, app.key))
        return Equipment(http, self.clock, self.vault.derive, secret)

    def _budget(
        self, config: "MarketplaceConfig", app: "App", manifest: "Manifest", redis: "Redis | None"
    ) -> "Budget":
        from onboarder.connector.budget import Budget, LocalBudget
        from onboarder.connector.budget_shared import SharedBudget
        from onboarder.connector.daily import DailyBudget
        from onboarder.records.quotas import RecordedDays

        rate = config.rate(manifest)
        budget: Budget = LocalBudget(rate)
        if redis is not None:
            per_store = config.budget.per_store_per_second
            budget = SharedBudget(redis, app.key, rate, per_store=per_store)
        quotas = config.quotas_over(manifest.quotas)
        if quotas.calls_a_day is None:
            return budget
        return DailyBudget(budget, RecordedDays(self.database), app.key, quotas, self.clock)


@asynccontextmanager
async def open_application(settings: Settings) -> AsyncGenerator[Application]:
    """The application on a ready database: an embedded one migrates itself, a server must have been migrated."""
    database = Database(settings.database)
    try:
        if settings.embedded_database:
            await upgrade(database)
        elif await pending(database):
            raise ConfigProblem(
                "the database schema is not this release's",
                hint="run: onboarder db upgrade",
                id_message="skema basis data berbeda dari rilis ini",
                id_hint="jalankan: onboarder db upgrade",
            )
        app = Application(settings, database)
        try:
            yield app
        finally:
            await app.aclose()
    finally:
        await database.aclose()
