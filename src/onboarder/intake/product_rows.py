"""The rows of one product put together: what they agree on, and what must be asked because they do not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from onboarder.intake.asked import AskedCode
from onboarder.intake.ledger import Ledger
from onboarder.intake.photo_index import PhotoIndex
from onboarder.intake.rows import ProductRow
from onboarder.model.goods import Product, Variant
from onboarder.model.ids import (
    MerchantId,
    PhotoHash,
    ProductId,
    Reference,
    normal,
    variant_reference,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProductRows:
    """All rows that speak of one product; `before` is what is known of it. Blank cells say nothing."""

    id: ProductId
    owner: MerchantId
    rows: Sequence[ProductRow]
    before: Product | None
    photos: PhotoIndex
    ledger: Ledger

    def product(self) -> Product | None:
        """The product as it will be, or None after holding back every row that stands in the way."""
        distinct = self._distinct()
        weight = self._agreed("weight", lambda row: row.weight_grams) or self._old(
            lambda old: old.weight_grams
        )
        category = self._category()
        description = self._agreed("description", lambda row: row.description or None)
        active = self._agreed("active", lambda row: row.active)
        photos = tuple(dict.fromkeys(found for row in self.rows for found in self._photos_of(row)))
        variants = self._variants(distinct)
        if weight is None:
            self._ask_all(AskedCode.WEIGHT_MISSING, "weight", "weight_")
        if (
            weight is None
            or category is None
            or any(self.ledger.held(row.place) for row in self.rows)
        ):
            return None
        first = self.rows[0]
        return Product(
            id=self.id,
            merchant_id=self.owner,
            product_key=self._old(lambda old: old.product_key) or first.key,
            name=first.name or self._old(lambda old: old.name) or "",
            description=description or self._old(lambda old: old.description) or "",
            category=category,
            weight_grams=weight,
            photos=photos or self._old(lambda old: old.photos) or (),
            variants=variants,
            active=active if active is not None else self._old(lambda old: old.active) is not False,
        )

    def _old(self, value: Callable[[Product], T]) -> T | None:
        return None if self.before is None else value(self.before)

    def _distinct(self) -> list[ProductRow]:
        """One row per variant; rows that contradict each other are asked about."""
        first: dict[str, ProductRow] = {}
        for row in self.rows:
            other = first.setdefault(normal(row.variant), row)
            if other is not row and _content(other) != _content(row):
                code = AskedCode.VARIANT_TWICE if row.variant else AskedCode.PRODUCT_ROWS_DISAGREE
                field = "variant" if row.variant else "name"
                for one in (other, row):
                    self.ledger.ask(one.place, code, field, one.variant or one.name)
        return list(first.values())

    def _agreed(self, field: str, value: Callable[[ProductRow], T | None]) -> T | None:
        """The value that the rows agree on, blank ones apart; asks where they do not."""
        values = [found for row in self.rows if (found := value(row)) is not None]
        if any(found != values[0] for found in values):
            self._ask_all(AskedCode.PRODUCT_ROWS_DISAGREE, field)
        return values[0] if values else None

    def _category(self) -> str | None:
        stated = self._agreed("category", lambda row: row.category)
        known = stated or self._old(lambda old: old.category)
        category = known or next(
            (row.category_by_name for row in self.rows if row.category_by_name), None
        )
        if category is None:
            for row in self.rows:
                read = row.category_text or row.name
                self.ledger.ask(row.place, AskedCode.CATEGORY_UNKNOWN, "category", read)
        return category

    def _ask_all(self, code: AskedCode, field: str, unless: str = "\0") -> None:
        for row in self.rows:
            if not any(finding.code.startswith(unless) for finding in row.findings):
                self.ledger.ask(row.place, code, field)

    def _photos_of(self, row: ProductRow) -> Iterable[PhotoHash]:
        for name in row.photos:
            found = self.photos.look(name)
            if isinstance(found, AskedCode):
                self.ledger.ask(row.place, found, "photo", name)
            else:
                yield found

    def _variants(self, rows: Sequence[ProductRow]) -> tuple[Variant, ...]:
        """The variants named, after those known that no row names: nothing goes by being left out."""
        old = {
            variant.reference: variant for variant in (self.before.variants if self.before else ())
        }
        named = [row for row in rows if row.variant]
        unnamed = [row for row in rows if not row.variant]
        if unnamed and (named or any(variant.name for variant in old.values())):
            for row in unnamed:
                names = ", ".join(variant.name for variant in old.values() if variant.name)
                self.ledger.ask(row.place, AskedCode.VARIANT_MISSING, "variant", names)
        kept = {ref: variant for ref, variant in old.items() if variant.name or not named}
        for row in rows:
            one = self._variant(row, old)
            kept[one.reference] = one
        return tuple(kept.values())

    def _variant(self, row: ProductRow, old: Mapping[Reference, Variant]) -> Variant:
        reference = variant_reference(self.id, row.variant)
        known = old.get(reference)
        price = self._required(row, "price", row.price, None if known is None else known.price)
        stock = self._required(row, "stock", row.stock, None if known is None else known.stock)
        return Variant(reference, row.variant, price, stock)

    def _required(self, row: ProductRow, field: str, stated: int | None, known: int | None) -> int:
        """The stated or known number; asks, unless the cell has been asked about already."""
        number = stated if stated is not None else known
        if number is None and not any(
            finding.code.startswith(f"{field}_") for finding in row.findings
        ):
            missing = AskedCode.PRICE_MISSING if field == "price" else AskedCode.STOCK_MISSING
            self.ledger.ask(row.place, missing, field)
        return number or 0


def _content(row: ProductRow) -> tuple[object, ...]:
    """What the row says of its product, to tell a repeated row from a contradicting one."""
    numbers = (row.price, row.stock, row.weight_grams, row.active)
    texts = (normal(row.name), row.sku, row.category, row.description, row.photos)
    return (*numbers, *texts, tuple(finding.read for finding in row.findings))
