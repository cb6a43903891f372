"""Every operation × every role × an own, a foreign and a missing object, as the API describes itself.

Nobody gets what is not theirs, nor learns that it exists: a foreign object is answered like a missing one.
"""

from zlib import crc32

import httpx
import pytest

from onboarder.people.roles import Role
from tests.core.api.v1.described import Operation, operations
from tests.core.api.v1.planted import PLANTS, Names, hidden_from
from tests.support.signed_in import Service, with_key

REFUSED = {401, 403, 404}


async def test_every_name_in_a_path_has_something_planted(service: Service) -> None:
    named = {name for one in await operations(service.anybody) for name in one.parameters}

    assert named == PLANTS.keys()


async def test_who_is_not_signed_in_gets_nothing(service: Service) -> None:
    names = await plant(service)
    wrong = list[str]()
    for operation in await operations(service.anybody):
        answer = await ask(service.anybody, operation, names, "own")
        if operation.roles is not None and answer.status_code != 401:
            wrong.append(f"{operation}: {answer.status_code}")
        wrong += leaks(operation, answer, Role.VIEWER)

    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
async def test_another_role_is_told_no_and_shown_nothing(service: Service, role: Role) -> None:
    names = await plant(service)
    client = clients(service)[role]
    wrong = list[str]()
    for operation in await operations(service.anybody):
        if operation.roles is None or operation.any_session or role in operation.roles:
            continue
        for which in ("own", "foreign", "missing"):
            answer = await ask(client, operation, names, which, role)
            if answer.status_code != 403:
                wrong.append(f"{operation} {which}: {answer.status_code}")
            wrong += leaks(operation, answer, role)

    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
async def test_a_foreign_object_is_answered_like_a_missing_one(
    service: Service, role: Role
) -> None:
    names = await plant(service)
    client = clients(service)[role]
    wrong = list[str]()
    for operation in await operations(service.anybody):
        if not operation.parameters or role not in (operation.roles or ()):
            continue
        foreign = await ask(client, operation, names, "foreign", role)
        missing = await ask(client, operation, names, "missing", role)
        if (foreign.status_code, foreign.content) != (404, missing.content):
            wrong.append(f"{operation}: {foreign.status_code} {foreign.text[:80]}")
        wrong += leaks(operation, foreign, role)

    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
async def test_lists_hold_nothing_foreign(service: Service, role: Role) -> None:
    await plant(service)
    client = clients(service)[role]
    wrong = list[str]()
    for operation in await operations(service.anybody):
        if operation.method == "GET" and not operation.parameters:
            answer = await client.get(operation.path, params={"limit": 200})
            wrong += leaks(operation, answer, role)

    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
async def test_whoever_may_gets_through_to_their_own(service: Service, role: Role) -> None:
    """So that the refusals above mean something."""
    wrong = list[str]()
    for operation in await operations(service.anybody):
        if role not in (operation.roles or ()) or role is not main_role(operation):
            continue
        names = await plant(service)
        answer = await ask(clients(service)[role], operation, names, "own", role)
        if answer.status_code in REFUSED:
            wrong.append(f"{operation}: {answer.status_code} {answer.text[:80]}")

    assert wrong == []


def main_role(operation: Operation) -> Role:
    """The role whose own objects are planted: the coordinator sees them all."""
    roles = operation.roles or frozenset()
    return Role.COORDINATOR if Role.COORDINATOR in roles else min(roles)


def clients(service: Service) -> dict[Role, httpx.AsyncClient]:
    return {
        Role.CANVASSER: service.canvasser,
        Role.COORDINATOR: service.coordinator,
        Role.VIEWER: service.viewer,
        Role.OPERATOR: service.operator,
    }


async def plant(service: Service) -> dict[str, Names]:
    return {name: await plant(service) for name, plant in PLANTS.items()}


async def ask(
    client: httpx.AsyncClient,
    operation: Operation,
    names: dict[str, Names],
    which: str,
    role: Role = Role.CANVASSER,
) -> httpx.Response:
    path = operation.path
    for name in operation.parameters:
        value = {
            "own": names[name].own,
            "foreign": names[name].foreign.get(role, names[name].missing),
            "missing": names[name].missing,
        }[which]
        path = path.replace(f"{{{name}}}", value)
    headers = {
        **with_key(crc32(f"{operation} {which}".encode())),
        "If-Match": "*",
        "Upload-Offset": "0",
    }
    if operation.raw:
        return await client.request(operation.method, path, content=b"x", headers=headers)
    return await client.request(operation.method, path, json=operation.body, headers=headers)


def leaks(operation: Operation, answer: httpx.Response, role: Role) -> list[str]:
    """What the role may not see and sees."""
    return [f"{operation} shows {one}" for one in hidden_from(role) if one in answer.text]
