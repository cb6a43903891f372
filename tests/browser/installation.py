"""The real service as a process of its own, with one coordinator and one canvasser who may enrol a phone."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import httpx
from pyotp.totp import TOTP

from tests.servers.process import free_port, wait_until

CONFIG = Path(__file__).parents[2] / "config"
ONBOARDER = (sys.executable, "-m", "onboarder")
CANVASSER = "C01"


@dataclass(frozen=True)
class Installation:
    """`office`: the coordinator, signed in."""

    address: str
    office: httpx.Client

    def token(self) -> str:
        """Of a fresh QR code for the canvasser's phone."""
        asked = self.office.post(f"/api/v1/people/{CANVASSER}/enrolments")
        asked.raise_for_status()
        return str(asked.json()["link"]).rpartition("=")[2]

    def merchants(self) -> list[dict[str, object]]:
        """Each in full."""
        items = self.office.get("/api/v1/merchants").json()["items"]
        shown = [self.office.get(f"/api/v1/merchants/{one['id']}").json() for one in items]
        return cast("list[dict[str, object]]", shown)


@contextmanager
def installation(folder: Path) -> Generator[Installation]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = _environment(folder, address, port)
    _run(environment, "db", "upgrade")
    coordinator = _run(
        environment, "people", "add", "ani", "--role", "coordinator", "--name", "Ani", "--json"
    )
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen([*ONBOARDER, "serve"], env=environment, stdout=log, stderr=log)
    with httpx.Client(base_url=address, trust_env=False, headers={"X-Onboarder": "1"}) as office:
        try:
            wait_until(lambda: _lives(office))
            _sign_in(office, json.loads(coordinator))
            yield Installation(address, office)
        finally:
            process.terminate()
            process.wait(timeout=45)


def _environment(folder: Path, address: str, port: int) -> dict[str, str]:
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    (config / "onboarder.toml").write_text('programme = "cirebon"\n', encoding="utf-8")
    own = {name: value for name, value in os.environ.items() if not name.startswith("ONBOARDER_")}
    return own | {
        "ONBOARDER_CONFIG_DIR": str(config),
        "ONBOARDER_DATA_DIR": str(folder / "data"),
        "ONBOARDER_PUBLIC_URL": address,
        "ONBOARDER_SERVE_PORT": str(port),
    }


def _run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [*ONBOARDER, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _lives(office: httpx.Client) -> bool:
    try:
        return office.get("/livez").status_code == 200
    except httpx.TransportError:
        return False


def _sign_in(office: httpx.Client, shown: dict[str, str]) -> None:
    [secret] = parse_qs(urlsplit(shown["authenticator"]).query)["secret"]
    code = TOTP(secret).now()
    body = {"account": "ani", "password": shown["password"], "code": code}
    signed = office.post("/api/v1/session/password", json=body)
    signed.raise_for_status()
    office.headers["Cookie"] = signed.headers["set-cookie"].partition(";")[0]
    new = {"id": CANVASSER, "name": "Rina", "role": "canvasser", "markets": ["KNM", "PGI"]}
    office.post(
        "/api/v1/people", json=new, headers={"Idempotency-Key": "01KB0000000000000000000001"}
    ).raise_for_status()
