"""A merchant's goods: added, edited, taken off sale. The merchant's stores follow by themselves."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from onboarder.field.kit import Kit, theirs
from onboarder.field.merchants import ring
from onboarder.field.refused import Fault, Missing, NotDone, wrong
from onboarder.intake.asked import Asked
from onboarder.intake.cells import line, paragraph
from onboarder.intake.names import read_name
from onboarder.model.goods import Product, Variant
from onboarder.model.ids import (
    MerchantId,
    PhotoHash,
    ProductId,
    StoreId,
    product_id,
    variant_reference,
)
from onboarder.model.work import Lane
from onboarder.people.roles import Person
from onboarder.records import field as records
from onboarder.records import register, stores, uploads, writes
from onboarder.records.database import Transaction

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A size, colour or pack, as written down."""

    name: str
    price: int
    stock: int


@dataclass(frozen=True, slots=True)
class Offered:
    """What a person writes down of a product. `photos`: finished uploads, or photos that the product has already."""

    name: str
    price: int
    stock: int
    weight_grams: int
    category: str | None
    description: str
    photos: tuple[str, ...]
    variants: tuple[Choice, ...] = field(default=())


async def add(kit: Kit, who: Person, key: str, ulid: str, offered: Offered) -> Product:
    """A new product under the id that the phone made. Safe to repeat: what is on record stays as it is."""
    async with kit.database.write() as tx:
        owner = (await theirs(tx, who, key)).merchant.id
        wanted = product_id(owner, ulid)
        known = await records.good(tx, owner, wanted)
        if known is not None:
            return known
        blank = Product(
            id=wanted,
            merchant_id=owner,
            product_key=ulid,
            name="",
            description="",
            category="",
            weight_grams=0,
            photos=(),
            variants=(),
        )
        fresh = await _written(kit, tx, who, blank, offered)
        now = kit.clock()
        await records.add_good(tx, fresh, now=now)
        await writes.note(tx, at=now, actor=who.id, action="product.added", subject=wanted)
        woken = await stores.wake_merchants(tx, [owner], now=now, lane=Lane.STALL)
        made = await records.good(tx, owner, wanted)
    await ring(kit, woken)
    return made or fresh


async def edit(
    kit: Kit, who: Person, key: str, good: str, change: Callable[[Product], Offered]
) -> Product:
    """Change what is written of a product, and put it on sale again if it was off. Safe to repeat.

    `change` sees the product as it is while nobody else can change it, and may refuse by raising.
    """
    async with kit.database.write() as tx:
        before = await _mine(tx, who, key, good, to_edit=True)
        after = replace(await _written(kit, tx, who, before, change(before)), active=True)
        woken = await _save(kit, tx, who, before, after, action="product.edited")
    await ring(kit, woken)
    return after


async def take_off(kit: Kit, who: Person, key: str, good: str) -> Product:
    """Take a product off sale; its listings are withdrawn. Safe to repeat."""
    async with kit.database.write() as tx:
        before = await _mine(tx, who, key, good, to_edit=True)
        after = replace(before, active=False)
        woken = await _save(kit, tx, who, before, after, action="product.ended")
    await ring(kit, woken)
    return after


def name_on_phones(product: Product) -> str:
    """The id that a phone gave it, else ours."""
    key = product.product_key
    return key if ULID.fullmatch(key) else product.id


def id_of(owner: MerchantId, good: str) -> ProductId:
    """Our id of what is named by the phone's id or by ours."""
    return product_id(owner, good) if ULID.fullmatch(good) else ProductId(good)


async def _mine(tx: Transaction, who: Person, key: str, good: str, *, to_edit: bool) -> Product:
    owner = (await theirs(tx, who, key)).merchant.id
    found = await records.good(tx, owner, id_of(owner, good), to_edit=to_edit)
    if found is None:
        raise Missing
    return found


