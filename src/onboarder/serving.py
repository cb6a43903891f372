"""`onboarder serve` as a process: listens until it is told to stop, then lets requests under way end."""

import asyncio
import signal
import socket
from collections.abc import Generator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from functools import partial

import structlog
import uvicorn

from onboarder.api.app import create_app
from onboarder.api.premises import Premises, premises
from onboarder.application import open_application
from onboarder.problems import ConfigProblem
from onboarder.queue import installed_queue
from onboarder.redis_server import connect, needed, silence
from onboarder.settings import Settings
from onboarder.web import pages

log = structlog.get_logger()

METRICS = ("serve", "metrics_token")
"""Owner and name of the secret that opens /metrics."""
GRACE_SECONDS = 30
MOST_AT_ONCE = 200
LARGEST_HEADERS = 16 * 1024


async def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code. `ConfigProblem` if the address cannot be listened at."""
    public_url = settings.public_address
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_application(settings))
        await stack.enter_async_context(needed(settings))
        redis = await stack.enter_async_context(connect(settings))
        around = await stack.enter_async_context(app.surroundings(redis))
        bell = await stack.enter_async_context(installed_queue().doorbell(settings))
        listening = stack.enter_context(_listen(settings.serve_host, settings.serve_port))
        made = premises(
            around,
            bell,
            public_url=public_url,
            state_span=timedelta(minutes=settings.visit_minutes),
            redis_silence=partial(silence, settings),
            metrics_token=app.secrets.read(*METRICS),
            config_dir=settings.config_dir,
            lang=settings.lang,
            boxes=app.box_keys,
            data_dir=settings.data_dir,
            intake=app.intake_rules,
        )
        log.info("serve.started", port=settings.serve_port)
        await _serve(made, listening)
    log.info("serve.ended")
    return 0


async def _serve(made: Premises, listening: socket.socket) -> None:
    config = uvicorn.Config(
        create_app(made, pages=pages(made)),
        access_log=False,  # it would write addresses with tokens and codes; the guard logs routes
        log_config=None,
        proxy_headers=False,
        server_header=False,
        ws="none",
        limit_concurrency=MOST_AT_ONCE,
        h11_max_incomplete_event_size=LARGEST_HEADERS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    await _Server(config).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends well when told to: uvicorn would raise the signal again after it has ended."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@contextmanager
def _listen(host: str, port: int) -> Generator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigProblem(
            f"cannot listen at {host} port {port}: {error.strerror}",
            hint="set serve_host and serve_port to an address of this machine that is free",
            id_message=f"tidak bisa menerima sambungan di {host} port {port}: {error.strerror}",
            id_hint="atur serve_host dan serve_port ke alamat mesin ini yang masih bebas",
        ) from None
    with listening:
        # What is accepted inherits it. asyncio leaves it off for sockets it did not make, and an answer's body then
        # waits 40 ms until its head is acknowledged.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listening
