"""Run every test, in shares beside each other: the laboratory mostly waits, the marketplaces mostly keep others busy.

`python -m tools.suite [PYTEST OPTIONS]`. What each share says is printed when it ends; the code is the worst of theirs.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

APART = {
    "laboratory": ("tests/faults",),
    "marketplaces": ("tests/end_to_end", "tests/marketplace", "connectors/mercur"),
    "members": ("workers", "tests/conformance", "connectors/rehearsal", "connectors/shopee"),
}
"""Folders with a share of their own. What needs the real Mercur stays in one, so that it is started once."""


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


def shares() -> list[Share]:
    """All tests, each in one share: the last takes what is in no other."""
    elsewhere = [f"--ignore={folder}" for folders in APART.values() for folder in folders]
    return [
        *(Share(name, folders) for name, folders in APART.items()),
        Share("all others", tuple(elsewhere)),
    ]


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
    for ended in asyncio.as_completed([run(share, options) for share in shares()]):
        result = await ended
        print(f"──── {result.share.name}: {result.seconds:.0f} s, exit code {result.code}")
        print(result.said, flush=True)
        worst = max(worst, result.code)
    return worst


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
