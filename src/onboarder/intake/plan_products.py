"""Product rows against the known products. Rows of one product are its variants; a product goes in whole or not at all."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onboarder.intake.asked import AskedCode
from onboarder.intake.importing import Change, KnownRegister, Outcome
from onboarder.intake.ledger import Ledger
from onboarder.intake.likeness import Assortment
from onboarder.intake.owners import Owners
from onboarder.intake.photo_index import PhotoIndex
from onboarder.intake.product_rows import ProductRows
from onboarder.intake.rows import Answer, Candidate, ProductRow
from onboarder.model.goods import Product
from onboarder.model.ids import MerchantId, ProductId, normal, product_id


@dataclass(slots=True)
class ProductPlan:
    """The products' part of an import plan."""

    new: list[Product] = field(default_factory=list[Product])
    changed: list[Change[Product]] = field(default_factory=list[Change[Product]])
    unchanged: list[ProductId] = field(default_factory=list[ProductId])
    decisions: dict[str, str] = field(default_factory=dict[str, str])
    """All decisions, known and new."""


@dataclass(frozen=True, slots=True)
class _Group:
    """The rows with one product key of one merchant."""

    derived: ProductId
    owner: MerchantId
    rows: list[ProductRow] = field(default_factory=list[ProductRow])

    @property
    def answered(self) -> ProductRow | None:
        """The first row in which somebody decided whether this is another product."""
        return next((row for row in self.rows if row.answer), None)


def plan_products(
    rows: Sequence[ProductRow],
    *,
    owners: Owners,
    known: KnownRegister,
    photos: PhotoIndex,
    decisions: dict[str, str],
    ledger: Ledger,
) -> ProductPlan:
    """Pure, apart from the ledger that it writes and the decisions that it adds to."""
    return _Planner(
        owners=owners, known=known, photos=photos, decisions=decisions, ledger=ledger
    ).planned(rows)


class _Planner:
    def __init__(
        self,
        *,
        owners: Owners,
        known: KnownRegister,
        photos: PhotoIndex,
        decisions: dict[str, str],
        ledger: Ledger,
    ) -> None:
        self._owners = owners
        self._known = known
        self._photos = photos
        self._ledger = ledger
        self._plan = ProductPlan(decisions=decisions)
        self._of_owner: defaultdict[MerchantId, Assortment] = defaultdict(Assortment)
        for product in known.products.values():
            self._of_owner[product.merchant_id].put(product)

    def planned(self, rows: Sequence[ProductRow]) -> ProductPlan:
        groups = self._groups(rows)
        meant: defaultdict[ProductId, list[_Group]] = defaultdict(list)
        for group in groups.values():
            actual = self._actual(group, groups)
            if actual is not None:
                meant[actual].append(group)
        for actual, same in meant.items():
            self._settle(actual, same)
        return self._plan

    def _groups(self, rows: Sequence[ProductRow]) -> dict[ProductId, _Group]:
        groups: dict[ProductId, _Group] = {}
        for row in rows:
            if row.findings:
                self._ledger.hold(row.place, row.findings)
            owner = self._owners.of(row, self._ledger)
            if owner is not None and self._named(row):
                derived = product_id(owner, row.key)
                groups.setdefault(derived, _Group(derived, owner)).rows.append(row)
        return groups

    def _named(self, row: ProductRow) -> bool:
        if not row.key and not any(f.code is AskedCode.NAME_UNCLEAR for f in row.findings):
            self._ledger.ask(row.place, AskedCode.NAME_MISSING, "name")
        return bool(row.key)

    def _actual(self, group: _Group, groups: Mapping[ProductId, _Group]) -> ProductId | None:
        """Follows the rows' answer or an earlier one; None after asking if it leaves open what is meant."""
        answered = group.answered
        if answered is None or group.derived in self._known.products:
            return ProductId(self._plan.decisions.get(group.derived, group.derived))
        if answered.answer is Answer.NEW:
            self._plan.decisions[group.derived] = group.derived
            return group.derived
        target = self._target(group, answered, groups)
        if target is None:
            for row in group.rows:
                read = " ".join(row.same_as)
                self._ledger.ask(row.place, AskedCode.DECISION_UNCLEAR, "same_as", read)
        else:
            self._plan.decisions[group.derived] = target
        return target

    def _target(
        self, group: _Group, row: ProductRow, groups: Mapping[ProductId, _Group]
    ) -> ProductId | None:
        owned = self._of_owner[group.owner]
        like = {other.id for other in owned.like(row.name)}
        choices = {ProductId(self._plan.decisions.get(one, one)) for one in row.same_as} or like
        found = [one for one in choices if one in owned.by_id or one in groups]
        fits = len(choices) == len(found) == 1 and found[0] != group.derived
        return found[0] if fits else None

    def _settle(self, actual: ProductId, groups: Sequence[_Group]) -> None:
        """Rows of the product's own key speak; others known to be the same only where there are none."""
        own = [group for group in groups if group.derived == actual]
        speaking = own or [group for group in groups if not group.answered][:1]
        before = self._known.products.get(actual)
        places = [row.place for group in groups for row in group.rows]
        rows = [row for group in speaking for row in group.rows]
        after = self._after(actual, groups[0].owner, rows, before) if rows else before
        if after is None:
            self._hold_rest(groups)
            return
        self._ledger.settle(places, Outcome.REPEATED)
        if rows:
            outcome = self._take(before, after)
            distinct = {normal(row.variant): row.place for row in reversed(rows)}
            self._ledger.settle(distinct.values(), outcome)

    def _after(
        self,
        actual: ProductId,
        owner: MerchantId,
        rows: Sequence[ProductRow],
        before: Product | None,
    ) -> Product | None:
        after = ProductRows(actual, owner, rows, before, self._photos, self._ledger).product()
        if after is None or before is not None or actual in self._plan.decisions:
            return after
        like = self._of_owner[owner].like(after.name)
        for row in rows if like else ():
            about = [Candidate(other.id, other.name) for other in like]
            self._ledger.ask(row.place, AskedCode.LIKELY_SAME_PRODUCT, "decision", row.name, about)
        return None if like else after

    def _hold_rest(self, groups: Sequence[_Group]) -> None:
        """A product goes in whole: its good rows, and answers about it, wait for the others."""
        for group in groups:
            if group.derived not in self._known.decisions:
                self._plan.decisions.pop(group.derived, None)
        for row in (row for group in groups for row in group.rows):
            if not self._ledger.held(row.place):
                self._ledger.ask(row.place, AskedCode.PRODUCT_HELD_BACK, "name", row.name)

    def _take(self, before: Product | None, after: Product) -> Outcome:
        self._of_owner[after.merchant_id].put(after)
        if before is None:
            self._plan.new.append(after)
            return Outcome.NEW
        if before == after:
            self._plan.unchanged.append(after.id)
            return Outcome.UNCHANGED
        self._plan.changed.append(Change(before, after))
        return Outcome.CHANGED
