"""What sellers and the marketplace's own people do past the API."""

from collections.abc import Callable, Mapping

from tests.marketplace.shopee import pushes
from tests.marketplace.shopee.desk import Desk
from tests.marketplace.shopee.misfortunes import MISFORTUNES
from tests.marketplace.shopee.shelf import (
    Document,
    Item,
    Shop,
    Violation,
    add_item_row,
    item_of,
    keep_item,
    keep_shop,
    next_id,
    shop_of,
)
from tests.marketplace.shopee.visit import Refused

FIRST_SHOP = 14_701_710


class OwnItem(Document):
    """An item that the seller enters by herself."""

    name: str = "Barang sendiri"
    sku: str = ""
    price: int = 10_000
    stock: int = 5
    status: str = "NORMAL"
    category_id: int = 100734


class Reasons(Document):
    """Why an item is refused."""

    violations: tuple[Violation, ...] = (Violation(),)


def register(desk: Desk, fields: Mapping[str, object]) -> Shop:
    """A shop that the seller has opened on her phone: any field of `Shop`, with a new id unless one is given."""
    own = {"shop_id": next_id(desk.state, "shop", FIRST_SHOP)}
    shop = Shop.model_validate({**own, **fields})
    keep_shop(desk.state, shop)
    return shop


def change_shop(desk: Desk, shop_id: int, change: Mapping[str, object]) -> Shop:
    """Set any field of `Shop`."""
    shop = Shop.model_validate({**the_shop(desk, shop_id).model_dump(), **change})
    keep_shop(desk.state, shop)
    return shop


def befall(desk: Desk, shop_id: int, name: str) -> Shop:
    """Let one of the misfortunes happen."""
    if name not in MISFORTUNES:
        raise Refused("error_not_found", f"one of {sorted(MISFORTUNES)}", status=404)
    MISFORTUNES[name](desk.state, desk.rules, desk.now(), the_shop(desk, shop_id))
    return the_shop(desk, shop_id)


def delete_shop(desk: Desk, shop_id: int) -> None:
    """Shop, tokens and items are gone."""
    for table, column in (("shop", "id"), ("token", "shop"), ("item", "shop")):
        desk.state.run(f"DELETE FROM {table} WHERE {column} = ?", shop_id)


def add_own_item(desk: Desk, shop_id: int, own: OwnItem) -> Item:
    now = desk.now()
    item = Item(
        item_id=next_id(desk.state, "item", 3_000_142_340),
        shop_id=the_shop(desk, shop_id).shop_id,
        description=f"{own.name}, dimasukkan sendiri oleh penjual",
        images=("id-11134207-milik-penjual",),
        weight=0.5,
        made_at=now,
        touched_at=now,
        **own.model_dump(),
    )
    add_item_row(desk.state, item, listed_from=now, found_from=now, by_hand=True)
    return item


def change_item(desk: Desk, item_id: int, change: Mapping[str, object]) -> Item:
    """The seller edits her item: any field of `Item`; a price or stock is set on every model too."""
    item = the_item(desk, item_id)
    shelf = {name: change[name] for name in ("price", "stock") if name in change}
    models = [{**model.model_dump(), **shelf} for model in item.models]
    fields = {**item.model_dump(), "models": models, **change, "touched_at": desk.now()}
    changed = Item.model_validate(fields)
    keep_item(desk.state, changed)
    return changed


def act_on_item(desk: Desk, item_id: int, act: str, reasons: Reasons) -> Item:
    if act not in _ACTS:
        raise Refused("error_not_found", f"one of {sorted(_ACTS)}", status=404)
    item = change_item(desk, item_id, _ACTS[act](reasons))
    if act == "ban":
        pushes.item_refused(desk.state, desk.rules, desk.now(), item)
    return item


def the_shop(desk: Desk, shop_id: int) -> Shop:
    shop = shop_of(desk.state, shop_id)
    if shop is None:
        raise Refused("error_not_found", f"no shop {shop_id}", status=404)
    return shop


def the_item(desk: Desk, item_id: int) -> Item:
    item = item_of(desk.state, item_id)
    if item is None:
        raise Refused("error_not_found", f"no item {item_id}", status=404)
    return item


_ACTS: Mapping[str, Callable[[Reasons], Mapping[str, object]]] = {
    "ban": lambda reasons: {"status": "BANNED", "violations": reasons.model_dump()["violations"]},
    "review": lambda _: {"status": "REVIEWING"},
    "approve": lambda _: {"status": "NORMAL", "violations": ()},
    "deboost": lambda reasons: {"deboost": True, "violations": reasons.model_dump()["violations"]},
    "delete": lambda _: {"status": "SELLER_DELETE"},
    "shopee_delete": lambda _: {"status": "SHOPEE_DELETE"},
    "promote": lambda _: {"in_promotion": True},
    "end_promotion": lambda _: {"in_promotion": False},
}
