"""Photos: found by name, cleaned, kept once; bombs and ways out of the folder lead nowhere."""

import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.importing import KnownRegister
from onboarder.intake.photo_index import PhotoIndex
from onboarder.intake.photo_store import PhotoStore, clean_photo
from onboarder.intake.photos import keep_photos, photo_files, sources_beside
from onboarder.intake.reading import Reading
from onboarder.intake.refused import IntakeRefused
from onboarder.intake.rules import PhotoLimits
from onboarder.model.ids import PhotoHash
from tests.core.intake.registers import GOODS, RULES, goods, people, person, planned, reading, thing

LIMITS = RULES.limits.photos
ORIENTATION, MAKER, PLACE = 0x0112, 0x010F, 0x8825


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(tmp_path / "store", LIMITS)


def picture(
    colour: str = "red", size: tuple[int, int] = (40, 20), kind: str = "JPEG", **more: object
) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **more)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def naming(*names: str) -> Reading:
    """A register whose product rows name these photos."""
    header = (*GOODS, "Foto")
    return reading(
        goods(
            *[(*thing(f"Kopi {number}"), name) for number, name in enumerate(names)], header=header
        )
    )


def kept(store: PhotoStore, source: Path, *names: str, limits: PhotoLimits = LIMITS) -> PhotoIndex:
    return keep_photos(naming(*names), photo_files([source], limits), store)


def test_metadata_are_removed_and_the_picture_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "Kamera rahasia"
    exif[PLACE] = {1: "S", 2: (6.0, 43.0, 0.0)}

    cleaned = clean_photo(picture(exif=exif, comment=b"rahasia"), LIMITS)

    assert opened(cleaned).size == (20, 40)
    assert not opened(cleaned).getexif()
    assert b"rahasia" not in cleaned
    assert b"Exif" not in cleaned


def test_a_large_picture_is_made_smaller_and_a_small_one_stays() -> None:
    large = clean_photo(picture(size=(4_000, 1_000)), LIMITS)
    small = clean_photo(picture(size=(30, 20)), LIMITS)

    assert opened(large).size == (1_600, 400)
    assert opened(small).size == (30, 20)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_pictures_of_other_kinds_become_jpeg(kind: str) -> None:
    assert opened(clean_photo(picture(kind=kind), LIMITS)).format == "JPEG"


def test_what_is_transparent_becomes_white() -> None:
    out = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")

    cleaned = opened(clean_photo(out.getvalue(), LIMITS))

    assert cleaned.getpixel((4, 4)) == (255, 255, 255)


