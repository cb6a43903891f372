"""What the marketplace says of an uploaded file, put on record: accepted, refused with a task, or not mentioned."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from onboarder.connector.errors import Advice
from onboarder.connector.spreadsheet import FileResult
from onboarder.converge.by_file import FAMILY, Clock
from onboarder.model.ids import ListingId, MarketplaceName, Reference, listing_id
from onboarder.model.people import Actor, Merchant
from onboarder.model.recorded import StoreWork
from onboarder.records import stores, tasks, works
from onboarder.records.database import Database, Transaction
from onboarder.records.filed import Filed, filed, note_products

REFUSED_THERE = Advice(
    "sheet.refused",
    Actor.CANVASSER,
    "Marketplace menolak barang ini dari berkas. Perbaiki di daftar barang, impor, lalu ekspor lagi.",
    "The marketplace refused this product of the file. Mend the register, import it, and export again.",
)


class FileState(StrEnum):
    """What the marketplace's file says of a product."""

    REFUSED = "refused"
    SILENT = "silent"
    """It went into a file, and the marketplace's file does not mention it."""
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Judged:
    """What the marketplace said of the file, for one store. Reasons are in its words."""

    work: StoreWork
    accepted: tuple[Reference, ...]
    refused: tuple[tuple[Reference, str], ...]
    silent: tuple[Reference, ...]
    """Went into a file, and the marketplace's file does not mention them."""
    foreign: int
    """Products in it that are not ours."""

    def title(self, reference: Reference) -> str:
        """The product's name, for people."""
        names = {Reference(one.id): one.name for one in self.work.products}
        return names.get(reference, reference)


async def judge(
    database: Database,
    merchant: Merchant,
    marketplace: MarketplaceName,
    result: FileResult,
    *,
    by: str,
    clock: Clock,
) -> Judged:
    """Put on record what the marketplace says of each product, with a task for each refused one. Safe to repeat."""
    said = {one.reference: one.reason for one in result.verdicts}
    async with database.write() as tx:
        [work] = await works.works(tx, [merchant], marketplace)
        ids = {Reference(one.id): listing_id(one.id, marketplace) for one in work.products}
        before = await filed(tx, list(ids.values()))
        became = {
            ids[one]: Filed.ACCEPTED if said[one] is None else Filed.REFUSED
            for one in ids
            if one in said
        }
        now = clock()
        fresh = {one: what for one, what in became.items() if before.get(one) is not what}
        await note_products(tx, fresh, shop=result.shop, at=now, actor=by)
        await _tell(tx, work, said, ids, now)
    waiting = {one for one, what in before.items() if what is Filed.WRITTEN}
    return Judged(
        work,
        accepted=tuple(one for one in ids if one in said and said[one] is None),
        refused=tuple((one, reason) for one in ids if (reason := said.get(one)) is not None),
        silent=tuple(one for one, listing in ids.items() if listing in waiting and one not in said),
        foreign=len(said.keys() - ids.keys()),
    )


async def _tell(
    tx: Transaction,
    work: StoreWork,
    said: Mapping[str, str | None],
    ids: Mapping[Reference, ListingId],
    now: datetime,
) -> None:
    """Tasks hang on a store: without one on record the report alone has to do."""
    if not await stores.existing(tx, [work.store.id]):
        return
    titles = {Reference(one.id): one.name for one in work.products}
    for reference, listing in ids.items():
        reason = said.get(reference)
        if reason is not None:
            title = titles[reference]
            told = replace(
                REFUSED_THERE,
                id=f"{title}: {REFUSED_THERE.id} ({reason})",
                en=f"{title}: {REFUSED_THERE.en} ({reason})",
            )
            await tasks.ask(
                tx,
                where=work.store.id,
                owner=work.merchant.id,
                subject=listing,
                advice=told,
                now=now,
            )
        elif reference in said:
            await tasks.settle(tx, listing, now=now, family=FAMILY)
