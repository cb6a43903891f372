"""Where a worker's time goes: a market opened and filled under Python's own profiler, on CPU time: `make profile`.

The profiler makes small functions look dearer than they are; what a call really costs is for `make bench` to say.
"""

import argparse
import pstats
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter
from tests.servers import postgres

from tools.bench.engine import Work
from tools.bench.market import ROOT, ordered_market
from tools.bench.processes import child, postgres_server

Place = tuple[str, int, str]
"""File, line and name of a function; built-in ones have the file `~`."""
Callers = Mapping[Place, tuple[int, int, float, float]]
Stats = Mapping[Place, tuple[int, int, float, float, Callers]]
LIBRARIES = "site-packages"
OURS = (str(ROOT / "src/onboarder"), str(ROOT / "workers/src"), str(ROOT / "connectors"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.profile", description=__doc__)
    parser.add_argument("--merchants", type=int, default=60)
    parser.add_argument("--postgres", action="store_true", help="default: SQLite")
    parser.add_argument("--lines", type=int, default=25)
    asked = parser.parse_args()
    with ExitStack() as stack:
        base = postgres_server(stack) if asked.postgres else None
        url = None if base is None else stack.enter_context(postgres.fresh_database(base))
        stage = stack.enter_context(ordered_market(asked.merchants, url))
        kept = stage.folder / "profile"
        environment = {**stage.environment, "ONBOARDER_STALL_JOBS": "50"}
        said = child("profiled", str(kept), environment=environment)
        calls = sum(stage.back_office.account().requests.values())
        _say(kept, TypeAdapter(Work).validate_json(said), calls, asked.lines)


def _say(kept: Path, work: Work, calls: int, lines: int) -> None:
    stats = pstats.Stats(str(kept))
    found = cast("Stats", vars(stats)["stats"])
    whole = sum(own for _, _, own, _, _ in found.values())
    print(
        f"{calls} remote calls, {1000 * work.cpu / calls:.2f} ms of CPU each under the profiler\n"
    )
    for area, seconds in _areas(found)[:lines]:
        print(f"{seconds / whole:6.1%}  {1000 * seconds / calls:7.3f} ms a call  {area}")
    print()
    stats.sort_stats("tottime").print_stats(lines)


def _areas(found: Stats) -> list[tuple[str, float]]:
    """Seconds by library or module of ours, most first; what is built in counts for its caller."""
    areas: defaultdict[str, float] = defaultdict(float)
    for place, (_, _, own, _, callers) in found.items():
        if place[0] != "~":
            areas[_area(place)] += own
        for caller, (_, _, inside, _) in callers.items() if place[0] == "~" else ():
            areas[_area(caller)] += inside
    return sorted(areas.items(), key=itemgetter(1), reverse=True)


def _area(place: Place) -> str:
    file = place[0]
    if LIBRARIES in file:
        return file.split(f"{LIBRARIES}/")[-1].split("/")[0]
    if file.startswith(OURS):
        return f"ours: {'/'.join(Path(file).parts[-2:])}"
    return "built in" if file == "~" else f"python: {Path(file).parent.name}/{Path(file).name}"


if __name__ == "__main__":
    main()