def test_a_picture_bomb_is_refused_by_its_header() -> None:
    """60,000 × 60,000 pixels in a few hundred bytes; decoding them would take gigabytes."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100)))

    with pytest.raises(Asked) as question:
        clean_photo(bomb, LIMITS)

    assert question.value.code is AskedCode.PHOTO_UNREADABLE


def test_a_whole_picture_of_too_many_pixels_is_not_decoded() -> None:
    with pytest.raises(Asked):
        clean_photo(picture(size=(1_100, 1_000)), LIMITS.model_copy(update={"megapixels": 1}))


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param((0x0100, 2, b"12a"), id="a width in letters"),
        pytest.param((0x011A, 7, b"abcd"), id="a resolution that is no number"),
    ],
)
def test_what_makes_no_sense_beside_the_orientation_does_no_harm(
    odd: tuple[int, int, bytes],
) -> None:
    tag, kind, value = odd
    entries = sorted([(ORIENTATION, 3, 1, b"\x06"), (tag, kind, len(value), value)])
    written = b"".join(struct.pack("<HHI4s", *entry) for entry in entries)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + written + bytes(4)

    assert opened(clean_photo(picture(exif=exif), LIMITS)).size == (20, 40)


def chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        b"GIF89a" + bytes(50),
        picture()[:200],
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=["empty", "text", "gif", "cut short", "svg"],
)
def test_what_is_no_whole_picture_is_asked(content: bytes) -> None:
    with pytest.raises(Asked):
        clean_photo(content, LIMITS)


def test_a_picture_larger_than_allowed_is_not_even_opened() -> None:
    with pytest.raises(Asked):
        clean_photo(picture() + bytes(2 << 20), LIMITS.model_copy(update={"file_megabytes": 1}))


def test_the_same_picture_is_kept_once_under_the_hash_of_its_bytes(
    store: PhotoStore, tmp_path: Path
) -> None:
    first = store.put(picture("red"))
    same = store.put(picture("red", kind="JPEG", comment=b"other bytes, same picture"))
    other = store.put(picture("blue"))

    assert first == same != other
    assert len(list((tmp_path / "store").glob("??/*.jpg"))) == 2
    assert opened(store.read(first)).size == (40, 20)


def test_a_picture_lost_from_the_store_is_made_again(store: PhotoStore) -> None:
    kept_as = store.put(picture())
    store.path(kept_as).unlink()

    assert store.put(picture()) == kept_as
    assert store.read(kept_as)


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "f" * 63, "G" * 64, "f" * 64])
def test_what_is_no_hash_leads_to_no_file(store: PhotoStore, text: str) -> None:
    with pytest.raises(KeyError):
        store.read(PhotoHash(text))


def test_photos_are_found_in_a_folder_whatever_the_case(store: PhotoStore, tmp_path: Path) -> None:
    folder = tmp_path / "foto" / "Blok A"
    folder.mkdir(parents=True)
    (folder / "Ebi Kering.JPG").write_bytes(picture())

    index = kept(
        store, tmp_path / "foto", "ebi kering.jpg", "EBI KERING", "blok a/ebi kering.jpg", "x.jpg"
    )

    assert len(set(index.found.values())) == 1
    assert len(index.found) == 3
    assert index.look("Ebi Kering.Jpg") == next(iter(index.found.values()))
    assert index.look("x.jpg") is AskedCode.PHOTO_MISSING


def test_photos_are_found_in_a_zip(store: PhotoStore, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "foto.zip", "w") as archive:
        archive.writestr("foto/Kopi.jpg", picture())

    index = kept(store, tmp_path / "foto.zip", "kopi.jpg")

    assert list(index.found) == ["kopi.jpg"]


def test_different_pictures_of_one_name_are_asked_about_and_equal_ones_are_not(
    store: PhotoStore, tmp_path: Path
) -> None:
    for folder, colour in (("a", "red"), ("b", "blue")):
        (tmp_path / "foto" / folder).mkdir(parents=True)
        (tmp_path / "foto" / folder / "kopi.jpg").write_bytes(picture(colour))
        (tmp_path / "foto" / folder / "teh.jpg").write_bytes(picture("green"))

    index = kept(store, tmp_path / "foto", "kopi.jpg", "teh.jpg", "a/kopi.jpg")

    assert index.faults == {"kopi.jpg": AskedCode.PHOTO_SEVERAL}
    assert set(index.found) == {"teh.jpg", "a/kopi.jpg"}


def test_no_name_leads_out_of_the_folder(store: PhotoStore, tmp_path: Path) -> None:
    (tmp_path / "foto").mkdir()
    (tmp_path / "secret.jpg").write_bytes(picture())
    (tmp_path / "foto" / "link.jpg").symlink_to(tmp_path / "secret.jpg")

    index = kept(
        store, tmp_path / "foto", "../secret.jpg", str(tmp_path / "secret.jpg"), "link.jpg"
    )

    assert index.found == {}
    assert set(index.faults.values()) == {AskedCode.PHOTO_MISSING}


def test_a_damaged_picture_in_a_zip_is_asked_about_and_the_others_are_kept(
    store: PhotoStore, tmp_path: Path
) -> None:
    path = tmp_path / "foto.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("kopi.jpg", picture())
        archive.writestr("teh.jpg", picture("blue"))
    with zipfile.ZipFile(path) as archive:
        begins = archive.getinfo("kopi.jpg").header_offset + len("kopi.jpg") + 30
    content = bytearray(path.read_bytes())
    content[begins] = 0x07  # a kind of block that deflate does not know
    path.write_bytes(content)

    index = kept(store, path, "kopi.jpg", "teh.jpg")

    assert list(index.found) == ["teh.jpg"]
    assert index.faults == {"kopi.jpg": AskedCode.PHOTO_UNREADABLE}


def test_a_name_in_a_zip_that_leads_out_writes_nothing_anywhere(
    store: PhotoStore, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    with zipfile.ZipFile(inner / "foto.zip", "w") as archive:
        archive.writestr("../../evil.jpg", picture())

    index = kept(store, inner / "foto.zip", "evil.jpg")

    assert list(index.found) == ["evil.jpg"]
    assert list(tmp_path.rglob("evil.jpg")) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"archive_entries": 1}, "intake.too_many_entries"),
        ({"archive_megabytes": 1}, "intake.too_large"),
        ({"ratio": 2}, "intake.suspicious"),
    ],
)
def test_a_zip_beyond_the_limits_is_refused_unopened(
    store: PhotoStore, tmp_path: Path, changed: dict[str, int], code: str
) -> None:
    with zipfile.ZipFile(tmp_path / "foto.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes(1 << 20))
        archive.writestr("b.jpg", bytes(1 << 20))

    loose = {"archive_entries": 9, "archive_megabytes": 9, "ratio": 9_999}
    with pytest.raises(IntakeRefused) as refused:
        kept(
            store, tmp_path / "foto.zip", "a.jpg", limits=LIMITS.model_copy(update=loose | changed)
        )

    assert refused.value.code == code


def test_an_unreadable_picture_holds_only_its_product_back(
    store: PhotoStore, tmp_path: Path
) -> None:
    (tmp_path / "foto").mkdir()
    (tmp_path / "foto" / "a.jpg").write_bytes(b"broken")
    known: KnownRegister = KnownRegister(
        {one.id: one for one in planned(people(person())).new_merchants}
    )
    header = (*GOODS, "Foto")
    rows = [(*thing("Kopi"), "a.jpg"), (*thing("Teh"), "")]
    index = keep_photos(
        reading(goods(*rows, header=header)), photo_files([tmp_path / "foto"], LIMITS), store
    )

    plan = planned(goods(*rows, header=header), known=known, photos=index)

    assert [one.name for one in plan.new_products] == ["Teh"]
    assert plan.verdicts[0].findings[0].code is AskedCode.PHOTO_UNREADABLE


def test_the_usual_places_beside_a_register_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "foto").mkdir()
    (tmp_path / "kanoman.zip").write_bytes(b"")

    assert sources_beside(tmp_path / "kanoman.xlsx") == (
        tmp_path / "foto",
        tmp_path / "kanoman.zip",
    )


def test_only_what_a_row_names_is_kept(store: PhotoStore, tmp_path: Path) -> None:
    (tmp_path / "foto").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "foto" / name).write_bytes(picture())

    index = kept(store, tmp_path / "foto", "a.jpg")

    assert list(index.found) == ["a.jpg"]
