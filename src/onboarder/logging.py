"""Logs of long-running processes: one line per event on stderr, never with local variables or URLs of calls."""

import logging
import sys

import structlog
from structlog.typing import Processor

QUIET = ("aiohttp", "alembic", "arq", "asyncio", "httpcore", "httpx")
"""Libraries heard only from WARNING on: httpx logs whole URLs, and marketplaces put tokens into them."""


def configure_logging(level: int = logging.INFO, *, json: bool = True) -> None:
    """Send our events and the libraries' warnings to stderr, as JSON lines or for the eye. Safe to repeat.

    Tracebacks name files and lines but show no local variables: those hold names, phones and tokens.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_as_json() if json else _for_the_eye()),
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _as_json() -> list[Processor]:
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [
        structlog.processors.ExceptionRenderer(tracebacks),
        structlog.processors.JSONRenderer(),
    ]


def _for_the_eye() -> list[Processor]:
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]