async def _save(
    kit: Kit, tx: Transaction, who: Person, before: Product, after: Product, *, action: str
) -> list[StoreId]:
    """Keep the change and mark the merchant's stores due; returns them."""
    if after == before:
        return []
    now = kit.clock()
    await register.save_products(tx, [after], [after.id], now)
    await writes.note(tx, at=now, actor=who.id, action=action, subject=after.id)
    return await stores.wake_merchants(tx, [after.merchant_id], now=now, lane=Lane.STALL)


async def _written(
    kit: Kit, tx: Transaction, who: Person, before: Product, offered: Offered
) -> Product:
    """The product as written, within the bounds that imports keep; `invalid` naming all that does not fit."""
    reading = _Reading(kit, before, offered)
    photos = await _photos(tx, who, before, offered.photos)
    found = reading.product(photos)
    if reading.faults:
        raise wrong(*reading.faults)
    return found


async def _photos(
    tx: Transaction, who: Person, before: Product, named: Sequence[str]
) -> tuple[PhotoHash, ...]:
    done = await uploads.photos(tx, who.id, named)
    had = {str(one): one for one in before.photos}
    known = {**done, **had}
    if any(one not in known for one in named):
        raise NotDone("photo_missing", Fault("photos", "photo_missing"))
    return tuple(dict.fromkeys(known[one] for one in named))


class _Reading:
    """One product as it was written; collects what does not fit."""

    def __init__(self, kit: Kit, before: Product, offered: Offered) -> None:
        self._limits = kit.intake.limits.values
        self._goods = kit.rules.goods
        self._categories = kit.intake.categories
        self._before = before
        self._offered = offered
        self.faults: list[Fault] = []

    def product(self, photos: tuple[PhotoHash, ...]) -> Product:
        offered = self._offered
        self._within(len(offered.photos) <= self._goods.photos, "photos", "field_too_long")
        self._weight()
        description = paragraph(offered.description)
        longest = self._goods.description_characters
        self._within(len(description) <= longest, "description", "field_too_long")
        name = self._name()
        return replace(
            self._before,
            name=name,
            description=description,
            category=self._category(name),
            weight_grams=offered.weight_grams,
            photos=photos,
            variants=self._variants(),
        )

    def _within(self, fits: object, name: str, code: str) -> None:
        if not fits:
            self.faults.append(Fault(name, code))

    def _name(self) -> str:
        try:
            return read_name(self._offered.name, self._limits.name_characters)
        except Asked as question:
            self.faults.append(Fault("name", question.code))
            return ""

    def _weight(self) -> None:
        limits = self._limits
        fits = limits.weight_lowest <= self._offered.weight_grams <= limits.weight_highest
        self._within(fits, "weight_grams", "weight_bounds")

    def _category(self, name: str) -> str:
        stated = self._offered.category
        found = self._categories.code_for(stated or name)
        self._within(found and (stated is None or found == stated), "category", "category_unknown")
        return found or ""

    def _variants(self) -> tuple[Variant, ...]:
        """The choices; without any, the product itself is the only one."""
        offered = self._offered
        choices = offered.variants or (Choice("", offered.price, offered.stock),)
        self._within(len(choices) <= self._goods.variants, "variants", "field_too_long")
        made: dict[str, Variant] = {}
        for number, one in enumerate(choices):
            path = f"variants.{number}." if offered.variants else ""
            self._shelf(one, path)
            name = line(one.name)
            self._within(name or not offered.variants, f"{path}name", "variant_missing")
            reference = variant_reference(self._before.id, name)
            self._within(reference not in made, f"{path}name", "variant_twice")
            made[reference] = Variant(reference, name, one.price, one.stock)
        return tuple(made.values())

    def _shelf(self, one: Choice, path: str) -> None:
        limits = self._limits
        fits = limits.price_lowest <= one.price <= limits.price_highest
        self._within(fits, f"{path}price", "price_bounds")
        self._within(0 <= one.stock <= limits.stock_highest, f"{path}stock", "stock_unclear")
