"""The practice marketplace as a process of its own: what a kill leaves, and faults that need a real connection."""

import asyncio
import socket
import sys
import time
import zlib
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen

import httpx
import pytest
from tests.servers.process import free_port, running
from tests.support.practice import (
    PARTNER,
    access_to,
    application,
    derived,
    draft,
    item_body,
    store_content,
)

from onboarder.connector.budget import UnlimitedBudget
from onboarder.connector.contract import Access, Equipment
from onboarder.connector.errors import OutcomeUnknown, RateLimited, Unavailable
from onboarder.connector.http import MarketplaceHttp, open_client
from onboarder.model.ids import Reference
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server import Fault

pytestmark = pytest.mark.processes

REFERENCE = Reference("knm-1-a")


@contextmanager
def serving(state: Path, port: int, *options: str) -> Generator[Popen[bytes]]:
    command = [
        sys.executable,
        "-m",
        "onboarder_rehearsal.server",
        "--port",
        str(port),
        "--state",
        str(state),
        *options,
    ]
    with running(
        command, log=state.parent / "server.log", is_ready=lambda: _listens(port)
    ) as process:
        yield process


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def shared_url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """One server for the tests that only look at answers."""
    port = free_port()
    with serving(tmp_path_factory.mktemp("market") / "state", port):
        yield f"http://127.0.0.1:{port}"


class Shop:
    """A store on a real server, through the production transport."""

    def __init__(self, http: MarketplaceHttp, control: httpx.AsyncClient) -> None:
        self.connector = RehearsalConnector({}, Equipment(http, lambda: datetime.now(UTC), derived))
        self.control = control
        self.access: Access

    async def open(self, reference: str) -> None:
        content = store_content(reference)
        self.access = access_to(content.reference, await self.connector.open_store(content))
        await self.connector.complete_store(self.access, content)

    async def dial(self, fault: Fault, **settings: object) -> None:
        """Strikes the next create in this store."""
        body = {"fault": fault, "store": self.access.reference, "method": "POST", "times": 1}
        answer = await self.control.post("/_control/dials", json=body | settings)
        assert answer.is_success, answer.text

    async def listings(self) -> int:
        page = await self.connector.observe_listings(self.access, None)
        return len(page.listings)


@pytest.fixture
async def shop(shared_url: str, request: pytest.FixtureRequest) -> AsyncGenerator[Shop]:
    http = MarketplaceHttp(
        open_client(shared_url),
        UnlimitedBudget(),
        marketplace="rehearsal",
        deadline=timedelta(seconds=0.7),
    )
    async with httpx.AsyncClient(base_url=shared_url, trust_env=False) as control:
        opened = Shop(http, control)
        await opened.open(f"knm-{zlib.crc32(request.node.name.encode())}")
        yield opened
        await control.delete("/_control/dials")
    await http.aclose()


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        (Fault.LOST_BEFORE, 0),
        (Fault.LOST_AFTER, 1),
        (Fault.HANG_AFTER, 1),
        (Fault.ERROR_BEFORE, 0),
        (Fault.UNAVAILABLE, 0),
        (Fault.ERROR_AFTER, 1),
        (Fault.TRUNCATED, 1),
        (Fault.INVALID_JSON, 1),
        (Fault.HTML, 1),
        (Fault.OVERSIZED, 1),
        (Fault.GZIP_BOMB, 1),
        (Fault.TRICKLE, 1),
        (Fault.SLOW, 1),
    ],
)
async def test_a_create_hit_by_a_fault_is_unknown_and_found_by_its_reference_if_it_was_done(
    shop: Shop, fault: Fault, kept: int
) -> None:
    await shop.dial(fault, megabytes=16)
    with pytest.raises(OutcomeUnknown) as caught:
        await shop.connector.create_listings(shop.access, [draft(REFERENCE)])

    found = await shop.connector.find_listing(shop.access, REFERENCE)

    assert caught.value.reference == REFERENCE
    assert (found is not None) == bool(kept)
    assert await shop.listings() == kept


async def test_a_late_commit_appears_by_itself(shop: Shop) -> None:
    await shop.dial(Fault.LATE_COMMIT, seconds=0.4)
    with pytest.raises(OutcomeUnknown):
        await shop.connector.create_listings(shop.access, [draft(REFERENCE)])
    early = await shop.listings()

    give_up_at = time.monotonic() + 10
    while await shop.listings() == 0 and time.monotonic() < give_up_at:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.05)

    assert (early, await shop.listings()) == (0, 1)


async def test_a_429_is_no_doubt_and_leaves_nothing_behind(shop: Shop) -> None:
    await shop.dial(Fault.LIMITED, seconds=30)
    with pytest.raises(RateLimited) as caught:
        await shop.connector.create_listings(shop.access, [draft(REFERENCE)])

    assert caught.value.scope == "store"
    assert caught.value.retry_after == timedelta(seconds=30)
    assert await shop.listings() == 0


async def test_a_read_hit_by_a_dropped_connection_is_asked_again(shop: Shop) -> None:
    await shop.dial(Fault.LOST_AFTER, method="GET", times=2)

    observed = await shop.connector.observe_store(shop.access)

    assert observed is not None


async def test_a_read_that_never_gets_through_is_unavailable(shop: Shop) -> None:
    await shop.dial(Fault.LOST_AFTER, method="GET", times=None)

    with pytest.raises(Unavailable):
        await shop.connector.observe_store(shop.access)


def test_a_killed_server_has_lost_no_answered_call(tmp_path: Path) -> None:
    port, state = free_port(), tmp_path / "state"
    with serving(state, port) as process:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            client.post("/_control/dials", json={"fault": "unavailable", "after": 5, "times": 2})
            client.post("/_control/clock", json={"advance_seconds": 3600})
            headers = _seller(client)
            answered = [
                client.post("/v1/items", headers=headers, json=item_body(f"knm-1-{n}")).status_code
                for n in range(3)
            ]
            process.kill()
        process.wait()

    with (
        serving(state, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        account = client.get("/_control/account").json()
        still_open = client.get("/v1/seller", headers=headers)
        dials = client.get("/_control/dials").json()
        log = client.get("/_control/log").json()

    assert answered == [201, 201, 503]
    assert account["creates"] == {"stores": 1, "listings": 2}
    assert account["now"] > time.time() + 3000
    assert still_open.status_code == 503
    assert [(dial["seen"], dial["struck"]) for dial in dials] == [(7, 2)]
    assert [line["no"] for line in log] == list(range(1, 8))


def test_a_file_sets_the_rules_and_dials_to_start_with(tmp_path: Path) -> None:
    setup = tmp_path / "setup.toml"
    setup.write_text('[rules]\nseed = 7\n[[dials]]\nfault = "slow"\nprobability = 0.5\n')
    port = free_port()

    with (
        serving(tmp_path / "state", port, "--setup", str(setup)),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        rules = client.get("/_control/rules").json()
        dials = client.get("/_control/dials").json()

    assert rules["seed"] == 7
    assert [(dial["fault"], dial["probability"]) for dial in dials] == [("slow", 0.5)]


def _seller(client: httpx.Client) -> dict[str, str]:
    number = client.post("/v1/sellers", headers=PARTNER, json=application()).json()["seller"]
    tokens = f"/v1/sellers/{number['seller_no']}/tokens"
    token = client.post(tokens, headers=PARTNER).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    client.put("/v1/seller/pickup", headers=headers, json={"city": "Cirebon"})
    return headers
