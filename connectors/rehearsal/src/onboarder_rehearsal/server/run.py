"""Run the practice marketplace as a process of its own."""

import asyncio
import tomllib
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from pydantic import BaseModel, ConfigDict
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from onboarder_rehearsal.server.app import create_app
from onboarder_rehearsal.server.dials import Dial
from onboarder_rehearsal.server.rules import Rules


class Setup(BaseModel):
    """A file of rules and dials to start with: `[rules]` and `[[dials]]` in TOML."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: Rules | None = None
    dials: tuple[Dial, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "Setup":
        """The file's setup; ValueError if it cannot be used."""
        return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def serve(
    host: str,
    port: int,
    state_dir: Path | None,
    *,
    rules: Rules | None = None,
    dials: Sequence[Dial] = (),
) -> None:
    """Serve until SIGTERM or SIGINT. A second start with the same `state_dir` goes on where the first ended."""
    serve_app(create_app(state_dir, rules=rules, dials=dials), host, port)


def serve_app(app: Starlette, host: str, port: int) -> None:
    """Serve any application until SIGTERM or SIGINT, with connections that its faults can drop."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=_DroppableConnection,
        loop="asyncio",  # whose transports a fault knows how to drop
        ws="none",
        log_level="critical",
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run()


class _DroppableConnection(H11Protocol):
    """Lets a fault reach the connection it is to drop."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
