"""A small register as CSV files with photos; every person in it is invented."""

import csv
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

MARKETS = ("Pasar Kanoman", "Pasar Pagi", "Pasar Jagasatru", "Pasar Perumnas", "Pasar Drajat")
GOODS = ("Kerupuk udang", "Terasi", "Ikan asin jambal", "Kopi bubuk", "Emping", "Batik cap")
UNTRAINED = 2


def write_register(
    folder: Path, merchants: int, *, markets: Sequence[str] = MARKETS, goods_each: int = 6
) -> tuple[Path, Path]:
    """Two CSV files: `merchants` trained ones with products, and two untrained ones without, spread over the markets."""
    photos = folder / "foto"
    photos.mkdir(parents=True)
    for n, good in enumerate(GOODS):
        picture = Image.new("RGB", (640, 480), (40 * n, 200 - 30 * n, 90))
        picture.save(photos / f"{good.split()[0].lower()}.jpg")
    people, goods = folder / "pedagang.csv", folder / "barang.csv"
    _write(
        people,
        _PEOPLE,
        [
            _person(n, markets[n % len(markets)], trained=n < merchants)
            for n in range(merchants + UNTRAINED)
        ],
    )
    each = GOODS[:goods_each]
    _write(goods, _GOODS, [_good(n, good) for n in range(merchants) for good in each])
    return people, goods


_PEOPLE = (
    "No Reg",
    "Nama Pedagang",
    "No HP/WA",
    "Pasar",
    "Blok/Los",
    "Nama Toko",
    "Tgl Pelatihan",
    "Canvasser",
)
_GOODS = ("No Reg", "Nama Barang", "Harga", "Stok", "Berat (gr)", "Foto")


def _person(n: int, market: str, *, trained: bool) -> tuple[str, ...]:
    training = ("12/11/2026", f"Canvasser {n % 3 + 1}") if trained else ("", "")
    shop = "Toko Berkah" if n % 10 == 0 else f"Toko Contoh {n}"
    return (
        f"E2E-{n:03}",
        f"Contoh {_word(n)}",
        f"0811000{n:05}",
        market,
        f"A/{n}",
        shop,
        *training,
    )


def _good(n: int, good: str) -> tuple[str, ...]:
    price = 10_000 + 500 * n
    photo = f"{good.split(maxsplit=1)[0].lower()}.jpg"
    return (
        f"E2E-{n:03}",
        f"{good} {_word(n)}",
        f"Rp {price:,}".replace(",", "."),
        str(5 + n),
        "250",
        photo,
    )


def _word(n: int) -> str:
    """A made-up name per number, none like another."""
    syllables = ("ba", "ci", "du", "fe", "go", "ha", "ji", "ku", "le", "mo")
    return "".join(syllables[int(digit)] for digit in f"{n * 7919 % 100000:05}").capitalize()


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows([header, *rows])
