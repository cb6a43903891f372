"""The command line: serve until SIGTERM or SIGINT."""

import argparse
from pathlib import Path

from onboarder_rehearsal.server.run import serve_app
from tests.marketplace.shopee.app import create_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.marketplace.shopee")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, help="folder; a second start with it goes on there")
    chosen = parser.parse_args()
    serve_app(create_app(chosen.state), chosen.host, chosen.port)


if __name__ == "__main__":
    main()
