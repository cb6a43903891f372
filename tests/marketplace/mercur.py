"""Start the real Mercur 2.1.5 on PostgreSQL, seeded as an operator would, and stop it without a trace."""

import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.marketplace.control import MercurControl
from tests.marketplace.installation import (
    HERE,
    exclusive,
    fingerprint,
    installed_modules,
    node_environment,
    why_not_available,
)
from tests.marketplace.operator import ADMIN_EMAIL, ADMIN_PASSWORD
from tests.servers.postgres import (
    create_database,
    database_exists,
    execute,
    fresh_database,
    start_postgres,
)
from tests.servers.process import free_port, running

__all__ = ["Mercur", "start_mercur", "why_not_available"]

CLI = "node_modules/@medusajs/cli/cli.js"
ALWAYS = {
    "NODE_ENV": "production",  # otherwise Mercur generates code with npx at every start
    "MEDUSA_DISABLE_TELEMETRY": "true",
}


class Mercur:
    """One marketplace: its address, its database, its process. `control` is every hand that is not a seller's."""

    def __init__(self, database_url: str, folder: Path, *, jwt_expires_in: str = "1d") -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "log"
        self.control = MercurControl(self.url)
        self._folder = folder
        self._process = ExitStack()
        self._environment = {
            **node_environment(),
            **ALWAYS,
            "DATABASE_URL": database_url,
            "MERCUR_URL": self.url,
            "MERCUR_JWT_EXPIRES_IN": jwt_expires_in,
        }

    def start(self) -> None:
        """Start the process, 3 to 5 seconds; after stop() the same marketplace comes back."""
        host, port = self.url.removeprefix("http://").split(":")
        self._process.enter_context(
            running(
                ["node", CLI, "start", "-H", host, "-p", port],
                log=self.log,
                is_ready=self._is_healthy,
                env=self._environment,
                cwd=self._folder,
                deadline_seconds=120,
            )
        )

    def stop(self) -> None:
        """End the process with SIGTERM; database and uploaded files stay. Repeating it is harmless."""
        self._process.close()

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=2, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def start_mercur(
    *, postgres_url: str | None = None, jwt_expires_in: str = "1d"
) -> Generator[Mercur]:
    """Yield a running, seeded, otherwise empty marketplace; everything of it is gone afterwards.

    `postgres_url` (`postgresql://user@host:port`) is a server that already runs; None starts one.
    `jwt_expires_in` is the life of a seller's token, for example "4s" to watch one expire.
    """
    with ExitStack() as stack:
        base = postgres_url or stack.enter_context(start_postgres())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="onboarder-mercur-")))
        _lay_out(folder)
        template = _migrated_template(base, folder)
        database_url = stack.enter_context(fresh_database(base, template=template))
        mercur = Mercur(database_url, folder, jwt_expires_in=jwt_expires_in)
        stack.callback(mercur.control.close)
        stack.callback(mercur.stop)
        mercur.start()
        mercur.control.seed()
        yield mercur


def _lay_out(folder: Path) -> None:
    (folder / "node_modules").symlink_to(installed_modules())
    for name in ("package.json", "medusa-config.js"):
        shutil.copyfile(HERE / name, folder / name)
    shutil.copytree(HERE / "src", folder / "src")


def _migrated_template(base_url: str, folder: Path) -> str:
    """The database that every start copies: migrated, with an operator's login, never written to."""
    name = f"mercur_{fingerprint()}"
    with exclusive("template"):
        if database_exists(base_url, name):
            return name
        unfinished = f"{name}_unfinished"
        execute(base_url, f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)')
        create_database(base_url, unfinished)
        database_url = f"{base_url}/{unfinished}"
        _medusa(folder, database_url, "db:migrate", "--all-or-nothing")
        _medusa(folder, database_url, "user", "-e", ADMIN_EMAIL, "-p", ADMIN_PASSWORD)
        execute(base_url, f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
    return name


def _medusa(folder: Path, database_url: str, *command: str) -> None:
    environment = {
        **node_environment(),
        **ALWAYS,
        "DATABASE_URL": database_url,
        "MERCUR_URL": "http://127.0.0.1",
    }
    done = subprocess.run(
        ["node", CLI, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"medusa {command[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
