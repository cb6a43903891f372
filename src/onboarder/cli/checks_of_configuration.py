"""Checks of what lies on this machine: configuration, connectors, keys, disk."""

import os
import shutil
from collections.abc import Callable
from functools import partial

from pydantic import SecretStr

from onboarder.application import utc_now
from onboarder.cli.checks import Check, Examination, Level, Ward
from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Equipment
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.connector.manifest import Manifest
from onboarder.connector.registry import App, MarketplaceConfig, connector_type
from onboarder.problems import Problem
from onboarder.queue import installed_queue

GIGABYTE = 1 << 30
LITTLE_DISK, NO_DISK = 2.0, 0.2
"""Free gigabytes below which the doctor warns, and below which he fails."""


async def _programme(ward: Ward) -> list[Check]:
    return [_tried(ward, "programme", lambda: _programme_text(ward))]


async def _rules(ward: Ward) -> list[Check]:
    return [
        _tried(
            ward,
            "drift_rules",
            lambda: ", ".join(sorted(set(ward.app.drift_rules.policy.values()))),
        ),
        _tried(ward, "intake_rules", lambda: f"{len(ward.app.intake_rules.categories.names)}"),
    ]


async def _marketplaces(ward: Ward) -> list[Check]:
    try:
        configs = ward.app.marketplace_configs
    except Problem as problem:
        return [ward.failed("marketplaces", problem)]
    if not configs:
        return [ward.found("marketplaces", Level.WARN, "no_marketplace")]
    return [check for config in configs.values() for check in await _marketplace(ward, config)]


async def _marketplace(ward: Ward, config: MarketplaceConfig) -> list[Check]:
    try:
        manifest = connector_type(config.connector).manifest
        for app in config.every_app:
            await _build(ward, config, app)
        mapped = ward.app.categories(config.name)
        missing = sorted(set(ward.app.intake_rules.categories.names) - set(mapped))
    except Problem as problem:
        failed = ward.failed("marketplace", problem)
        return [Check(f"{failed.name} {config.name}", failed.level, failed.text, failed.mend)]
    name = ward.words("doctor.marketplace")
    kind = ward.words("marketplaces.practice" if manifest.practice else "marketplaces.real")
    well = Check(
        f"{name} {config.name}", Level.OK, f"{manifest.title} · {kind} · {config.base_url}"
    )
    found = [well, *(one for app in config.every_app for one in _secrets(ward, app, manifest))]
    if not missing:
        return found
    facts = {"marketplace": config.name, "codes": ", ".join(missing)}
    return [*found, ward.found("categories", Level.WARN, "unmapped", **facts)]


def _secrets(ward: Ward, app: App, manifest: Manifest) -> list[Check]:
    """Which of the secrets that the connector asks for are there; never what they say."""
    names = manifest.secrets
    missing = [name for name in names if ward.app.secrets.read(app.key, name) is None]
    if missing:
        folder = ward.settings.keys_dir / app.key
        facts = {"marketplace": app.key, "names": ", ".join(missing), "folder": folder}
        return [ward.found("secrets", Level.WARN, "secrets_missing", **facts)]
    return [ward.well("secrets", f"{app.key}: {', '.join(names)}")] if names else []


async def _build(ward: Ward, config: MarketplaceConfig, app: App) -> None:
    """The app's connector with its settings and secrets, calling nobody and using no key."""
    client = open_client(config.base_url)
    http = MarketplaceHttp(client, UnlimitedBudget(), marketplace=app.key)
    try:
        secret = partial(ward.app.secrets.read, app.key)
        equipment = Equipment(http, utc_now, lambda _: SecretStr("-"), secret)
        connector_type(config.connector)(app.settings, equipment)
    finally:
        await http.aclose()


async def _queue(ward: Ward) -> list[Check]:
    return [_tried(ward, "queue", lambda: type(installed_queue()).__name__)]


async def _keys(ward: Ward) -> list[Check]:
    folder = ward.settings.secrets_dir or ward.settings.data_dir / "keys"
    path = folder / "keys.json"
    if not path.exists() and ward.settings.embedded_database:
        return [ward.well("keys", ward.words("doctor.keys_later", path=path))]
    check = _tried(ward, "keys", lambda: f"{path}" if ward.app.vault else "")
    if check.level is Level.OK and path.stat().st_mode & 0o077:
        return [ward.found("keys", Level.WARN, "keys_open", path=path)]
    return [check, *_key_store(ward)]


def _key_store(ward: Ward) -> list[Check]:
    """A file serves the processes of one host; a database server may have workers on several."""
    settings = ward.settings
    if settings.embedded_database or settings.keys_url is not None:
        return []
    path = settings.data_dir / "keys" / "merchants.db"
    return [ward.found("keys", Level.WARN, "keys_on_this_host", path=path)]


async def _disk(ward: Ward) -> list[Check]:
    folder = ward.settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free / GIGABYTE
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError as error:
        return [ward.found("disk", Level.FAIL, "not_writable", path=folder, why=error.strerror)]
    if not writable:
        return [ward.found("disk", Level.FAIL, "not_writable", path=folder, why="")]
    facts = {"path": folder, "free": f"{free:.1f}"}
    if free < LITTLE_DISK:
        level = Level.FAIL if free < NO_DISK else Level.WARN
        return [ward.found("disk", level, "little_disk", **facts)]
    return [ward.well("disk", ward.words("doctor.disk_free", **facts))]


async def _photos(ward: Ward) -> list[Check]:
    folder = ward.settings.photos_dir
    if not folder.exists():
        return [ward.well("photos", ward.words("doctor.photos_later", path=folder))]
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return [ward.found("photos", Level.FAIL, "not_writable", path=folder, why="")]
    return [ward.well("photos", f"{folder}")]


CONFIGURATION_CHECKS: tuple[Examination, ...] = (
    _programme,
    _rules,
    _marketplaces,
    _queue,
    _keys,
    _disk,
    _photos,
)


def _tried(ward: Ward, name: str, look: Callable[[], str]) -> Check:
    """Well with what `look` says; failed with its problem."""
    try:
        return ward.well(name, look())
    except Problem as problem:
        return ward.failed(name, problem)


def _programme_text(ward: Ward) -> str:
    programme = ward.app.programme
    return f"{programme.name} · {len(programme.markets)} · {programme.timezone}"
