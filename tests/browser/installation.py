"""A whole installation of real processes: marketplace, worker and service, as the demonstration sets them up."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import httpx

from onboarder.demo.sign_ins import COORDINATOR, SignIns, make_sign_ins, phone_link
from onboarder.demo.stage import Stage, a_stage

CONFIG = Path(__file__).parents[2] / "config"


@dataclass(frozen=True)
class Installation:
    """Empty but for a coordinator and a canvasser. `sign_ins`: the coordinator's."""

    stage: Stage
    sign_ins: SignIns

    @property
    def address(self) -> str:
        return self.stage.address

    def token(self) -> str:
        """Of a fresh QR code for the canvasser's phone."""
        return phone_link(self.stage).get_secret_value().rpartition("=")[2]

    def code(self) -> str:
        """What the coordinator's authenticator app shows; each works once."""
        return self.sign_ins.code(datetime.now(UTC))

    def merchants(self) -> list[Mapping[str, object]]:
        """Each in full, as the office sees it. Uses up a code."""
        with httpx.Client(base_url=self.address, trust_env=False) as office:
            office.headers["X-Onboarder"] = "1"
            body = {
                "account": COORDINATOR,
                "password": self.sign_ins.password.get_secret_value(),
                "code": self.code(),
            }
            signed = office.post("/api/v1/session/password", json=body).raise_for_status()
            office.headers["Cookie"] = signed.headers["set-cookie"].partition(";")[0]
            items = office.get("/api/v1/merchants").json()["items"]
            shown = [office.get(f"/api/v1/merchants/{one['id']}").json() for one in items]
        return cast("list[Mapping[str, object]]", shown)


@contextmanager
def installation(folder: Path) -> Generator[Installation]:
    with a_stage(CONFIG, folder, seed=1, faults=False, lang="id") as stage:
        stage.start_marketplace()
        sign_ins = make_sign_ins(stage, "id")
        stage.start_worker()
        stage.start_service()
        yield Installation(stage, sign_ins)
