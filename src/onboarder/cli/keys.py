"""`onboarder keys`: the ring of keys, and the merchants' keys that are kept under it."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from onboarder.application import Application
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import facts, table
from onboarder.converge.choice import merchants_named
from onboarder.converge.erasure import forget_merchant
from onboarder.people.key_ring import KeyRingFile
from onboarder.people.rotation import RingKey, Rotation
from onboarder.people.sealed_box import BoxKeys
from onboarder.problems import UsageProblem
from onboarder.records.credentials import FirstValues


async def init_keys(desk: Desk) -> int:
    """Make key ring and box keys where there are none; what is there is left alone. Safe to repeat."""
    ring = KeyRingFile(desk.settings.keys_dir)
    made = ring.create()
    ring.read()
    BoxKeys(desk.settings.keys_dir).create()
    desk.say("keys.made" if made else "keys.already", path=ring.path)
    document = {"path": str(ring.path), "made": made}
    desk.show(document, lambda: [facts(((desk.words("word.key_ring"), str(ring.path)),))])
    return Exit.DONE


async def keys_status(desk: Desk) -> int:
    async with _rotation(desk) as rotation:
        return await _show(desk, rotation)


async def rotate_keys(desk: Desk, *, prepare: bool) -> int:
    """Seal everything anew under a new key, or only put that key on the ring. Safe to repeat after any interruption."""
    async with _rotation(desk) as rotation:
        if prepare:
            desk.say("keys.prepared", name=rotation.prepare())
        else:
            desk.say("keys.rotated", count=await rotation.turn())
        return await _show(desk, rotation)


async def retire_key(desk: Desk, name: str) -> int:
    """Take a key off the ring that nothing is sealed under any more."""
    async with _rotation(desk) as rotation:
        await rotation.retire(name)
        desk.say("keys.retired", name=name)
        return await _show(desk, rotation)


async def forget_keys(desk: Desk, merchant: str, *, yes: bool) -> int:
    """Destroy a merchant's key: none of her secrets opens any more, in no backup of the records."""
    async with desk.application() as app:
        async with app.database.read() as tx:
            [owner] = await merchants_named(
                tx, app.programme, ids=[merchant], market=None, all_trained=False
            )
        if not yes:
            _confirm(desk, owner.id)
        done = await forget_merchant(
            app.database, app.merchant_keys, owner.id, by=desk.actor, clock=app.clock
        )
    desk.say("keys.forgotten" if done else "keys.nothing_to_forget", merchant=owner.id)
    if desk.as_json:
        desk.show({"merchant": owner.id, "forgotten": done}, list)
    return Exit.DONE


@asynccontextmanager
async def _rotation(desk: Desk) -> AsyncGenerator[Rotation]:
    async with desk.application() as app:
        yield _of(app)


def _of(app: Application) -> Rotation:
    return Rotation(app.key_ring, app.vault, app.merchant_keys, FirstValues(app.database))


async def _show(desk: Desk, rotation: Rotation) -> int:
    found, words = await rotation.keys(), desk.words
    header = [
        words("keys.key"),
        words("keys.role"),
        words("keys.merchants"),
        words("keys.values"),
        words("keys.can_go"),
    ]
    desk.show(
        {"keys": [_document(one) for one in found]},
        lambda: [table(header, [_line(desk, one) for one in found])],
    )
    return Exit.DONE


def _document(key: RingKey) -> dict[str, object]:
    return {
        "key": key.name,
        "active": key.active,
        "root": key.root,
        "merchants": key.merchants,
        "values": key.values,
        "can_go": key.idle,
    }


def _line(desk: Desk, key: RingKey) -> tuple[str, str, int, int, str]:
    roles = ((key.active, "keys.active"), (key.root, "keys.root"))
    role = ", ".join(desk.words(name) for has, name in roles if has)
    return key.name, role, key.merchants, key.values, "✓" if key.idle else ""


def _confirm(desk: Desk, merchant: str) -> None:
    """Have the person type the id; nobody can be asked where there is no terminal."""
    desk.say("keys.confirm", merchant=merchant)
    if not sys.stdin.isatty() or sys.stdin.readline().strip() != merchant:
        raise UsageProblem(
            f"not confirmed: the key of {merchant} was not destroyed",
            hint="type the merchant's id when asked, or give --yes",
            id_message=f"tidak dikonfirmasi: kunci {merchant} tidak dimusnahkan",
            id_hint="ketik kode pedagang saat diminta, atau beri --yes",
        )
