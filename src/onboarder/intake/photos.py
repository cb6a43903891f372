"""Photos by file name, from folders and zips beside the register."""

import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from onboarder.intake.asked import Asked, AskedCode
from onboarder.intake.limits import DAMAGED_ZIP, MEGABYTE
from onboarder.intake.photo_index import PhotoIndex
from onboarder.intake.reading import Reading
from onboarder.intake.refused import IntakeRefused, Refusal
from onboarder.intake.rules import PhotoLimits
from onboarder.model.ids import PhotoHash

_ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}
_USUAL_NAMES = ("foto", "photos", "photo", "gambar")


class Keeper(Protocol):
    """Where photos go."""

    def put(self, original: bytes) -> PhotoHash:
        """Clean and keep a picture; raises Asked if it is none."""
        ...


@dataclass(frozen=True, slots=True)
class PhotoFiles:
    """Pictures by every way to name them: path, file name, name without ending; lower case."""

    by_name: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Name to the keys it fits."""
    readers: Mapping[str, Callable[[], bytes]] = field(
        default_factory=dict[str, Callable[[], bytes]]
    )
    """Key to what reads the bytes."""


def sources_beside(register: Path) -> tuple[Path, ...]:
    """The usual places for a register's photos that exist: its own name or `foto`, as a folder or a zip."""
    names = (register.stem, *_USUAL_NAMES)
    folders = (register.parent / name for name in names)
    zips = (register.parent / f"{name}.zip" for name in names)
    return (
        *(path for path in folders if path.is_dir()),
        *(path for path in zips if path.is_file()),
    )


def photo_files(sources: Iterable[Path], limits: PhotoLimits) -> PhotoFiles:
    """What pictures there are; reads directories only. Raises IntakeRefused for a zip beyond the limits."""
    readers: dict[str, Callable[[], bytes]] = {}
    for source in sources:
        found = _in_folder(source, limits) if source.is_dir() else _in_zip(source, limits)
        readers.update({f"{source}/{name}": reader for name, reader in found})
    by_name: dict[str, list[str]] = {}
    for key in readers:
        for name in _names(key):
            by_name.setdefault(name, []).append(key)
    return PhotoFiles(by_name, readers)


def keep_photos(reading: Reading, files: PhotoFiles, store: Keeper) -> PhotoIndex:
    """Keep the pictures that product rows name and tell which is which.

    Writes to the store; safe to repeat. Only what a row names is opened.
    """
    found: dict[str, PhotoHash] = {}
    faults: dict[str, AskedCode] = {}
    for name in dict.fromkeys(name.casefold() for row in reading.products for name in row.photos):
        try:
            found[name] = _kept(name, files, store)
        except Asked as question:
            faults[name] = question.code
    return PhotoIndex(found, faults)


def _kept(name: str, files: PhotoFiles, store: Keeper) -> PhotoHash:
    """Pictures of one name are taken for one if they are the same picture."""
    keys = files.by_name.get(name.replace("\\", "/").lstrip("./"), ())
    photos = {store.put(files.readers[key]()) for key in keys}
    if len(photos) != 1:
        raise Asked(AskedCode.PHOTO_SEVERAL if photos else AskedCode.PHOTO_MISSING)
    return photos.pop()


def _names(key: str) -> set[str]:
    """`…/Foto/Blok A/Ebi.JPG` answers to `blok a/ebi.jpg`, `ebi.jpg`, `ebi` and every longer tail."""
    parts = PurePosixPath(key.casefold()).parts
    tails = {"/".join(parts[start:]) for start in range(len(parts))}
    return tails | {PurePosixPath(parts[-1]).stem}


def _in_folder(folder: Path, limits: PhotoLimits) -> Iterable[tuple[str, Callable[[], bytes]]]:
    """Pictures inside the folder; a link that leads out of it is passed over."""
    inside = folder.resolve()
    for path in sorted(folder.rglob("*")):
        if (
            path.suffix.casefold() in _ENDINGS
            and path.is_file()
            and path.resolve().is_relative_to(inside)
        ):
            yield path.relative_to(folder).as_posix(), _file_reader(path, limits)


def _file_reader(path: Path, limits: PhotoLimits) -> Callable[[], bytes]:
    def read() -> bytes:
        with path.open("rb") as file:
            return file.read(limits.file_megabytes * MEGABYTE + 1)

    return read


def _in_zip(path: Path, limits: PhotoLimits) -> Iterable[tuple[str, Callable[[], bytes]]]:
    """Pictures inside the zip, never unpacked to disk, so that no name in it can lead anywhere."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except DAMAGED_ZIP:
        raise IntakeRefused(Refusal.DAMAGED, path.name) from None
    _check(path, entries, limits)
    for entry in entries:
        if PurePosixPath(entry.filename).suffix.casefold() in _ENDINGS and not entry.is_dir():
            yield entry.filename.replace("\\", "/"), _entry_reader(path, entry, limits)


def _check(path: Path, entries: Sequence[zipfile.ZipInfo], limits: PhotoLimits) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, path.stat().st_size)
    if len(entries) > limits.archive_entries:
        figures = {"count": len(entries), "limit": limits.archive_entries}
        raise IntakeRefused(Refusal.TOO_MANY_ENTRIES, path.name, **figures)
    if unpacked > limits.archive_megabytes * MEGABYTE:
        figures = {"size": unpacked // MEGABYTE, "limit": limits.archive_megabytes}
        raise IntakeRefused(Refusal.TOO_LARGE, path.name, **figures)
    if unpacked // packed > limits.ratio:
        figures = {"ratio": unpacked // packed, "limit": limits.ratio}
        raise IntakeRefused(Refusal.SUSPICIOUS, path.name, **figures)


def _entry_reader(path: Path, entry: zipfile.ZipInfo, limits: PhotoLimits) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
                return file.read(limits.file_megabytes * MEGABYTE + 1)
        except DAMAGED_ZIP:
            raise Asked(AskedCode.PHOTO_UNREADABLE) from None

    return read
