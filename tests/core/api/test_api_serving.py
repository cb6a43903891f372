"""`onboarder serve` as a process: it answers, logs no address, and ends well."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from onboarder.serving import _listen  # pyright: ignore[reportPrivateUsage]  # the socket it listens on
from tests.servers.process import free_port, wait_until
from tests.support.crew import CONFIG

pytestmark = pytest.mark.processes


def settings(folder: Path, port: int) -> dict[str, str]:
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    (config / "onboarder.toml").write_text("", encoding="utf-8")
    own = {name: value for name, value in os.environ.items() if not name.startswith("ONBOARDER_")}
    return own | {
        "ONBOARDER_CONFIG_DIR": str(config),
        "ONBOARDER_DATA_DIR": str(folder / "data"),
        "ONBOARDER_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ONBOARDER_SERVE_PORT": str(port),
        "ONBOARDER_SECRET_SERVE_METRICS_TOKEN": "a-token",
    }


def test_it_answers_logs_no_address_and_ends_well(tmp_path: Path) -> None:
    port = free_port()
    with (tmp_path / "serve.log").open("wb") as log:
        command = [sys.executable, "-m", "onboarder", "serve"]
        process = subprocess.Popen(command, env=settings(tmp_path, port), stdout=log, stderr=log)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as knock:
        try:
            wait_until(lambda: lives(knock))
            lost = knock.get("/callback/rehearsal", params={"code": "rahasia", "state": "rahasia"})
            ready = knock.get("/readyz").json()
            figures = knock.get("/metrics", headers={"Authorization": "Bearer a-token"})
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=45)

    lines = (tmp_path / "serve.log").read_text(encoding="utf-8").splitlines()
    assert code == 0
    assert (lost.status_code, figures.status_code) == (400, 200)
    assert ready == {"ready": True, "database": "ok", "redis": "ok", "workers": 0}
    assert "server" not in lost.headers
    assert [json.loads(one)["event"] for one in lines][-1] == "serve.ended"
    assert not [one for one in lines if "rahasia" in one]


def test_no_answer_waits_for_the_acknowledgement_of_its_head() -> None:
    port = free_port()
    with (
        _listen("127.0.0.1", port) as listening,
        socket.create_connection(("127.0.0.1", port), timeout=5),
    ):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_address_in_use_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "onboarder", "serve", "--lang", "en"],
            env=settings(tmp_path, port),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert ended.returncode == 78
    assert f"cannot listen at 127.0.0.1 port {port}" in ended.stderr
    assert "serve_port" in ended.stderr


def lives(knock: httpx.Client) -> bool:
    try:
        return knock.get("/livez").is_success
    except httpx.HTTPError:
        return False
