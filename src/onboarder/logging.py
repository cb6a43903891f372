"""Logs of long-running processes: one line per event on stderr, never with local variables or URLs of calls."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import ExcInfo, Processor

from onboarder.tracebacks import told

QUIET = (
    "aiohttp",
    "aiosqlite",
    "alembic",
    "arq",
    "asyncio",
    "httpcore",
    "httpx",
    "sqlalchemy",
    "uvicorn",
)
"""Libraries known to tell too much: httpx logs whole URLs, and marketplaces put tokens into them; aiosqlite logs rows.

Any other library as well is heard only from WARNING on; these do not even build their lines.
"""


def configure_logging(level: int = logging.INFO, *, json: bool = True) -> None:
    """Send our events and the libraries' warnings to stderr, as JSON lines or for the eye.

    For processes that run for long, once: a logger that has spoken keeps what was configured then.
    Tracebacks name files and lines but show no local variables and no texts of foreign errors: those hold names, phones
    and tokens.
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
        cache_logger_on_first_use=True,
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
    handler.addFilter(_ours_or_a_warning)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for library in map(logging.getLogger, QUIET):
        library.setLevel(max(level, logging.WARNING))
        library.handlers.clear()  # uvicorn brings its own, which know nothing of all this
        library.propagate = True


def _ours_or_a_warning(record: logging.LogRecord) -> bool:
    """Our events arrive as dictionaries; a library's chatter is not for us to vouch for."""
    return isinstance(record.msg, dict) or record.levelno >= logging.WARNING


def _as_json() -> list[Processor]:
    return [
        structlog.processors.ExceptionRenderer(_traceback),
        structlog.processors.JSONRenderer(),
    ]


def _for_the_eye() -> list[Processor]:
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=_write_traceback
        )
    ]


def _traceback(exc_info: ExcInfo) -> str:
    return told(exc_info[1])


def _write_traceback(stream: TextIO, exc_info: ExcInfo) -> None:
    stream.write(f"\n{told(exc_info[1])}")
