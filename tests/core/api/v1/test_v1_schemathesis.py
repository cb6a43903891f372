# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# schemathesis gives its cases and checks no type parameters.
"""Schemathesis makes up requests from the API's own description and looks at every answer.

The service listens in a thread of this process. Examples are few, so that the test is quick, and the same each time.
"""

import asyncio
import socket
import threading
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
import schemathesis
import structlog
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from pydantic import TypeAdapter
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok

from onboarder.api.app import create_app
from onboarder.api.v1.door import COOKIE
from onboarder.api.v1.refusal import problem_texts
from onboarder.records.database import Database
from tests.core.api.v1.planted import PLANTS
from tests.servers.process import wait_until
from tests.support.signed_in import a_service, token_of

if TYPE_CHECKING:
    from schemathesis.checks import CheckFunction
    from schemathesis.schemas import APIOperation

EXAMPLES = 4
LEFT_OUT = {
    "positive_data_acceptance": "what fits may still be refused: a market that is none, an object of others",
    "ignored_auth": "the matrix of roles asks every operation without a session",
    "object_level_authorization": "the matrix again",
    "use_after_free": "there is nothing whose deletion removes an address",
    "ensure_resource_availability": "the same",
}
ENDS_ITS_OWN_SESSION = {("DELETE", "/api/v1/session")}


@dataclass(frozen=True)
class Served:
    address: str
    own: dict[str, str]
    """Values of path parameters that lead to objects of the coordinator's."""


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path) -> Generator[Served]:
    """The service at an address of this machine."""
    file = tmp_path / "onboarder.db"
    file.write_bytes(sqlite_template.read_bytes())
    servers, own = list[uvicorn.Server](), dict[str, str]()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"

        async def serve() -> None:
            database = Database(f"sqlite+aiosqlite:///{file}")
            async with a_service(database) as service:
                own.update({name: (await plant(service)).own for name, plant in PLANTS.items()})
                config = uvicorn.Config(
                    create_app(service.premises), log_config=None, access_log=False, ws="none"
                )
                servers.append(uvicorn.Server(config))
                await servers[0].serve(sockets=[listening])
            await database.aclose()

        thread = threading.Thread(target=asyncio.run, args=(serve(),))
        thread.start()
        wait_until(lambda: bool(servers) and servers[0].started)
        yield Served(address, own)
        servers[0].should_exit = True
        thread.join(timeout=30)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
@pytest.mark.parametrize("who", ["ani", "C01"])
def test_whatever_is_sent_the_service_answers_as_it_says(
    served: Served, mode: GenerationMode, who: str
) -> None:
    with structlog.testing.capture_logs():
        schema = schemathesis.openapi.from_dict(_description(served), config=_config())
        operations = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
        for operation in operations:
            if (operation.method.upper(), operation.path) not in ENDS_ITS_OWN_SESSION:
                _examine(operation, served, mode, who)

    assert len(operations) > 30


def _config() -> SchemathesisConfig:
    """What does not fit may be refused with any of our codes, too large an address among them."""
    refused = sorted({text.status for text in problem_texts().values() if text.status < 500})
    return SchemathesisConfig.from_dict(
        {"checks": {"negative_data_rejection": {"expected-statuses": refused}}}
    )


def _description(served: Served) -> dict[str, object]:
    """Without the need of a session: all requests are given one."""
    answer = httpx.get(f"{served.address}/api/v1/openapi.json", trust_env=False)
    described = TypeAdapter(dict[str, object]).validate_python(answer.json())
    paths = TypeAdapter(dict[str, dict[str, dict[str, object]]]).validate_python(described["paths"])
    for operations in paths.values():
        for operation in operations.values():
            operation.pop("security", None)
    return described | {"paths": paths}


def _examine(
    operation: "APIOperation[Any, Any, Any, Any]", served: Served, mode: GenerationMode, who: str
) -> None:
    cookies = {COOKIE: token_of(who).get_secret_value()}
    checks, lenient = _checks(), _checks("negative_data_rejection")

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.large_base_example,
        ],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def examine(case: schemathesis.Case[Any]) -> None:
        headers = {"X-Onboarder": "1"}
        chosen = lenient if _odd_query(case) else checks
        case.call_and_validate(served.address, headers=headers, cookies=cookies, checks=chosen)
        if case.path_parameters:
            case.path_parameters.update(
                {name: value for name, value in served.own.items() if name in case.path_parameters}
            )
            case.call_and_validate(served.address, headers=headers, cookies=cookies, checks=lenient)

    with suppress(Unsatisfiable):  # nothing that one could send there does not fit
        examine()


def _odd_query(case: "schemathesis.Case[Any]") -> bool:
    """Words in a query that nobody knows are ignored, as everywhere; unknown fields of a body are refused."""
    parts = case.meta.components if case.meta else {}
    return any(
        where is ParameterLocation.QUERY and part.mode.is_negative for where, part in parts.items()
    )


def _checks(*without: str) -> "list[CheckFunction]":
    load_all_checks()
    names = set(CHECKS.get_all_names())
    assert set(LEFT_OUT) <= names
    return cast(
        "list[CheckFunction]", list(CHECKS.get_by_names(sorted(names - {*LEFT_OUT, *without})))
    )
