"""Merchants' keys: turned while work goes on, whatever dies; destroyed for good, in every backup of the records."""

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import insert

from onboarder.converge.erasure import forget_merchant
from onboarder.converge.renewal import keep
from onboarder.model.ids import MerchantId, StoreId
from onboarder.model.recorded import SealedCredentials
from onboarder.people import sealing
from onboarder.people.key_ring import KeyRingFile
from onboarder.people.places import Place
from onboarder.people.rotation import Rotation
from onboarder.people.vault import KeyGone, Vault
from onboarder.problems import ConfigProblem, RefusedProblem
from onboarder.records import credentials
from onboarder.records.credentials import FirstValues
from onboarder.records.database import Database
from onboarder.records.merchant_keys import MerchantKeys, _key  # pyright: ignore[reportPrivateUsage]  # a city at once
from onboarder.records.tables import credential
from tests.support.fuse import Fuse, FusedDatabase, Killed
from tests.support.tokens import pair, secret
from tests.support.town import MORNING, Town, a_town

MERCHANTS = 9_000
VALUES_EACH = 4
LONGEST_ROTATION = 5.0
"""Seconds, for all merchants of a city."""


@dataclass
class Safe:
    """A ring, a key store and the records, all in files of their own where the database is embedded."""

    ring: KeyRingFile
    keys: MerchantKeys
    database: Database
    fuse: Fuse

    @property
    def vault(self) -> Vault:
        return Vault(self.ring.read, self.keys)

    @property
    def rotation(self) -> Rotation:
        return Rotation(self.ring, self.vault, self.keys, FirstValues(self.database))

    async def fill(self, number: int) -> list[tuple[Place, str]]:
        found = [place(n) for n in range(number)]
        return [(one, await self.vault.seal(one, SecretStr(f"rahasia-{one.row}"))) for one in found]

    async def opens(self, values: Sequence[tuple[Place, str]]) -> bool:
        said = [await self.vault.open(where, sealed) for where, sealed in values]
        return said == [SecretStr(f"rahasia-{where.row}") for where, _ in values]


@pytest.fixture
async def safe(database: Database, tmp_path: Path) -> AsyncGenerator[Safe]:
    ring, fuse = KeyRingFile(tmp_path / "keys"), Fuse()
    ring.create()
    url = f"sqlite+aiosqlite:///{tmp_path}/keys/merchants.db" if database.embedded else database.url
    apart = Database(url)
    yield Safe(ring, MerchantKeys(_Fused(apart, fuse), lambda: MORNING), database, fuse)
    await apart.aclose()


async def test_a_turned_ring_opens_everything_and_needs_the_old_key_no_more(safe: Safe) -> None:
    values = await safe.fill(7)

    assert await safe.rotation.turn() == 7

    assert [(one.name, one.merchants) for one in await safe.rotation.keys()] == [
        ("k1", 0),
        ("k2", 7),
    ]
    assert await safe.opens(values)
    first = safe.ring.read().key("k1")
    safe.ring.write(replace(safe.ring.read(), root="k2"))
    await safe.rotation.retire("k1")
    assert first not in [safe.ring.read().key(name) for name in safe.ring.read().keys]
    assert await safe.opens(values)


async def test_a_key_that_something_needs_stays_on_the_ring(safe: Safe) -> None:
    await safe.fill(1)
    safe.rotation.prepare()
    safe.ring.write(replace(safe.ring.read(), active="k2", root="k2"))

    with pytest.raises(RefusedProblem, match="1 secrets"):
        await safe.rotation.retire("k1")
    with pytest.raises(RefusedProblem, match="stays"):
        await safe.rotation.retire("k2")
    with pytest.raises(ConfigProblem, match="no key 'k9'"):
        await safe.rotation.retire("k9")


async def test_a_prepared_key_is_used_by_nobody_until_the_ring_is_turned(safe: Safe) -> None:
    values = await safe.fill(2)

    assert (safe.rotation.prepare(), safe.rotation.prepare()) == ("k2", "k2")
    values += await safe.fill(3)
    assert safe.ring.read().active == "k1"
    await safe.rotation.turn()

    assert [(one.name, one.merchants) for one in await safe.rotation.keys()] == [
        ("k1", 0),
        ("k2", 3),
    ]
    assert await safe.opens(values)


