"""A market register that never was: invented people and goods, in the shape and with the dirt of a real one.

Everything is made from word lists and a seed; phone numbers are from 0899-0000-xxxx. Its exact account is known, so that
an import can be checked against it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from onboarder.demo.sample_goods import goods_sheets
from onboarder.demo.sample_people import people_sheet
from onboarder.demo.sample_pictures import draw_pictures
from onboarder.demo.sample_words import SampleWords
from onboarder.intake.asked import AskedCode
from onboarder.intake.export import write_table

MOST = 9_000
"""Merchants for whom the invented block has phone numbers."""


@dataclass(frozen=True, slots=True)
class SampleAccount:
    """What an import of the sample into an empty register must say."""

    merchants: int
    trained: int
    products: int
    variants: int
    repeated_rows: int
    asked: Mapping[AskedCode, int]
    """Rows held back, by the question about them."""


@dataclass(frozen=True, slots=True)
class SampleFiles:
    """The files written, and what importing them must say."""

    register: Path
    products: Path
    photos: Path
    account: SampleAccount

    @property
    def files(self) -> tuple[Path, ...]:
        """The workbooks, to be imported together."""
        return (self.register, self.products)


def write_sample(directory: Path, *, seed: int = 20_261_123, merchants: int = 120) -> SampleFiles:
    """Write two workbooks and a folder of photos; the same seed gives the same content.

    `merchants`: how many of them can be imported, from 12 to 9,000; each has six products or, some, seven. Replaces
    earlier files of the same names. Raises OSError.
    """
    if not 12 <= merchants <= MOST:
        raise ValueError(f"between 12 and {MOST} merchants, not {merchants}")
    words = SampleWords.load()
    random = Random(seed)  # noqa: S311  # sample data must repeat, not surprise
    people = people_sheet(words, merchants, random)
    goods = goods_sheets(words, people.good, random)
    register = directory / "data-contoh-pedagang.xlsx"
    products = directory / "data-contoh-barang.xlsx"
    write_table(register, [people.sheet])
    write_table(products, goods.sheets)
    photos = draw_pictures(words, directory / "foto")
    return SampleFiles(
        register,
        products,
        photos,
        SampleAccount(
            merchants=len(people.good),
            trained=sum(person.trained for person in people.good),
            products=goods.products,
            variants=goods.variants,
            repeated_rows=people.repeated,
            asked=Counter(people.asked) + Counter(goods.asked),
        ),
    )
