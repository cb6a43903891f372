"""Keys of stores: renewed before they die, once, and without shortening any doubt."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from onboarder.connector.contract import Access, CreateOutcome, Credentials, ListingDraft
from onboarder.converge.loop import converge
from onboarder.model.ids import Reference
from onboarder.people.key_ring import KeyRingFile
from onboarder.people.private_file import PrivateFile
from onboarder.people.vault import Vault
from onboarder.problems import ConfigProblem
from onboarder_rehearsal import RehearsalConnector
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.support.fuse import Killed
from tests.support.mischief import with_connector
from tests.support.town import Town

RENEWED = "POST /v1/sellers/{seller}/tokens 201"
KEY_LIVES = timedelta(hours=1)


async def test_a_key_about_to_die_is_renewed_before_it_is_refused(town: Town) -> None:
    [store] = await town.open_shops()
    town.clock.pass_by(KEY_LIVES - timedelta(seconds=1))
    await town.change(store, price=13_000)
    await town.pass_over(store)
    requests = (await town.account()).requests
    assert requests[RENEWED] == 2
    town.clock.pass_by(timedelta(minutes=1))
    await town.change(store, price=14_000)
    await town.pass_over(store)
    requests = (await town.account()).requests
    assert not any(call.endswith(" 401") for call in requests)


async def test_two_workers_renew_a_dead_key_once(town: Town) -> None:
    [store] = await town.open_shops()
    town.clock.pass_by(2 * KEY_LIVES)
    await town.change(store, price=13_000)
    workers = ("one", "other")
    await asyncio.gather(*(converge(town.around, store, owner=name) for name in workers))
    assert (await town.account()).requests[RENEWED] == 2  # the first came with the store


async def test_what_is_sent_after_a_slow_renewal_stays_in_doubt_as_long_as_any_other(
    town: Town,
) -> None:
    await town.dial(Dial(fault=Fault.TOKEN_DEATH, route="/v1/items*", method="POST", times=1))
    [store] = await town.order(await town.settle(products=1))
    connector = with_connector(town, SlowToRenew)
    connector.town = town
    with pytest.raises(Killed):
        await town.pass_over(store)
    [doubt] = (await town.work_of(store)).doubts
    assert connector.sent_at is not None
    may_be_sent = connector.sent_at + town.around.lease_span
    assert doubt.until - may_be_sent >= town.around.call_deadline + connector.manifest.settle


def test_nobody_is_told_to_make_a_new_key_ring_where_one_cannot_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_: object) -> object:
        raise PermissionError

    ring = KeyRingFile(tmp_path)
    ring.create()
    monkeypatch.setattr(PrivateFile, "version", forbidden)

    with pytest.raises(ConfigProblem) as told:
        ring.read()

    assert "init" not in told.value.hint + told.value.id_hint


async def test_without_the_key_ring_stores_wait_for_it_and_then_go_on_by_themselves(
    town: Town, tmp_path: Path
) -> None:
    ring = KeyRingFile(tmp_path)
    ring.create()
    town.around = replace(town.around, vault=Vault(ring.read, town.keys))
    [store] = await town.open_shops()
    away = ring.path.rename(tmp_path / "away.json")
    await town.change(store, price=13_000)

    await town.pass_over(store)

    [task] = await town.tasks()
    assert (task.code, task.who) == ("configuration.unusable", "operator")
    assert "gelang kunci" in task.id_text
    assert "key ring" in task.en_text

    away.rename(ring.path)
    await town.run_until_quiet(most=timedelta(minutes=15))
    assert await town.tasks() == []
    assert (await town.listing(store)).applied is not None
    assert (await town.work_of(store)).store.failure is None


class SlowToRenew(RehearsalConnector):
    """Its key dies before the first listing, takes long to renew, and the worker dies once the listing is sent."""

    town: Town
    sent_at: datetime | None = None

    async def renew(self, access: Access) -> Credentials:
        self.town.clock.pass_by(timedelta(seconds=25))
        return await super().renew(access)

    async def create_listings(
        self, access: Access, drafts: Sequence[ListingDraft]
    ) -> Mapping[Reference, CreateOutcome]:
        await super().create_listings(access, drafts)
        self.sent_at = self.town.clock()
        raise Killed
