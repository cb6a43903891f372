"""Products that go up by the seller's own spreadsheet, for as long as no API can: chosen, filled, put on record.

What went into a file keeps its Reference there, so that a later connection adopts it instead of creating it again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from onboarder.connector.errors import Advice
from onboarder.connector.manifest import Manifest
from onboarder.connector.spreadsheet import Filled, RefusedProduct, Template
from onboarder.converge.wanted import Wanted, wanted
from onboarder.model.ids import (
    ListingId,
    MarketplaceName,
    PhotoHash,
    ProductId,
    Reference,
    RemoteId,
    StoreId,
    listing_id,
)
from onboarder.model.people import Actor, Merchant, Programme
from onboarder.model.recorded import StoreWork
from onboarder.problems import BusyProblem, RefusedProblem
from onboarder.records import credentials, tasks, works
from onboarder.records.database import Database, Transaction
from onboarder.records.filed import (
    Filed,
    filed,
    filled_for,
    note_file,
    note_products,
    shop_of,
    store_with,
)
from onboarder.rules.gate import refusal

Clock = Callable[[], datetime]
FAMILY = "sheet."
LISTED = Advice(
    "sheet.listed",
    Actor.NOBODY,
    "Barang ini sudah ada di toko. Tidak perlu dikerjakan.",
    "The product is in the shop already. Nothing is to be done.",
)
IN_THE_FILE = Advice(
    "sheet.in_the_file",
    Actor.NOBODY,
    "Barang ini sudah ada di berkas yang diberikan. Tidak perlu dikerjakan.",
    "The product stands in this file already. Nothing is to be done.",
)
FILED_BEFORE = Advice(
    "sheet.filed_before",
    Actor.CANVASSER,
    "Barang ini sudah masuk berkas sebelumnya. Baca hasilnya dengan --result; kalau tidak jadi diunggah: --again.",
    "The product went into an earlier file. Read its result with --result; if that file was never uploaded: --again.",
)
IN_DOUBT = Advice(
    "sheet.in_doubt",
    Actor.MERCHANT,
    "Belum pasti apakah barang ini sudah ada di toko. Sambungkan toko lagi lewat tautan dulu.",
    "Whether the product is in the shop already is not known. Connect the shop again through its link first.",
)


@dataclass(frozen=True, slots=True)
class Desired:
    """Whose products are to go into a file. `categories` and `manifest` are the marketplace's."""

    merchant: Merchant
    marketplace: MarketplaceName
    programme: Programme
    manifest: Manifest
    categories: Mapping[str, str]
    photos: Callable[[PhotoHash], str] | None
    """The public address of a photo; None if photos are not published."""
    again: bool = False
    """Earlier files were never uploaded: what went into them goes again."""


@dataclass(frozen=True, slots=True)
class Export:
    """A filled file, not on record yet."""

    desired: Desired
    work: StoreWork
    shop: RemoteId
    before: Mapping[ListingId, Filed]
    filled: Filled
    withheld: tuple[RefusedProduct, ...]
    """All products that are not in the file, with each reason."""

    def title(self, reference: Reference) -> str:
        """The product's name, for people."""
        names = {Reference(one.id): one.name for one in self.work.products}
        return names.get(reference, reference)


async def prepare_file(database: Database, desired: Desired, template: Template) -> Export:
    """Fill the template with what may go. `RefusedProblem` if this file is not the merchant's or nothing may go by file.

    Changes nothing; call `record_file` before the file is handed out.
    """
    why = refusal(desired.merchant)
    if why is not None:
        raise RefusedProblem(why.en, id_message=why.id)
    async with database.read() as tx:
        [work] = await works.works(tx, [desired.merchant], desired.marketplace)
        await _see_to_shop(tx, work, template.shop, again=desired.again)
        ids = [listing_id(one.id, desired.marketplace) for one in work.products]
        before = await filed(tx, ids)
    want = _wanted(desired, work)
    held = {
        reference: advice
        for reference in want.listings
        if (advice := _held(reference, work, before, template, again=desired.again))
    }
    going = [one for reference, one in want.listings.items() if reference not in held]
    addresses = {
        photo: desired.photos(photo) for one in going for photo in one.photos if desired.photos
    }
    filled = template.fill(going, addresses)
    faults = [
        *(
            RefusedProduct(one, why.code.rpartition(".")[2], why)
            for one, why in want.faults.items()
        ),
        *filled.refused,
        *(RefusedProduct(one, "", why) for one, why in held.items()),
    ]
    return Export(desired, work, template.shop, before, filled, tuple(faults))