async def test_wherever_a_rotation_dies_everything_opens_and_doing_it_again_finishes_it(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onboarder.people.rotation.STEP", 2)
    values = await safe.fill(5)
    deaths = 0
    for step in range(1, 100):
        safe.fuse.light(step)
        try:
            await safe.rotation.turn()
        except Killed:
            deaths += 1
            safe.fuse.put_out()
            assert await safe.opens(values), step
            await safe.rotation.turn()
        else:
            break
        finally:
            safe.fuse.put_out()
        used = [one.name for one in await safe.rotation.keys() if one.merchants]
        assert used == [safe.ring.read().active], step
        assert await safe.opens(values), step
    assert deaths > 10


async def test_a_key_destroyed_while_the_ring_turns_stays_destroyed(safe: Safe) -> None:
    [(where, sealed)] = await safe.fill(1)
    [key] = await safe.keys.not_under("k2", most=10)
    await safe.keys.forget(where.owner)
    await safe.keys.replace([(key, safe.vault.rewrapped(key))])

    with pytest.raises(KeyGone):
        await safe.vault.open(where, sealed)


async def test_processes_that_seal_a_merchants_first_values_at_once_agree_on_one_key(
    safe: Safe,
) -> None:
    values = await asyncio.gather(*(safe.fill(1) for _ in range(8)))

    assert len({sealed.split(".")[1] for [(_, sealed)] in values}) == 1


async def test_what_the_first_release_sealed_is_sealed_anew_when_the_ring_turns(
    safe: Safe,
) -> None:
    async with a_town(safe.database) as town:
        [where] = await town.order(await town.settle(products=0))
        owner = (await town.work_of(where)).store.merchant_id
    old = sealing.seal(safe.ring.read().key("k1"), b"rahasia", bound=f"credential|sealed|{where}")
    async with safe.database.write() as tx:
        await tx.execute(insert(credential).values(store_id=where, sealed=f"v1.k1.{old}"))
    assert [one.values for one in await safe.rotation.keys()] == [1]

    assert await safe.rotation.turn() == 1

    assert [(one.name, one.merchants, one.values) for one in await safe.rotation.keys()] == [
        ("k1", 0, 0),
        ("k2", 1, 0),
    ]
    async with safe.database.read() as tx:
        found = await credentials.find(tx, where)
    assert found is not None
    opened = await safe.vault.open(credentials.place(owner, where), found.sealed)
    assert opened == SecretStr("rahasia")


async def test_forgetting_a_merchant_closes_older_backups_of_the_records_for_that_merchant_alone(
    safe: Safe, tmp_path: Path
) -> None:
    async with a_town(safe.database) as town:
        hers, other = await town.order(await town.settle(2, products=0))
        owner = (await town.work_of(hers)).store.merchant_id
        await _give(safe, town, hers)
        await _give(safe, town, other)
        backup = {one: await _held(town, one) for one in (hers, other)}

        assert await forget_merchant(safe.database, safe.keys, owner, by="test", clock=town.clock)

        now = await _held(town, hers)
        assert (now is not None, now and now.lost_at) == (True, town.clock())
        for held, opens in ((backup[hers], False), (now, False), (backup[other], True)):
            assert held is not None
            assert await _opens(safe, hers if not opens else other, held.sealed) is opens
    assert not await safe.keys.forget(owner)
    if safe.database.embedded:
        assert _bytes_of(tmp_path / "keys").count(owner.encode()) == 0


@pytest.mark.parametrize("turned", [False, True], ids=["as sealed", "after a rotation"])
async def test_no_planted_secret_is_in_any_file(
    safe: Safe, tmp_path: Path, *, turned: bool
) -> None:
    if not safe.database.embedded:
        pytest.skip("files of a server are not ours to read")
    async with a_town(safe.database) as town:
        for where in await town.order(await town.settle(3, products=0)):
            await _give(safe, town, where)
    if turned:
        await safe.rotation.turn()

    found = _bytes_of(tmp_path)

    assert b"credential" in found  # the files were read, with their logs
    for planted in (b"token-rahasia-0", secret(0).get_secret_value().encode()):
        assert planted not in found


async def test_a_city_is_turned_within_seconds_while_its_values_are_read(safe: Safe) -> None:
    await _a_city(safe)
    some = [place(n) for n in random.Random(7).sample(range(MERCHANTS), 20)]
    values = [(one, await safe.vault.seal(one, SecretStr(f"rahasia-{one.row}"))) for one in some]
    began, reads, slowest = time.perf_counter(), 0, 0.0
    turning = asyncio.create_task(safe.rotation.turn())
    while not turning.done():
        before = time.perf_counter()
        assert await safe.opens(values[reads % 20 : reads % 20 + 1])
        reads, slowest = reads + 1, max(slowest, time.perf_counter() - before)
    took = time.perf_counter() - began

    assert await turning == MERCHANTS
    assert reads > 20
    assert took < LONGEST_ROTATION * _patience(), f"{took:.1f} s, {reads} reads"
    assert slowest < 1.0 * _patience()
    assert await safe.opens(values)


@pytest.mark.processes
async def test_a_rotation_killed_again_and_again_loses_nothing(tmp_path: Path) -> None:
    ring = KeyRingFile(tmp_path)
    ring.create()
    url = f"sqlite+aiosqlite:///{tmp_path}/merchants.db"
    keys = MerchantKeys(Database(url), lambda: MORNING)
    safe = Safe(ring, keys, Database(f"sqlite+aiosqlite:///{tmp_path}/none.db"), Fuse())
    values = await safe.fill(60)
    seed, killed = random.Random(11), 0
    for _ in range(3):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _TURN, str(tmp_path)), stdout=asyncio.subprocess.PIPE
        )
        assert child.stdout is not None
        await child.stdout.readline()  # it begins
        await asyncio.sleep(seed.uniform(0.0, 0.2))
        if child.returncode is None:
            child.kill()
            killed += 1
        await child.communicate()
        assert await safe.opens(values)
    assert killed > 0
    assert set(await keys.count()) <= set(ring.read().keys)
    while len(await keys.count()) > 1 or await keys.not_under(ring.read().active, most=1):
        for old in await keys.not_under(ring.read().active, most=500):
            await keys.replace([(old, safe.vault.rewrapped(old))])
    assert await safe.opens(values)
    await keys.aclose()


