"""A database that another holds, whose disk is full, or that is yesterday's again, under real workers.

`python -m tests.faults.database_trouble [--short]`. The disk is a small file system of its own where this process may mount
one, else the workers' files are limited in size. What was sent without being on record first is lost.
"""

import argparse
import asyncio
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.crowd import a_crowd, calls
from tests.faults.findings import Finding, tell
from tests.support.crew import Crew, eventually, is_so

PER_SECOND, WORKERS = 40.0, 2
PRODUCTS = 3
DISK_MEGABYTES = 16
LEASE_SECONDS = 30
"""As in production it outlasts a write that waits: with 3 s passes would be cut off meanwhile, which uses up attempts."""
FULL_SECONDS = 4.0
"""How long the disk stays full each time."""
MOST_RESUMED = 10.0
"""Seconds after which calls must come again."""


@dataclass(frozen=True)
class Size:
    """`merchants` of each round of work."""

    merchants: int
    held: float
    """Seconds for which another holds the write lock."""
    full_at: Sequence[float]
    restored_at: Sequence[float]
    """Shares of the work done at the time."""


WHOLE = Size(80, 30, (0.1, 0.5, 0.9), (0.3, 0.6, 0.9))
SHORT = Size(30, 6, (0.3,), (0.6,))


async def findings(folder: Path, size: Size) -> list[Finding]:
    """All three, one after the other, by the same crew."""
    with _a_small_disk(folder / "small") as disk:
        async with a_crowd(
            folder,
            per_second=PER_SECOND,
            workers=WORKERS,
            records=disk.folder / "onboarder.db",
            lease_seconds=LEASE_SECONDS,
        ) as crew:
            bench = _Bench(crew, size.merchants)
            return [
                await held(bench, size.held),
                await full(bench, disk, size.full_at),
                await restored(bench, folder, size.restored_at),
            ]


