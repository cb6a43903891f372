"""`onboarder-worker`: the worker without the rest of the command line."""

import gc
import sys


def main() -> None:
    """Work on both lanes, or on those named as arguments, until SIGTERM or SIGINT."""
    gc.disable()  # until the loop runs: imports leave no garbage, and looking for it takes a tenth of the start
    from onboarder.model.work import Lane
    from onboarder.problems import Problem
    from onboarder.settings import Settings
    from onboarder_workers.queue import ArqQueue

    try:
        lanes = tuple(Lane(one) for one in sys.argv[1:]) or tuple(Lane)
    except ValueError as error:
        sys.exit(f"{error}; lanes: {', '.join(Lane)}")
    try:
        sys.exit(ArqQueue().run_worker(Settings(), lanes))
    except Problem as problem:
        sys.stderr.write(f"{problem.message}\n{problem.hint}\n")
        sys.exit(problem.exit_code)


if __name__ == "__main__":
    main()
