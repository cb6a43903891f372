"""What a shop is called where names must be unique or short."""

from collections.abc import Iterable, Iterator, Sequence

from onboarder.model.ids import MerchantId, normal
from onboarder.model.people import Market, Merchant


def store_names(merchant: Merchant, market: Market, longest: int) -> tuple[str, ...]:
    """Names in order of preference; the last one carries the merchant's code and is unique."""
    base = " ".join(merchant.shop_name.split()) or " ".join(f"Toko {merchant.name}".split())
    place = market.name.removeprefix("Pasar ").strip()
    code = merchant.id.rpartition("-")[2]
    wishes = (base, f"{base} {place}", f"{base} {place} {merchant.stall}")
    unique = f"{_cut(base, longest - len(code) - 1)} {code}"
    return tuple(dict.fromkeys([*(_cut(wish, longest) for wish in wishes), unique]))


def free_names(
    wishes: Iterable[tuple[MerchantId, Sequence[str]]],
) -> Iterator[tuple[MerchantId, Sequence[str]]]:
    """The wishes that nobody before has taken, in the order of who came first; everybody takes their first one.

    Names that differ only in case, accents or punctuation are the same. Who comes later changes no earlier name.
    """
    taken: set[str] = set()
    for owner, names in wishes:
        free = [one for one in names if normal(one) not in taken] or list(names[-1:])
        taken.add(normal(free[0]))
        yield owner, free


def _cut(text: str, longest: int) -> str:
    """The text within the limit, ending at a word where that leaves more than half of it."""
    if len(text) <= longest:
        return text
    cut = text[:longest]
    word = cut.rpartition(" ")[0]
    return word if len(word) > longest // 2 else cut.rstrip()
