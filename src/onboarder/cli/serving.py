"""`onboarder serve`: the HTTP service."""

import sys

from onboarder.cli.desk import Desk


def serve(desk: Desk) -> int:
    """Serve until told to stop. Logs go to stderr: JSON lines, or readable ones on a terminal."""
    from onboarder.event_loop import run
    from onboarder.logging import configure_logging
    from onboarder.records.faults import as_problems
    from onboarder.serving import serve as carry_out

    configure_logging(json=not sys.stderr.isatty())
    with as_problems():
        return run(carry_out(desk.settings))