async def held(bench: "_Bench", seconds: float) -> Finding:
    """Another process' write lock in the middle of the work."""
    crew, began = bench.crew, time.monotonic()
    await bench.order()
    await bench.until(0.2)
    with closing(sqlite3.connect(_file(crew), isolation_level=None, timeout=30)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(seconds)
        before, used_up = len(calls(crew.marketplace)), _used_up(crew)
        holder.execute("ROLLBACK")
    released = time.monotonic()
    await eventually(lambda: is_so(len(calls(crew.marketplace)) > before))
    resumed = time.monotonic() - released
    await crew.done()
    used_up = max(used_up, _used_up(crew))
    note = f"calls again {resumed:.1f} s after it was let go, attempts used up: {used_up}"
    well = used_up == 0 and resumed <= MOST_RESUMED
    return bench.finding(f"write lock held {seconds:.0f} s", began, note, runs=1, well=well)


async def full(bench: "_Bench", disk: "_Disk", shares: Sequence[float]) -> Finding:
    """No room on the disk for a while, at several points of the work."""
    crew, began, unrecorded = bench.crew, time.monotonic(), 0
    lost_before = len(crew.events("pass.lost"))
    await bench.order()
    for share in shares:
        await bench.until(share)
        _empty_log(crew)
        disk.fill(crew)
        await asyncio.sleep(FULL_SECONDS)
        unrecorded += len(_held(crew) - _intended(crew))
        disk.free(crew)
    await crew.done()
    stopped = len(crew.events("pass.lost")) - lost_before
    note = f"{disk.how}, {stopped} passes stopped by it, {unrecorded} writes not on record first"
    well = unrecorded == 0 and stopped > 0
    return bench.finding("full disk", began, note, runs=len(shares), well=well)


async def restored(bench: "_Bench", folder: Path, shares: Sequence[float]) -> Finding:
    """The records of an earlier moment are put back after all work was done; what was ordered since is ordered again."""
    crew, began = bench.crew, time.monotonic()
    for share in shares:
        await bench.order()
        await bench.until(share)
        copy = folder / f"copy{share:.0%}.db"
        _copy(_file(crew), copy)
        since = await bench.order()
        await crew.done()
        await _put_back(crew, copy)
        await crew.order(bench.merchants, PRODUCTS, first=since)
        await crew.done()
    note = f"copies made at {', '.join(f'{one:.0%}' for one in shares)} of the work"
    return bench.finding("older backup restored", began, note, runs=len(shares))


@dataclass
class _Bench:
    """A crew and how much was ordered of it so far."""

    crew: Crew
    merchants: int
    ordered: int = 0

    async def order(self) -> int:
        """Order the next merchants; returns the first one's number."""
        first = self.ordered
        self.ordered += self.merchants
        await self.crew.order(self.merchants, PRODUCTS, first=first)
        return first

    async def until(self, share: float) -> None:
        """Wait until that share of the last order is done."""
        before = (self.ordered - self.merchants) * PRODUCTS
        await self.crew.busy(before + int(share * self.merchants * PRODUCTS))

    def finding(
        self, scenario: str, began: float, note: str, *, runs: int, well: bool = True
    ) -> Finding:
        doubles = len(self.crew.doubles())
        lost = self.ordered * PRODUCTS - self.crew.held()
        return Finding(
            scenario=f"database: {scenario}",
            runs=runs,
            seeds="-",
            duplicates=doubles,
            lost=lost,
            stuck=0,
            seconds=round(time.monotonic() - began, 1),
            kept=well and doubles == lost == 0,
            note=note,
        )


def _file(crew: Crew) -> Path:
    return Path(crew.database.url.partition(":///")[2])


def _read(crew: Crew, query: str) -> list[tuple[object, ...]]:
    """Past the product."""
    with closing(sqlite3.connect(f"file:{_file(crew)}?mode=ro", uri=True, timeout=5)) as records:
        return records.execute(query).fetchall()


def _empty_log(crew: Crew) -> None:
    """What the database keeps of its log for the next writes would be room enough for them on a full disk."""
    with closing(sqlite3.connect(_file(crew), isolation_level=None, timeout=5)) as records:
        records.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _used_up(crew: Crew) -> int:
    """Attempts used up by stores, and passes begun in vain beyond the first."""
    [(attempts, starts)] = _read(crew, "SELECT max(attempts), max(starts) FROM store")
    return int(str(attempts)) + max(0, int(str(starts)) - 1)


def _held(crew: Crew) -> set[str]:
    """References of all stores and listings that the marketplace holds."""
    account = crew.marketplace.get("/_control/account").raise_for_status().json()
    return {*account["stores"], *account["listings"]}


def _intended(crew: Crew) -> set[str]:
    return {str(one) for (one,) in _read(crew, "SELECT reference FROM intent")}


def _copy(records: Path, to: Path) -> None:
    with closing(sqlite3.connect(records)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)


async def _put_back(crew: Crew, copy: Path) -> None:
    """Workers stopped, the file replaced, workers started."""
    crew.dismiss()
    await crew.database.aclose()
    records = _file(crew)
    for kind in ("-wal", "-shm"):
        records.with_name(records.name + kind).unlink(missing_ok=True)
    shutil.copy(copy, records)
    for _ in range(WORKERS):
        crew.start_worker()


@dataclass(frozen=True)
class _Disk:
    folder: Path
    how: str
    fill: Callable[[Crew], None]
    free: Callable[[Crew], None]


@contextmanager
def _a_small_disk(folder: Path) -> Generator[_Disk]:
    folder.mkdir()
    size = f"size={DISK_MEGABYTES}m"
    command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        limited = "files limited in size (no right to mount)"
        yield _Disk(
            folder, limited, _limit_files, lambda crew: _limit(crew, resource.RLIM_INFINITY)
        )
        return
    filler = folder / "filler"
    try:
        yield _Disk(
            folder, "a file system of its own", lambda _: _fill(filler), lambda _: filler.unlink()
        )
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            return


def _limit_files(crew: Crew) -> None:
    """No file of the workers may become larger than the database's log is now."""
    log = _file(crew).with_name(_file(crew).name + "-wal")
    _limit(crew, log.stat().st_size)


def _limit(crew: Crew, size: int) -> None:
    for worker in crew.workers:
        _, most = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (size, most))


def main() -> int:
    """Print what was found; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    size = SHORT if parser.parse_args().short else WHOLE
    with tempfile.TemporaryDirectory(prefix="onboarder-faults-") as folder:
        return tell(asyncio.run(findings(Path(folder), size)))


if __name__ == "__main__":
    sys.exit(main())
