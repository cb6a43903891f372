"""When two people or two products are so alike that somebody has to say whether they are one."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from onboarder.model.goods import Product
from onboarder.model.ids import MarketCode, MerchantId, normal
from onboarder.model.people import Merchant

_STALL_WORDS = {"blok", "block", "los", "kios", "lapak", "no", "nomor", "lt", "lantai"}
_LONG_ENOUGH = 5
"""Letters; one edit in a shorter word makes another word (`merah`, `S`, `M`)."""


class People:
    """Merchants, found by phone or by name and market."""

    def __init__(self, merchants: Iterable[Merchant]) -> None:
        self.by_id: dict[MerchantId, Merchant] = {}
        self._by_phone: defaultdict[str, set[MerchantId]] = defaultdict(set)
        self._by_name: defaultdict[str, set[MerchantId]] = defaultdict(set)
        for merchant in merchants:
            self.put(merchant)

    def put(self, merchant: Merchant) -> None:
        """Enter or replace."""
        self.by_id[merchant.id] = merchant
        self._by_name[normal(merchant.name)].add(merchant.id)
        if merchant.phone:
            self._by_phone[merchant.phone].add(merchant.id)

    def with_phone(self, phone: str) -> set[MerchantId]:
        return {one for one in self._by_phone.get(phone, ()) if self.by_id[one].phone == phone}

    def named(self, name: str) -> set[MerchantId]:
        found = self._by_name.get(normal(name), ())
        return {one for one in found if normal(self.by_id[one].name) == normal(name)}

    def like(self, merchant: Merchant) -> tuple[Merchant, ...]:
        """Others with the same phone, or the same name in the same market at a stall that may be the same."""
        found = self.with_phone(merchant.phone) if merchant.phone else set[MerchantId]()
        for one in self.named(merchant.name):
            other = self.by_id[one]
            if _maybe_same_place(merchant.market, merchant.stall, other):
                found.add(one)
        return tuple(self.by_id[one] for one in sorted(found - {merchant.id}))


def same_stall(one: str, other: str) -> bool:
    """`Blok B / Los 012` and `B-12` are the same stall."""
    return _stall_key(one) == _stall_key(other)


def like_products(product: Product, others: Iterable[Product]) -> tuple[Product, ...]:
    """Others of the same merchant whose names differ by blanks, word order or one letter of a long word."""
    return tuple(
        other for other in others if other.id != product.id and near(product.name, other.name)
    )


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


def _maybe_same_place(market: MarketCode, stall: str, other: Merchant) -> bool:
    unsaid = not stall or not other.stall
    return market == other.market and (unsaid or same_stall(stall, other.stall))


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
