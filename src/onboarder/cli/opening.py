"""`onboarder open`: order the stores of trained merchants; returns at once with handles."""

from collections.abc import Sequence

from rich.console import RenderableType

from onboarder.application import Application
from onboarder.cli.choosing import Choice
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import table
from onboarder.cli.watching import watch_stores
from onboarder.converge import orders
from onboarder.converge.choice import one_meant
from onboarder.converge.orders import OrderReceipt
from onboarder.model.ids import MarketplaceName
from onboarder.model.people import Merchant
from onboarder.queue import installed_queue
from onboarder.records.progress import Selection

SHOWN = 20
"""Stores and refused merchants shown on screen; --json has them all."""


async def open_stores(desk: Desk, choice: Choice, *, wait: bool) -> int:
    async with desk.application() as app:
        names = one_meant(choice.marketplace_names(app), named=bool(choice.marketplaces))
        merchants = await choice.merchants(app)
        receipt = await _order(desk, app, merchants, names)
        if not (wait and receipt.accepted):
            desk.show(_document(receipt, desk), lambda: _render(receipt, desk))
            return Exit.DONE if receipt.accepted else Exit.REFUSED
        _tell_refused(desk, receipt)
        owners = tuple(one.id for one in merchants) if choice.ids else ()
        chosen = Selection(choice.market_code(app), tuple(names), owners)
        return await watch_stores(desk, app, chosen)


async def _order(
    desk: Desk, app: Application, merchants: Sequence[Merchant], names: Sequence[MarketplaceName]
) -> OrderReceipt:
    async with installed_queue().doorbell(app.settings) as doorbell:
        return await orders.open_stores(
            app.database, doorbell, merchants, names, by=desk.actor, clock=app.clock
        )


def _document(receipt: OrderReceipt, desk: Desk) -> object:
    return {
        "stores": list(receipt.accepted),
        "refused": [
            {
                "merchant": one,
                "code": why.code,
                "who": why.who,
                "text": desk.words.either(why.id, why.en),
            }
            for one, why in receipt.refused
        ],
    }


def _render(receipt: OrderReceipt, desk: Desk) -> list[RenderableType]:
    _tell_refused(desk, receipt)
    if not receipt.accepted:
        return []
    desk.say("open.accepted", count=len(receipt.accepted))
    shown = [[one] for one in receipt.accepted[:SHOWN]]
    if len(receipt.accepted) > SHOWN:
        desk.say("open.more", count=len(receipt.accepted) - SHOWN)
    return [table([desk.words("word.store")], shown)]


def _tell_refused(desk: Desk, receipt: OrderReceipt) -> None:
    if not receipt.refused:
        return
    desk.say("open.refused", count=len(receipt.refused))
    for one, why in receipt.refused[:SHOWN]:
        desk.tell(f"  {one}: {desk.words.either(why.id, why.en)}")
    if len(receipt.refused) > SHOWN:
        desk.say("open.more", count=len(receipt.refused) - SHOWN)
