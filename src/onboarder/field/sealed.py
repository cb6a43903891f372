"""What phones seal: opened here, checked, and put into the vault at once. Nothing of it is ever shown or logged."""

import base64
import re

from pydantic import SecretStr

from onboarder.field.kit import BoxOpener, Kit, theirs
from onboarder.field.refused import Fault, NotDone, wrong
from onboarder.people.places import Place
from onboarder.people.roles import Person
from onboarder.people.sealed_box import Box, BoxSpoilt, KeyUnknown
from onboarder.records import consents, writes

LARGEST_PICTURE = 64 * 1024
"""Bytes of a signature."""
_PNG = b"\x89PNG\r\n\x1a\n"
_NIK = re.compile(rb"[1-9]\d{15}")
NIK = "nik"


async def keep_identity(kit: Kit, who: Person, key: str, box: Box) -> None:
    """Put the identity number in the box, which was sealed for `key`, into the vault. Safe to repeat."""
    async with kit.database.read() as tx:
        owner = (await theirs(tx, who, key)).merchant.id
    number = opened(kit.boxes, box, bound=key, field="box")
    if not _NIK.fullmatch(number):
        raise wrong(Fault("box", "nik_unclear"))
    sealed = await kit.around.vault.seal(
        Place(owner, "identity", "sealed", NIK), SecretStr(number.decode())
    )
    async with kit.database.write() as tx:
        await theirs(tx, who, key, to_edit=True)
        now = kit.clock()
        await consents.keep_identity(tx, owner, NIK, sealed, by=who.id, now=now)
        await writes.note(tx, at=now, actor=who.id, action="identity.kept", subject=owner)


def picture(boxes: BoxOpener, box: Box, *, bound: str) -> SecretStr:
    """The PNG in the box, in base64."""
    drawn = opened(boxes, box, bound=bound, field="signature")
    if not drawn.startswith(_PNG) or len(drawn) > LARGEST_PICTURE:
        raise wrong(Fault("signature", "signature_unclear"))
    return SecretStr(base64.b64encode(drawn).decode())


def opened(boxes: BoxOpener, box: Box, *, bound: str, field: str) -> bytes:
    """What is in the box; `box_key_unknown`, `box_spoilt`."""
    try:
        return boxes.open(box, bound=bound)
    except KeyUnknown:
        raise NotDone("box_key_unknown", Fault(field, "box_key_unknown")) from None
    except BoxSpoilt:
        raise NotDone("box_spoilt", Fault(field, "box_spoilt")) from None
