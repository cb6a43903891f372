"""Run every test, in shares beside each other; then, with the machine to themselves, what looks at the time itself.

`python -m tools.suite [PYTEST OPTIONS]`. What each share says is printed when it ends; the code is the worst of theirs.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

TOGETHER = {
    "members and API": (
        *("workers/tests", "tests/conformance", "connectors/rehearsal", "connectors/shopee"),
        "tests/core/api",
    ),
}
"""About half of what is small, beside the other half. Folders below those that pytest looks through by itself."""
AFTERWARDS = {
    "marketplaces": ("tests/end_to_end", "tests/marketplace", "connectors/mercur"),
    "laboratory": ("tests/faults",),
    "browsers": ("tests/browser",),
}
"""One after the other: a worker that gets no processor is late without anything being wrong with it.

What needs the real Mercur stays in one share, so that it is started once.
"""


@dataclass(frozen=True)
class Share:
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    share: Share
    code: int
    seconds: float
    said: str


def waves() -> list[list[Share]]:
    """All tests, each in one share; the shares of a wave run at once. The first wave takes what is in no other share."""
    elsewhere = [f"--ignore={one}" for some in (TOGETHER | AFTERWARDS).values() for one in some]
    first = [Share(name, folders) for name, folders in TOGETHER.items()]
    others = Share("all others", tuple(elsewhere))
    return [[*first, others], *([Share(*one)] for one in AFTERWARDS.items())]


async def run(share: Share, options: Sequence[str]) -> Result:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", *share.arguments, *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return Result(
        share, process.returncode or 0, time.monotonic() - began, said.decode(errors="replace")
    )


async def main(options: Sequence[str]) -> int:
    """Run all shares; 0 if every test passed."""
    worst = 0
    for wave in waves():
        for ended in asyncio.as_completed([run(share, options) for share in wave]):
            result = await ended
            print(f"──── {result.share.name}: {result.seconds:.0f} s, exit code {result.code}")
            print(result.said, flush=True)
            worst = max(worst, result.code)
    return worst


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