async def record_file(database: Database, export: Export, *, by: str, clock: Clock) -> None:
    """Put on record what the file holds. `BusyProblem` if somebody else has filled one meanwhile."""
    where, marketplace = export.work.store.id, export.desired.marketplace
    ids = [listing_id(one.id, marketplace) for one in export.work.products]
    written = {
        listing_id(ProductId(one.reference), marketplace): Filed.WRITTEN
        for one in export.filled.filed
    }
    async with database.write() as tx:
        if await filed(tx, ids) != export.before:
            raise BusyProblem(
                "somebody else has just made a file for this merchant",
                hint="use that one, or run the command again",
                id_message="orang lain baru saja membuat berkas untuk pedagang ini",
                id_hint="pakai berkas itu, atau jalankan perintah ini lagi",
            )
        now = clock()
        await note_file(tx, where, marketplace, export.shop, at=now, actor=by)
        await note_products(tx, written, shop=export.shop, at=now, actor=by)
        for one in written:
            await tasks.settle(tx, one, now=now, family=FAMILY)


def _wanted(desired: Desired, work: StoreWork) -> Wanted:
    """Categories may stay empty in a file, and without published photos the seller adds them there."""
    limits = desired.manifest.limits
    if desired.photos is None:
        limits = replace(limits, photos_min=0)
    return wanted(
        work.merchant,
        work.products,
        programme=desired.programme,
        manifest=replace(desired.manifest, limits=limits),
        categories={
            one.category: desired.categories.get(one.category, "") for one in work.products
        },
        store_reference=work.store.reference,
        withdrawn=work.store.withdrawn_at is not None,
    )


def _held(
    reference: Reference,
    work: StoreWork,
    before: Mapping[ListingId, Filed],
    template: Template,
    *,
    again: bool,
) -> Advice | None:
    """Why a product that could go must not: it would be there twice."""
    record = work.listings.get(reference)
    state = before.get(listing_id(ProductId(reference), work.store.marketplace))
    if state is Filed.ACCEPTED or (record is not None and record.remote_id is not None):
        return LISTED
    if reference in template.references:
        return IN_THE_FILE
    if any(one.kind.blind and one.reference == reference for one in work.doubts):
        return IN_DOUBT
    return FILED_BEFORE if state is Filed.WRITTEN and not again else None


async def _see_to_shop(tx: Transaction, work: StoreWork, shop: RemoteId, *, again: bool) -> None:
    """`RefusedProblem` unless the file's shop can be this merchant's, and nothing else fills it."""
    where, marketplace = work.store.id, work.store.marketplace
    sealed = await credentials.find(tx, where)
    if sealed is not None and sealed.lost_at is None:
        raise RefusedProblem(
            f"{where} is connected: its products go up by themselves, a file would make doubles",
            hint=f"see: onboarder status {where}",
            id_message=f"{where} sudah tersambung: barangnya naik sendiri, berkas akan membuatnya ganda",
            id_hint=f"lihat: onboarder status {where}",
        )
    if work.store.remote_id not in {None, shop}:
        raise _other_shop(where, shop)
    if await store_with(tx, marketplace, shop) not in {None, where}:
        raise _other_shop(where, shop)
    earlier = await filled_for(tx, marketplace, shop), await shop_of(tx, where)
    if not again and not (earlier[0] in {None, where} and earlier[1] in {None, shop}):
        raise _other_shop(where, shop)


def _other_shop(where: StoreId, shop: RemoteId) -> RefusedProblem:
    return RefusedProblem(
        f"this file belongs to shop {shop}, which is not the shop of {where}",
        hint="let the seller log in to the right shop and download the template again",
        id_message=f"berkas ini milik toko {shop}, bukan toko {where}",
        id_hint="minta penjual masuk ke toko yang benar lalu unduh templatenya lagi",
    )
