"""Whose a product row is: by register number, by phone, or by name with market and stall."""

from collections.abc import Iterable, Mapping, Sequence

from onboarder.intake.asked import AskedCode
from onboarder.intake.ledger import Ledger
from onboarder.intake.likeness import People, same_stall
from onboarder.intake.plan_merchants import candidate
from onboarder.intake.rows import MerchantRow, OwnerHint, ProductRow
from onboarder.model.ids import MarketCode, MerchantId, ProgrammeCode, merchant_id, normal
from onboarder.model.people import Merchant, Programme

_WORD = 3
"""Letters from which a common word makes two writings of a name compatible."""


class Owners:
    """Finds the merchant of product rows; what is said in several ways must agree."""

    def __init__(
        self,
        programme: Programme,
        people: People,
        decisions: Mapping[str, str],
        held: Iterable[MerchantRow],
    ) -> None:
        self._programme: ProgrammeCode = programme.code
        self._markets = [market.code for market in programme.markets]
        self._people = people
        self._decisions = decisions
        self._waiting = _Waiting(held)

    def of(self, row: ProductRow, ledger: Ledger) -> MerchantId | None:
        """The one merchant meant, or None after holding the row back."""
        hint = row.owner
        if not (hint.number or hint.phone or hint.name):
            if not row.findings:
                ledger.ask(row.place, AskedCode.OWNER_MISSING, "merchant_name")
            ledger.hold(row.place, ())
            return None
        stated = self._stated(hint)
        agreeing = [one for one in stated if self._agrees(self._people.by_id[one], hint)]
        chosen = self._at_stall(agreeing, hint) if len(agreeing) > 1 else agreeing
        if len(chosen) == 1:
            return chosen[0]
        self._ask(row, stated, chosen, ledger)
        return None

    def _stated(self, hint: OwnerHint) -> Sequence[MerchantId]:
        """Everybody the strongest given mark could mean."""
        if hint.number:
            return sorted(self._numbered(hint.number, hint.market))
        if hint.phone:
            return sorted(self._people.with_phone(hint.phone))
        return sorted(self._people.named(hint.name))

    def _numbered(self, number: str, market: MarketCode | None) -> set[MerchantId]:
        markets = [market] if market else self._markets
        derived = (merchant_id(self._programme, one, number) for one in markets)
        meant = {MerchantId(self._decisions.get(one, one)) for one in derived}
        return {one for one in meant if one in self._people.by_id}

    def _agrees(self, merchant: Merchant, hint: OwnerHint) -> bool:
        """Nothing that the row says contradicts the merchant; a number goes before a phone that may have changed."""
        phone = hint.number or not hint.phone or hint.phone == merchant.phone
        market = hint.market is None or hint.market == merchant.market
        return bool(phone) and market and _same_name(hint.name, merchant.name)

    def _at_stall(self, found: Sequence[MerchantId], hint: OwnerHint) -> Sequence[MerchantId]:
        there = [
            one
            for one in found
            if hint.stall and same_stall(hint.stall, self._people.by_id[one].stall)
        ]
        return there or found

    def _ask(
        self,
        row: ProductRow,
        stated: Sequence[MerchantId],
        chosen: Sequence[MerchantId],
        ledger: Ledger,
    ) -> None:
        hint = row.owner
        read = " · ".join(part for part in (hint.number, hint.name, hint.phone) if part)
        field = "number" if hint.number else "phone" if hint.phone else "merchant_name"
        about = [candidate(self._people.by_id[one]) for one in (chosen or stated)]
        if chosen:
            code = AskedCode.OWNER_SEVERAL
        elif stated:
            code = AskedCode.OWNER_CONTRADICTS
        else:
            code = AskedCode.OWNER_HELD_BACK if self._waiting.has(hint) else AskedCode.OWNER_UNKNOWN
        ledger.ask(row.place, code, field, read, about)


class _Waiting:
    """The merchants of this import that are held back themselves."""

    def __init__(self, held: Iterable[MerchantRow]) -> None:
        rows = list(held)
        self._numbers = {row.number for row in rows if row.number}
        self._phones = {row.phone for row in rows if row.phone}
        self._names = {normal(row.name) for row in rows if row.name}

    def has(self, hint: OwnerHint) -> bool:
        return (
            hint.number in self._numbers
            or hint.phone in self._phones
            or normal(hint.name) in self._names
        )


def _same_name(written: str, known: str) -> bool:
    """Titles and second names may be missing, but one word must be common: `Ibu Siti` and `Siti Aminah`."""
    words = {word for word in normal(written).split() if len(word) >= _WORD}
    return not words or bool(words & set(normal(known).split()))
