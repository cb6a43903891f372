"""What a merchant sells. Money is whole rupiah, weight is grams."""

from dataclasses import dataclass

from onboarder.model.ids import MerchantId, PhotoHash, ProductId, Reference


@dataclass(frozen=True, slots=True)
class Variant:
    """One choice of a product (size, colour); a product without choices has one variant named ''."""

    reference: Reference
    name: str
    price: int
    stock: int


@dataclass(frozen=True, slots=True)
class Product:
    """A thing the merchant sells; `category` is a code of config/categories."""

    id: ProductId
    merchant_id: MerchantId
    product_key: str
    """What identifies it in the register: the merchant's SKU if there is one, else the normalised name."""
    name: str
    description: str
    category: str
    weight_grams: int
    photos: tuple[PhotoHash, ...]
    variants: tuple[Variant, ...]
    active: bool = True
    """False: the merchant no longer sells it, listings are to be withdrawn."""
