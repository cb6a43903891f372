"""Uploads: real JPEG and PNG files in the documented field, signed as the rules say."""

import pytest

from tests.marketplace.shopee.inside import a_jpeg, at, inside


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (a_jpeg(), "file", "image not found"),
        (b"GIF89a and more", "image", "image is invalid or not supported"),
        (b"\xff\xd8\xff\xe0 not really", "image", "image is invalid or not supported"),
        (a_jpeg(16), "image", "image is invalid or not supported"),
        (a_jpeg(kind="WEBP"), "image", "image is invalid or not supported"),
        (b"\xff\xd8\xff" + bytes(10 * 1024 * 1024), "image", "image size exceeds 10 MB"),
    ],
)
async def test_a_photo_that_is_none_is_refused(content: bytes, name: str, message: str) -> None:
    async with inside() as here:
        answer = await here.app.upload(content, name=name)

        assert (answer["error"], answer["message"]) == ("error_param", message)


async def test_a_photo_gets_one_id_however_often_and_png_is_one_too() -> None:
    async with inside() as here:
        ids = [await here.image(), await here.image()]
        png = await here.app.upload(a_jpeg(kind="PNG"))
        url = at(png, "response", "image_info", "image_url_list", 0, "image_url")

        assert ids[0] == ids[1]
        assert str(url).startswith("https://cf.shopee.co.id/file/")


async def test_an_upload_may_tell_of_its_failure_inside_the_list_only() -> None:
    async with inside(image_errors_inside=True) as here:
        answer = await here.app.upload(b"bukan foto")

        assert answer["error"] == ""
        assert at(answer, "response", "image_info_list", 0, "error") == "error_param"


async def test_who_signs_an_upload_is_a_rule() -> None:
    async with inside() as here:
        path, files = "media_space/upload_image", {"image": ("a.jpg", a_jpeg())}
        for rule, good in (
            ("public", [True, False]),
            ("shop", [False, True]),
            ("any", [True, True]),
        ):
            await here.rules(upload_signature=rule)
            answers = [
                (
                    await here.raw.post(f"/api/v2/{path}", params=who.signed(path), files=files)
                ).json()
                for who in (here.app, here.shop)
            ]
            assert [answer["error"] == "" for answer in answers] == good
