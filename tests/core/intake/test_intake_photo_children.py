"""Pictures cleaned in children: the same pictures, whatever one of them does to its child."""

import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.photo_children import PhotoChildren
from onboarder.intake.photo_store import clean_photo
from onboarder.intake.rules import IntakeRules, PhotoLimits
from tests.core.intake.hostile_pictures import DEADLY, ENDLESS, GREEDY, clean
from tests.support.crew import CONFIG


@pytest.fixture
def children() -> Generator[PhotoChildren]:
    with PhotoChildren(clean, seconds=1) as made:
        yield made


@pytest.fixture
def limits() -> PhotoLimits:
    return IntakeRules.load(CONFIG).limits.photos


def test_children_make_of_a_picture_what_we_would_make_of_it(limits: PhotoLimits) -> None:
    picture = BytesIO()
    Image.new("RGB", (1600, 1200), "teal").save(picture, "JPEG")
    with PhotoChildren() as made:
        cleaned = made(picture.getvalue(), limits)
        with pytest.raises(Asked) as asked:
            made(b"no picture", limits)

    assert cleaned == clean_photo(picture.getvalue(), limits)
    assert asked.value.code is AskedCode.PHOTO_UNREADABLE


def test_nothing_is_cleaned_in_this_process(children: PhotoChildren, limits: PhotoLimits) -> None:
    assert children(b"", limits) != str(os.getpid()).encode()


@pytest.mark.parametrize("picture", [GREEDY, DEADLY, ENDLESS])
def test_a_picture_that_is_too_much_for_its_child_is_refused_and_the_next_is_taken(
    children: PhotoChildren, limits: PhotoLimits, picture: bytes
) -> None:
    with pytest.raises(Asked) as asked:
        children(picture, limits)

    assert asked.value.code is AskedCode.PHOTO_UNREADABLE
    assert children(b"good", limits).startswith(b"good")


def test_neighbours_of_a_picture_that_kills_are_cleaned_all_the_same(
    children: PhotoChildren, limits: PhotoLimits
) -> None:
    children(b"warm", limits)
    with ThreadPoolExecutor(8) as threads:
        pictures = [b"good %d" % number for number in range(4)]
        doomed = threads.submit(children, DEADLY, limits)
        cleaned = [threads.submit(children, one, limits) for one in pictures]

        assert isinstance(doomed.exception(), Asked)
        assert [one.result()[: len(name)] for one, name in zip(cleaned, pictures, strict=True)] == (
            pictures
        )
