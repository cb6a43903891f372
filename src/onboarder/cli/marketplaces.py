"""`onboarder marketplaces`: what each configured marketplace can do by API, and what needs a person."""

from collections.abc import Sequence
from dataclasses import asdict

from rich.console import RenderableType
from rich.text import Text

from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import Cell, facts, table
from onboarder.connector.manifest import Capability, Manifest
from onboarder.connector.registry import MarketplaceConfig, configured, connector_type, installed
from onboarder.converge.choice import marketplaces_named

Known = tuple[MarketplaceConfig, Manifest]


def show_marketplaces(desk: Desk, name: str | None) -> int:
    """Those as well that are not switched on: what they ask for is wanted before."""
    found = configured(desk.settings.folder("marketplaces"))
    usable = [
        one for one, config in found.items() if config.enabled or config.connector in installed()
    ]
    chosen = marketplaces_named(found, [name]) if name else usable
    known = [(found[one], connector_type(found[one].connector).manifest) for one in chosen]
    document = {
        "marketplaces": [_document(desk, *one) for one in known],
        "installed_connectors": list(installed()),
    }
    desk.show(document, lambda: _details(desk, *known[0]) if name else _overview(desk, known))
    if not known:
        desk.say("marketplaces.none", connectors=", ".join(installed()) or "-")
    return Exit.DONE


def _overview(desk: Desk, known: Sequence[Known]) -> list[RenderableType]:
    words = desk.words
    header = [words("word.name"), words("word.marketplace"), words("marketplaces.by_api")]
    header += [words("marketplaces.by_person"), words("marketplaces.rate")]
    header += [words("marketplaces.settle"), words("marketplaces.kind")]
    rows: list[list[Cell]] = [
        [
            config.name,
            manifest.title,
            f"{len(manifest.capabilities)}/{len(Capability)}",
            words("marketplaces.minutes", minutes=_minutes(manifest)),
            f"{config.rate(manifest):g}/s",
            f"{manifest.settle.total_seconds():g} s",
            _kind(desk, config, manifest),
        ]
        for config, manifest in known
    ]
    return [table(header, rows)] if rows else []


def _details(desk: Desk, config: MarketplaceConfig, manifest: Manifest) -> list[RenderableType]:
    words = desk.words
    can = [words(f"capability.{one}") for one in Capability if manifest.can(one)]
    cannot = [words(f"capability.{one}") for one in Capability if not manifest.can(one)]
    steps = [
        f"{step.who}: {words.either(step.id, step.en)} ({step.minutes} min)"
        for step in manifest.human_steps
    ]
    head = facts(
        (
            (words("word.name"), f"{config.name} · {manifest.title}"),
            (words("marketplaces.kind"), _kind(desk, config, manifest)),
            (words("word.address"), config.base_url),
            (words("marketplaces.connector"), config.connector),
            *_apps(desk, config),
            (words("marketplaces.countries"), ", ".join(manifest.countries)),
            (words("marketplaces.by_api"), ", ".join(can)),
            (words("marketplaces.not_by_api"), ", ".join(cannot)),
            (words("marketplaces.by_person"), "; ".join(steps) or words("word.none")),
            (words("marketplaces.credentials"), words(f"credentials.{manifest.credentials}")),
            (words("marketplaces.rate"), f"{config.rate(manifest):g}/s"),
            (words("marketplaces.settle"), f"{manifest.settle.total_seconds():g} s"),
        )
    )
    limits: list[list[Cell]] = [
        [words(f"limit.{name}"), value] for name, value in asdict(manifest.limits).items()
    ]
    header = [words("marketplaces.limit"), words("word.value")]
    return [head, table(header, limits), *(Text(f"· {note}") for note in manifest.notes)]


def _document(desk: Desk, config: MarketplaceConfig, manifest: Manifest) -> dict[str, object]:
    return {
        "name": config.name,
        "title": manifest.title,
        "practice": manifest.practice,
        "enabled": config.enabled,
        "base_url": config.base_url,
        "connector": config.connector,
        "apps": [app.key for app in config.every_app],
        "countries": list(manifest.countries),
        "by_api": sorted(manifest.capabilities),
        "not_by_api": sorted(one for one in Capability if not manifest.can(one)),
        "by_person": [
            {
                "who": step.who,
                "text": desk.words.either(step.id, step.en),
                "minutes": step.minutes,
            }
            for step in manifest.human_steps
        ],
        "credentials": manifest.credentials,
        "calls_per_second": config.rate(manifest),
        "settle_seconds": manifest.settle.total_seconds(),
        "limits": asdict(manifest.limits),
        "notes": list(manifest.notes),
    }


def _apps(desk: Desk, config: MarketplaceConfig) -> list[tuple[str, str]]:
    """Nothing where there is only one."""
    named = ", ".join(app.key for app in config.every_app)
    return [(desk.words("marketplaces.apps"), named)] if config.apps else []


def _kind(desk: Desk, config: MarketplaceConfig, manifest: Manifest) -> str:
    kind = desk.words("marketplaces.practice" if manifest.practice else "marketplaces.real")
    off = desk.words("marketplaces.off")
    return kind if config.enabled else f"{kind} · {off}"


def _minutes(manifest: Manifest) -> int:
    return sum(step.minutes for step in manifest.human_steps)
