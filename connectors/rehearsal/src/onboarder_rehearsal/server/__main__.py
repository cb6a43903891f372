"""`python -m onboarder_rehearsal.server --port 8790 --state var/rehearsal [--setup FILE.toml]`."""

import argparse
from pathlib import Path

from onboarder_rehearsal.server.run import DEFAULT_PORT, Setup, serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="onboarder_rehearsal.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument(
        "--state", type=Path, help="folder that keeps the state; without it, memory"
    )
    parser.add_argument("--setup", type=Path, help="TOML file with [rules] and [[dials]]")
    chosen = parser.parse_args()
    setup = Setup.read(chosen.setup) if chosen.setup else Setup()
    serve(chosen.host, chosen.port, chosen.state, rules=setup.rules, dials=setup.dials)


if __name__ == "__main__":
    main()
