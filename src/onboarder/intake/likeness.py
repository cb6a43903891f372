"""When two people or two products are so alike that somebody has to say whether they are one."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from onboarder.model.goods import Product
from onboarder.model.ids import MerchantId, ProductId, normal
from onboarder.model.people import Merchant

_STALL_WORDS = {"blok", "block", "los", "kios", "lapak", "no", "nomor", "lt", "lantai"}
_LONG_ENOUGH = 5
"""Letters; one edit in a shorter word makes another word (`merah`, `S`, `M`)."""


class People:
    """Merchants, found by phone, by name, or by name and place; every look-up is one step, however many there are."""

    def __init__(self, merchants: Iterable[Merchant]) -> None:
        self.by_id: dict[MerchantId, Merchant] = {}
        self._found: defaultdict[_Mark, set[MerchantId]] = defaultdict(set)
        for merchant in merchants:
            self.put(merchant)

    def put(self, merchant: Merchant) -> None:
        """Enter or replace."""
        before = self.by_id.get(merchant.id)
        for mark in _marks(before) if before else ():
            self._found[mark].discard(merchant.id)
        self.by_id[merchant.id] = merchant
        for mark in _marks(merchant):
            self._found[mark].add(merchant.id)

    def with_phone(self, phone: str) -> set[MerchantId]:
        return set(self._found.get(("phone", phone), ()))

    def named(self, name: str) -> set[MerchantId]:
        return set(self._found.get(("name", normal(name)), ()))

    def like(self, merchant: Merchant) -> tuple[Merchant, ...]:
        """Others with the same phone, or the same name in the same market at a stall that may be the same."""
        name, stall = normal(merchant.name), _stall_key(merchant.stall)
        places = (stall, ()) if stall else (None,)
        marks: list[_Mark] = [("place", name, merchant.market, place) for place in places]
        if merchant.phone:
            marks.append(("phone", merchant.phone))
        found = {one for mark in marks for one in self._found.get(mark, ())} - {merchant.id}
        return tuple(self.by_id[one] for one in sorted(found))


_Mark: TypeAlias = tuple[str | tuple[str, ...] | None, ...]


def _marks(merchant: Merchant) -> Iterable[_Mark]:
    """Everything by which the merchant can be found; the place `None` stands for any stall of the market."""
    name = normal(merchant.name)
    yield ("name", name)
    yield ("place", name, merchant.market, _stall_key(merchant.stall))
    yield ("place", name, merchant.market, None)
    if merchant.phone:
        yield ("phone", merchant.phone)


def same_stall(one: str, other: str) -> bool:
    """`Blok B / Los 012` and `B-12` are the same stall."""
    return _stall_key(one) == _stall_key(other)


class Assortment:
    """One merchant's products, found by names almost like theirs without comparing each with each."""

    def __init__(self) -> None:
        self.by_id: dict[ProductId, Product] = {}
        self._found: defaultdict[_Mark, set[ProductId]] = defaultdict(set)

    def put(self, product: Product) -> None:
        """Enter or replace."""
        self.by_id[product.id] = product
        for mark in _name_marks(product.name):
            self._found[mark].add(product.id)

    def like(self, name: str) -> tuple[Product, ...]:
        """Products whose names differ from this one by blanks, word order or one letter of a long word."""
        found = {one for mark in _name_marks(name) for one in self._found.get(mark, ())}
        alike = (self.by_id[one] for one in sorted(found))
        return tuple(product for product in alike if near(name, product.name))


def near(one: str, other: str) -> bool:
    """Whether two names probably mean the same thing. Numbers must be equal: 250 g and 500 g are two products."""
    left, right = normal(one), normal(other)
    if left.replace(" ", "") == right.replace(" ", ""):
        return True
    only_left = list((Counter(left.split()) - Counter(right.split())).elements())
    only_right = list((Counter(right.split()) - Counter(left.split())).elements())
    if not only_left and not only_right:
        return True
    return len(only_left) == len(only_right) == 1 and _one_edit(only_left[0], only_right[0])


def _name_marks(name: str) -> Iterable[_Mark]:
    """Two names that are near have at least one of these in common."""
    words = normal(name).split()
    yield ("joined", "".join(words))
    yield ("words", *sorted(words))
    for index, word in enumerate(words):
        if word.isalpha() and len(word) >= _LONG_ENOUGH:
            yield ("all but one", *sorted(words[:index] + words[index + 1 :]))


def _stall_key(stall: str) -> tuple[str, ...]:
    """Words and numbers without the words for stalls, without leading zeros, letters and digits apart."""
    apart = "".join(
        f" {c}" if c.isalpha() != before.isalpha() else c for before, c in _pairs(normal(stall))
    )
    return tuple(part.lstrip("0") or "0" for part in apart.split() if part not in _STALL_WORDS)


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    return zip(" " + text, text, strict=False)


def _one_edit(one: str, other: str) -> bool:
    """One letter more, less, other, or two neighbours swapped, in words of five letters or more without digits."""
    short, long = sorted((one, other), key=len)
    if len(short) < _LONG_ENOUGH or not (short + long).isalpha() or len(long) - len(short) > 1:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short)
    )
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    swapped = short[start + 1 : start + 2] + short[start : start + 1] + short[start + 2 :]
    return short[start + 1 :] == long[start + 1 :] or swapped == long[start:]
