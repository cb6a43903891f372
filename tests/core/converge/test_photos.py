"""Photos that are lost or refused hold back their own products only."""

from dataclasses import replace

import pytest

from onboarder.converge.doorbell import SilentDoorbell
from onboarder.converge.orders import redrive
from tests.support.town import Town, a_product


async def test_a_refused_photo_holds_back_only_the_products_that_need_it(town: Town) -> None:
    [owner] = await town.settle(products=3)
    town.around = replace(town.around, photos=OneBadPhoto(a_product(owner, 1).photos[0]))
    await town.order([owner])
    await town.run_until_quiet()
    [task] = await town.tasks()
    assert task.code == "rehearsal.image_unreadable"
    assert "Kerupuk contoh 1" in task.id_text
    assert (await town.account()).states() == ["live"] * 2


@pytest.mark.parametrize("why", [KeyError, PermissionError])
async def test_a_lost_photo_file_holds_back_only_its_products_until_it_is_back(
    town: Town, why: type[Exception]
) -> None:
    [owner] = await town.settle(products=3)
    whole = town.around
    town.around = replace(whole, photos=OneLostPhoto(a_product(owner, 1).photos[0], why))
    await town.order([owner])
    await town.run_until_quiet()
    [task] = await town.tasks()
    assert task.code == "parked.photo_missing"
    assert "Impor lagi fotonya" in task.id_text
    assert (await town.account()).states() == ["live"] * 2

    town.around = whole
    await redrive(town.database, SilentDoorbell(), None, by="ani", clock=town.clock)
    await town.run_until_quiet()
    assert await town.tasks() == []
    assert (await town.account()).states() == ["live"] * 3


class OneLostPhoto:
    """The file of one photo is gone, or cannot be read."""

    def __init__(self, lost: str, why: type[Exception]) -> None:
        self._lost, self._why = lost, why

    def read(self, photo: str) -> bytes:
        if photo == self._lost:
            raise self._why(photo)
        return b"\xff\xd8\xff\xe0" + photo.encode()


class OneBadPhoto:
    """All photos can be read by the marketplace but one."""

    def __init__(self, bad: str) -> None:
        self._bad = bad

    def read(self, photo: str) -> bytes:
        return b"no picture" if photo == self._bad else b"\xff\xd8\xff\xe0" + photo.encode()
