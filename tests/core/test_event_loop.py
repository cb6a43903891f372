import subprocess
import sys

COLLECTED = """
import gc

from onboarder.event_loop import run


async def is_collected() -> bool:
    return gc.isenabled()


gc.disable()
print(run(is_collected()))
"""


def test_a_process_that_began_without_the_collector_works_with_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECTED], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
