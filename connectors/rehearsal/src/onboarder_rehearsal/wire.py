"""The practice marketplace's own words: what it answers, read strictly enough to trust, loosely enough to last."""

from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, TypeAdapter

SellerPhase = Literal["screening", "trading", "turned_down", "frozen", "left"]
ItemPhase = Literal["screening", "selling", "turned_down", "hidden"]
SellerNo = Annotated[str, StringConstraints(pattern=r"^S\d+$")]
ItemNo = Annotated[str, StringConstraints(pattern=r"^I\d+$")]


class Answered(BaseModel):
    """A part of an answer; fields added later do no harm."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Pickup(Answered):
    city: str


class Seller(Answered):
    seller_no: SellerNo
    external_key: str
    shop_name: str
    phase: SellerPhase
    note: str | None
    pickup: Pickup | None
    page: str


class SellerAnswer(Answered):
    seller: Seller


class SellersAnswer(Answered):
    sellers: tuple[Seller, ...]


class TokenAnswer(Answered):
    access_token: Annotated[str, StringConstraints(min_length=1)]
    expires_in: float
    """Seconds."""


class Choice(Answered):
    sku: str
    label: str
    amount_sen: int
    on_hand: int


class Item(Answered):
    item_no: ItemNo
    external_key: str | None
    headline: str
    blurb: str
    category: str
    mass_kg: Annotated[str, StringConstraints(pattern=r"^\d+\.\d{3}$")]
    images: tuple[str, ...]
    choices: tuple[Choice, ...]
    phase: ItemPhase
    note: str | None
    page: str
    touched_at: AwareDatetime


class ItemAnswer(Answered):
    item: Item


class ItemsAnswer(Answered):
    items: tuple[Item, ...]
    next: ItemNo | None


class Spot(Answered):
    at: str
    why: str


class Fault(Answered):
    kind: str
    text: str = ""
    spots: tuple[Spot, ...] = ()


class FaultAnswer(Answered):
    fault: Fault


class BatchResult(Answered):
    external_key: str
    status: Literal["created", "refused"]
    item: Item | None = None
    fault: Fault | None = None


class BatchAnswer(Answered):
    results: tuple[BatchResult, ...]


class Leaf(Answered):
    code: str
    label: str
    open: bool


class Branch(Leaf):
    children: tuple[Leaf, ...]


class TaxonomyAnswer(Answered):
    taxonomy: tuple[Branch, ...]


class ImageAnswer(Answered):
    image_id: Annotated[str, StringConstraints(min_length=1)]


SELLER = TypeAdapter(SellerAnswer)
SELLERS = TypeAdapter(SellersAnswer)
TOKEN = TypeAdapter(TokenAnswer)
ITEM = TypeAdapter(ItemAnswer)
ITEMS = TypeAdapter(ItemsAnswer)
FAULT = TypeAdapter(FaultAnswer)
BATCH = TypeAdapter(BatchAnswer)
TAXONOMY = TypeAdapter(TaxonomyAnswer)
IMAGE = TypeAdapter(ImageAnswer)


class ContactBody(TypedDict):
    person: str
    phone: NotRequired[str]
    email: NotRequired[str]


class ApplicationBody(TypedDict):
    external_key: str
    shop_name: str
    about: str
    contact: ContactBody


class PickupBody(TypedDict):
    place: str
    street: str
    city: str
    province: str
    postcode: str


class ShelfBody(TypedDict):
    sku: str
    amount_sen: NotRequired[int]
    on_hand: NotRequired[int]


class ChoiceBody(TypedDict):
    sku: str
    label: str
    amount_sen: int
    on_hand: int


class ItemChangeBody(TypedDict, total=False):
    headline: str
    blurb: str
    category: str
    mass_kg: str
    images: list[str]
    choices: list[ChoiceBody]


class NewItemBody(TypedDict):
    external_key: str
    headline: str
    blurb: str
    category: str
    mass_kg: str
    images: list[str]
    choices: list[ChoiceBody]
