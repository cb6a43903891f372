"""The word lists and goods of the sample register, from sample_goods.toml beside this file."""

import tomllib
from importlib.resources import files
from typing import Self

from pydantic import BaseModel, ConfigDict

TITLE = "DATA CONTOH – bukan orang sungguhan"
"""First line of every sheet of the sample."""


class SampleKind(BaseModel):
    """A kind of stall: what it sells, as name, rupiah, grams and, for some, variants."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    goods: str
    items: tuple[tuple[str, int, int], ...]
    variants: tuple[tuple[str, int, int, tuple[str, ...]], ...] = ()


class SampleItem(BaseModel):
    """One thing a sample merchant sells; no variants means one row."""

    model_config = ConfigDict(frozen=True)

    name: str
    price: int
    grams: int
    variants: tuple[str, ...] = ()

    @property
    def picture(self) -> str:
        """File name of its photo."""
        plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in self.name.casefold())
        return "-".join(filter(None, plain.split("-")))[:40] + ".jpg"


class SampleWords(BaseModel):
    """Everything that the sample is made of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people_first: tuple[str, ...]
    people_last: tuple[str, ...]
    shops: tuple[str, ...]
    markets: tuple[tuple[str, str, str], ...]
    hostile: tuple[tuple[str, int, int], ...]
    kinds: tuple[SampleKind, ...]

    @classmethod
    def load(cls) -> Self:
        text = files("onboarder.demo").joinpath("sample_goods.toml").read_text(encoding="utf-8")
        return cls.model_validate(tomllib.loads(text))

    def items(self, kind: int) -> tuple[SampleItem, ...]:
        """All goods of a kind of stall, those with variants first."""
        chosen = self.kinds[kind]
        several = (
            SampleItem(name=n, price=p, grams=g, variants=v) for n, p, g, v in chosen.variants
        )
        single = (SampleItem(name=n, price=p, grams=g) for n, p, g in chosen.items)
        return (*several, *single)

    @property
    def hostile_items(self) -> tuple[SampleItem, ...]:
        return tuple(
            SampleItem(name=name, price=price, grams=grams) for name, price, grams in self.hostile
        )