_TURN = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from onboarder.people import rotation
from onboarder.people.key_ring import KeyRingFile
from onboarder.people.vault import Vault
from onboarder.records.database import Database
from onboarder.records.merchant_keys import MerchantKeys

class Nothing:
    async def some(self, *, most): return []
    async def count(self): return {}

async def turn(folder):
    rotation.STEP = 2
    ring = KeyRingFile(folder)
    keys = MerchantKeys(Database(f"sqlite+aiosqlite:///{folder}/merchants.db"), lambda: datetime.now(UTC))
    await keys.count()
    print("begun", flush=True)
    for _ in range(3):
        await rotation.Rotation(ring, Vault(ring.read, keys), keys, Nothing()).turn()
    await keys.aclose()

asyncio.run(turn(Path(sys.argv[1])))
"""


def place(number: int) -> Place:
    owner = MerchantId(f"knm-{number:05}")
    return Place(owner, "credential", "sealed", f"{owner}@m")


async def _a_city(safe: Safe) -> None:
    """Keys of all its merchants. Their values are not touched by a rotation, however many there are."""
    fresh = [safe.vault._fresh(place(n).owner) for n in range(MERCHANTS)]  # pyright: ignore[reportPrivateUsage]  # a city at once
    rows = [
        {
            "merchant_id": one.owner,
            "id": one.id,
            "ring_key": one.ring_key,
            "sealed": one.sealed,
            "created_at": MORNING,
        }
        for one in fresh
    ]
    await safe.keys.count()
    async with safe.keys._database.write() as tx:  # pyright: ignore[reportPrivateUsage]  # a city at once
        await tx.execute(insert(_key), rows)


async def _give(safe: Safe, town: Town, where: StoreId) -> None:
    owner = (await town.work_of(where)).store.merchant_id
    async with safe.database.write() as tx:
        await keep(tx, safe.vault, owner, where, pair(0, MORNING), now=MORNING)


async def _held(town: Town, where: StoreId) -> SealedCredentials | None:
    return (await town.work_of(where)).credentials


async def _opens(safe: Safe, where: StoreId, sealed: str) -> bool:
    owner = MerchantId(where.partition("@")[0])
    try:
        return await safe.vault.open(credentials.place(owner, where), sealed) == secret(0)
    except KeyGone:
        return False


def _bytes_of(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file())


def _patience() -> float:
    """A loaded machine takes longer: by how much, its load says."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class _Fused(FusedDatabase):
    async def wipe(self) -> None:
        await self._inner.wipe()

    async def aclose(self) -> None:
        await self._inner.aclose()
