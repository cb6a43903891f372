"""The embedded Valkey: one for all processes, there while somebody needs it, gone with its owner."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from redis import Redis
from tests.servers.process import wait_until
from tests.support.crew import eventually, is_so

from onboarder.problems import ConfigProblem
from onboarder.redis_server import EmbeddedServer, connect, needed, socket_path
from onboarder.settings import Settings

OWNER = """
import asyncio, signal, sys
from pathlib import Path
from onboarder.redis_server import needed
from onboarder.settings import Settings

# A suite that runs in the background hands its children an ignored SIGINT.
signal.signal(signal.SIGINT, signal.default_int_handler)

async def main():
    async with needed(Settings(data_dir=Path(sys.argv[1]))):
        print("there", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def owner(tmp_path: Path) -> Generator["subprocess.Popen[str]"]:
    """Another process that runs the server."""
    with _an_owner(tmp_path, OWNER) as process:
        yield process


@contextmanager
def _an_owner(folder: Path, program: str) -> Generator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        yield process
        process.kill()


async def test_the_server_is_there_while_it_is_needed_and_gone_afterwards(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)

    async with needed(settings), connect(settings) as redis:
        answered = await redis.ping()
        kept = [await redis.config_get(name) for name in ("save", "appendonly", "port")]

    assert answered
    assert kept == [{"save": ""}, {"appendonly": "no"}, {"port": "0"}]
    assert not EmbeddedServer(tmp_path).answers()
    assert not socket_path(tmp_path).exists()


async def test_only_this_user_may_speak_to_it(tmp_path: Path) -> None:
    async with needed(Settings(data_dir=tmp_path)):
        mode = stat.S_IMODE(socket_path(tmp_path).stat().st_mode)

    assert mode == 0o700


async def test_all_processes_use_the_same_server(
    owner: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    with Redis(unix_socket_path=str(socket_path(tmp_path))) as theirs:
        theirs.set("said by", "the owner")

        async with needed(settings), connect(settings) as ours:
            heard = await ours.get("said by")

        assert heard == b"the owner"
        assert theirs.ping()
    assert owner.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next owner ends the orphan")
def test_the_server_dies_with_a_killed_owner(
    owner: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    with Redis(unix_socket_path=str(socket_path(tmp_path))) as redis:
        server = _process_of(redis)

    owner.kill()

    wait_until(lambda: not _lives(server), deadline_seconds=10)


@pytest.mark.parametrize("ends", [signal.SIGKILL, signal.SIGINT])
async def test_another_process_takes_over_when_the_owner_ends(
    owner: "subprocess.Popen[str]", tmp_path: Path, ends: signal.Signals
) -> None:
    settings = Settings(data_dir=tmp_path)
    async with needed(settings), connect(settings) as redis:
        first = (await redis.info("server"))["process_id"]

        owner.send_signal(ends)
        owner.wait()
        await eventually(lambda: is_so(EmbeddedServer(tmp_path).answers()), 10)

        assert (await redis.info("server"))["process_id"] != first


async def test_a_server_that_died_is_started_again(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    async with needed(settings), connect(settings) as redis:
        first = int((await redis.info("server"))["process_id"])
        os.kill(first, signal.SIGKILL)

        await eventually(lambda: is_so(EmbeddedServer(tmp_path).answers()), 10)

        assert int((await redis.info("server"))["process_id"]) != first


async def test_an_orphan_of_a_killed_owner_is_ended_before_the_new_server_starts(
    tmp_path: Path,
) -> None:
    unbound = f"import onboarder.redis_server as r; r._bound_to_us = list\n{OWNER}"
    with _an_owner(tmp_path, unbound) as owner:
        with Redis(unix_socket_path=str(socket_path(tmp_path))) as redis:
            redis.set("left", "behind")
            orphan = _process_of(redis)
        owner.kill()

    settings = Settings(data_dir=tmp_path)
    assert EmbeddedServer(tmp_path).answers()
    async with needed(settings), connect(settings) as ours:
        left = await ours.get("left")

    assert left is None
    await eventually(lambda: is_so(not _lives(orphan)), 10)


async def test_a_folder_with_a_very_long_path_gets_a_socket_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    deep = tmp_path.joinpath(*["a-rather-long-name-of-a-folder"] * 4)
    deep.mkdir(parents=True)
    path = socket_path(deep)

    assert path == socket_path(deep)
    assert path.parent == tmp_path / f"onboarder-{os.getuid()}"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_folder_that_others_may_enter_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / f"onboarder-{os.getuid()}").mkdir(mode=0o777)
    (tmp_path / f"onboarder-{os.getuid()}").chmod(0o777)

    with pytest.raises(ConfigProblem, match="not private"):
        socket_path(tmp_path.joinpath(*["a-rather-long-name-of-a-folder"] * 4))


async def test_a_configured_server_is_left_alone(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "redis_url": "redis://127.0.0.1:1/0"})

    async with needed(settings):
        assert not any(tmp_path.iterdir())  # noqa: ASYNC240  # one look at a folder


def _process_of(redis: Redis) -> int:
    return int(cast("dict[str, str]", redis.info("server"))["process_id"])


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
