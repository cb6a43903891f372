"""The tables, and the typed rows that are kept in them as documents."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from onboarder_rehearsal.server.state import State, Value

TABLES = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS shop (id INTEGER PRIMARY KEY, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS code (
  code TEXT PRIMARY KEY, owner TEXT NOT NULL, shops TEXT NOT NULL, expires_at REAL NOT NULL,
  days REAL NOT NULL, spent INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS token (
  token TEXT NOT NULL, kind TEXT NOT NULL, shop INTEGER NOT NULL, expires_at REAL NOT NULL,
  spent INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (token, shop));
CREATE INDEX IF NOT EXISTS token_shop ON token (shop);
CREATE TABLE IF NOT EXISTS image (id TEXT PRIMARY KEY, digest TEXT NOT NULL, uploads INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS withdrawn (category INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS item (
  id INTEGER PRIMARY KEY, shop INTEGER NOT NULL, sku TEXT NOT NULL, status TEXT NOT NULL, made_at REAL NOT NULL,
  touched_at REAL NOT NULL, listed_from REAL NOT NULL, found_from REAL NOT NULL, review_at REAL,
  by_hand INTEGER NOT NULL, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS item_shop ON item (shop);
CREATE INDEX IF NOT EXISTS item_sku ON item (sku);
CREATE INDEX IF NOT EXISTS item_review ON item (review_at) WHERE review_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS dial (
  no INTEGER PRIMARY KEY, spec TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0, struck INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS late (no INTEGER PRIMARY KEY, due REAL NOT NULL, spec TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS push (
  no INTEGER PRIMARY KEY, body TEXT NOT NULL, due REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'waiting');
CREATE TABLE IF NOT EXISTS day (day INTEGER PRIMARY KEY, calls INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS log (
  no INTEGER PRIMARY KEY, at REAL NOT NULL, method TEXT NOT NULL, route TEXT NOT NULL, shop INTEGER,
  status INTEGER NOT NULL, error TEXT NOT NULL, dial TEXT);
CREATE INDEX IF NOT EXISTS log_shop ON log (shop);
"""


class Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shop(Document):
    """A seller's shop and what she did with it. Times are seconds since the epoch."""

    shop_id: int
    label: str = ""
    """For whoever judges a run; no part of Shopee."""
    main_account_id: int | None = None
    shop_name: str = "Toko"
    region: str = "ID"
    status: str = "NORMAL"
    """NORMAL, BANNED, FROZEN; or anything, to see who survives it."""
    is_cb: bool = False
    description: str = ""
    shop_logo: str = ""
    name_changed_at: float | None = None
    kyc: Literal["done", "pending", "pending_but_info"] = "done"
    """Seller Registration; `pending_but_info` lets get_shop_info through."""
    channels: Literal["ready", "none", "masked", "disabled"] = "ready"
    holiday: bool = False
    penalty: bool = False
    warehouses: bool = False
    item_count_max: int = 50_001
    warned: bool = False
    """Whether push 12, or 2 for the end of the authorization, was sent for this consent."""
    ended: bool = False
    linked: bool = False
    auth_time: float = 0
    expire_time: float = 0


class Stock(Document):
    stock: int


class Tier(Document):
    name: str
    options: tuple[str, ...]
    images: tuple[str, ...] = ()
    """One for each option, or none."""


class Size(Document):
    package_length: int
    package_width: int
    package_height: int


class Model(Document):
    model_id: int
    tier_index: tuple[int, ...]
    price: int
    stock: int
    sku: str = ""
    reserved: int = 0
    weight: float | None = None
    dimension: Size | None = None


class Violation(Document):
    violation_type: str = "Prohibited Listing"
    violation_reason: str = "Produk dilarang"
    suggestion: str = "Hapus produk ini"
    fix_deadline_time: int = 0
    update_time: int = 0


class Item(Document):
    """An item as the marketplace holds it."""

    item_id: int
    shop_id: int
    name: str
    description: str
    category_id: int
    images: tuple[str, ...]
    price: int
    stock: int
    reserved: int = 0
    weight: float
    dimension: Size | None = None
    logistics: tuple[dict[str, object], ...] = ()
    brand_name: str = "NoBrand"
    brand_id: int = 0
    attributes: tuple[dict[str, object], ...] = ()
    condition: str = "NEW"
    sku: str = ""
    dangerous: int = 0
    gtin: str = ""
    is_pre_order: bool = False
    days_to_ship: int = 2
    wholesale: tuple[dict[str, object], ...] = ()
    status: str = "UNLIST"
    tiers: tuple[Tier, ...] = ()
    models: tuple[Model, ...] = ()
    violations: tuple[Violation, ...] = ()
    deboost: bool = False
    in_promotion: bool = False
    made_at: float = 0
    touched_at: float = 0


GONE = frozenset({"SELLER_DELETE", "SHOPEE_DELETE"})


def open_state(folder: Path | None) -> State:
    return State(folder, TABLES)


def shop_of(state: State, shop_id: int | None) -> Shop | None:
    row = state.one("SELECT doc FROM shop WHERE id = ?", shop_id)
    return None if row is None else Shop.model_validate_json(row["doc"])


def all_shops(state: State) -> Iterator[Shop]:
    for row in state.all("SELECT doc FROM shop ORDER BY id"):
        yield Shop.model_validate_json(row["doc"])


def keep_shop(state: State, shop: Shop) -> None:
    state.run("INSERT OR REPLACE INTO shop VALUES (?, ?)", shop.shop_id, shop.model_dump_json())


def item_of(state: State, item_id: int) -> Item | None:
    row = state.one("SELECT doc FROM item WHERE id = ?", item_id)
    return None if row is None else Item.model_validate_json(row["doc"])


def items_where(state: State, condition: str, *values: Value) -> list[Item]:
    rows = state.all(f"SELECT doc FROM item WHERE {condition}", *values)
    return [Item.model_validate_json(row["doc"]) for row in rows]


def add_item_row(
    state: State, item: Item, *, listed_from: float, found_from: float, by_hand: bool
) -> None:
    state.run(
        "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)",
        item.item_id,
        item.shop_id,
        item.sku,
        item.status,
        item.made_at,
        item.touched_at,
        listed_from,
        found_from,
        by_hand,
        item.model_dump_json(),
    )


def keep_item(state: State, item: Item) -> None:
    state.run(
        "UPDATE item SET sku = ?, status = ?, touched_at = ?, doc = ? WHERE id = ?",
        item.sku,
        item.status,
        item.touched_at,
        item.model_dump_json(),
        item.item_id,
    )


def next_id(state: State, name: str, first: int) -> int:
    """Ids grow and are never used again."""
    number = int(state.setting(name) or first) + 1
    state.set_setting(name, str(number))
    return number
