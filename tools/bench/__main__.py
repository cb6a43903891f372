"""Ask questions of `tools.bench`, show what was found and write docs/performance.md."""

import argparse
import sys
import time
import traceback
from collections.abc import Sequence

from tools.bench.page import FOUND, Answer, recorded, table, this_minute, write
from tools.bench.question import ROUNDS, Row, Size, every_name, names, question


def main() -> int:
    """Ask what was chosen, one after the other; the page is written after each. 0 if every goal was met."""
    chosen = _chosen()
    asked, answers, run = names(), recorded(FOUND), this_minute()
    todo = [] if chosen.page else chosen.only or asked
    for name in todo:
        answers[name] = _answer(name, chosen, run)
        if not chosen.look:
            write(answers, asked)
    if chosen.page:
        write(answers, asked)
    return 0 if all(answers[name].holds for name in todo) else 1


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=every_name(), metavar="NAME", help=", ".join(every_name())
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--short", action="store_true", help="a minute or so for each")
    parser.add_argument("--look", action="store_true", help="only show what is found")
    parser.add_argument("--page", action="store_true", help="ask nothing, only write the page")
    return parser.parse_args()


def _answer(name: str, chosen: argparse.Namespace, run: str) -> Answer:
    print(f"… {name}", file=sys.stderr, flush=True)
    began = time.monotonic()
    rows = _rows(name, Size(chosen.rounds, chosen.short))
    answer = Answer(
        command=command(name, chosen), run=run, seconds=time.monotonic() - began, rows=tuple(rows)
    )
    print("\n".join([question(name).title, *table(answer.rows), ""]), flush=True)
    return answer


def _rows(name: str, size: Size) -> Sequence[Row]:
    """Whatever becomes of one question, the others are asked."""
    try:
        return question(name).measure(size)
    except Exception:  # noqa: BLE001  # told, and seen in the answer that has no rows
        traceback.print_exc()
        return ()


def command(name: str, chosen: argparse.Namespace) -> str:
    """What has to be typed for the same answer."""
    only = f" --only {name}" if chosen.only else ""
    rounds = f" --rounds {chosen.rounds}" if chosen.rounds != ROUNDS else ""
    short = " --short" if chosen.short else ""
    return f"python -m tools.bench{only}{rounds}{short}" if only + rounds + short else "make bench"


if __name__ == "__main__":
    sys.exit(main())
