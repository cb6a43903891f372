"""`onboarder rehearsal serve [--port 8790] [--state DIR] [--setup FILE.toml]`: the practice marketplace as a process."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

DEFAULT_PORT = 8790


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code. Wrong arguments end the process with exit code 2."""
    chosen = _parser().parse_args(arguments)
    from onboarder_rehearsal.server.run import Setup, serve  # not for those who only ask for help

    try:
        setup = Setup.read(chosen.setup) if chosen.setup else Setup()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{chosen.setup}: {error}\n")
        return 2
    sys.stderr.write(f"Pasar Latihan: http://{chosen.host}:{chosen.port}/ (Ctrl-C)\n")
    serve(chosen.host, chosen.port, chosen.state, rules=setup.rules, dials=setup.dials)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="onboarder rehearsal", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="serve")
    serve = commands.add_parser("serve", help="run the practice marketplace")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=DEFAULT_PORT)
    serve.add_argument("--state", type=Path, help="folder that keeps the state; without it, memory")
    serve.add_argument("--setup", type=Path, help="TOML file with [rules] and [[dials]]")
    return parser
