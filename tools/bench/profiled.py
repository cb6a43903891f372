"""`tools.bench.engine` under the profiler: `python -m tools.bench.profiled FILE`. Prints the same JSON."""

import cProfile
import json
import sys
import time
from dataclasses import asdict

from onboarder.event_loop import run
from onboarder.logging import configure_logging
from onboarder.settings import Settings
from tools.bench.engine import measure

if __name__ == "__main__":
    configure_logging(json=True)
    profile = cProfile.Profile(time.thread_time)
    work = profile.runcall(run, measure(Settings()))
    profile.dump_stats(sys.argv[1])
    json.dump(asdict(work), sys.stdout)
