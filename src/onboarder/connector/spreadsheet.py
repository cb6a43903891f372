"""What a connector adds to the contract where products can also go up by the seller's own spreadsheet.

The seller downloads a template that is bound to one shop, we fill it, the seller uploads it, and the marketplace may give
it back with what it refused. Nothing here calls anybody: bytes in, bytes out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from onboarder.connector.errors import Advice
from onboarder.model.ids import PhotoHash, Reference, RemoteId
from onboarder.model.shop import ListingContent


@dataclass(frozen=True, slots=True)
class FiledProduct:
    """A product in the filled file, and the spreadsheet's rows it stands in."""

    reference: Reference
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RefusedProduct:
    """A product that is not in the filled file, with one reason and what to do about it."""

    reference: Reference
    field: str
    """In our own field names."""
    advice: Advice


@dataclass(frozen=True, slots=True)
class Filled:
    """The seller's file with our products in it."""

    content: bytes = field(repr=False)
    filed: tuple[FiledProduct, ...]
    refused: tuple[RefusedProduct, ...]


@dataclass(frozen=True, slots=True)
class ProductVerdict:
    """What the marketplace says of one product in the file that it gave back."""

    reference: str
    """As it stands there; it may be the seller's own."""
    reason: str | None
    """In the marketplace's words, without personal data; None: accepted."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """The file that the marketplace gave back."""

    shop: RemoteId
    verdicts: tuple[ProductVerdict, ...]


class Template(Protocol):
    """The seller's own downloaded file, understood."""

    @property
    def shop(self) -> RemoteId:
        """The shop it is bound to."""
        ...

    @property
    def references(self) -> frozenset[str]:
        """The keys of products that stand in it already."""
        ...

    def fill(self, listings: Sequence[ListingContent], photos: Mapping[PhotoHash, str]) -> Filled:
        """The file with the listings after what stands in it; everything else stays as it is.

        `photos`: public addresses; the cells of photos without one stay empty. Safe to repeat.
        """
        ...


class Spreadsheet(Protocol):
    """A marketplace's way by spreadsheet. The caller bounds the size of what it hands in."""

    def read_template(self, content: bytes) -> Template:
        """`UsageProblem` saying what to do if it is not a template that can be filled without guessing."""
        ...

    def read_result(self, content: bytes) -> FileResult:
        """`UsageProblem` if it is not a filled template with the marketplace's verdicts."""
        ...


@runtime_checkable
class OffersSpreadsheet(Protocol):
    """A connector's class whose marketplace has a spreadsheet; needs neither keys nor a connection."""

    def spreadsheet(self, settings: Mapping[str, object]) -> Spreadsheet:
        """With the marketplace's settings; `ConfigProblem` if one is wrong."""
        ...
