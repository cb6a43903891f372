"""`onboarder redrive`: parked work goes on once its cause is mended."""

from collections.abc import Sequence

from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.converge import orders
from onboarder.model.ids import StoreId
from onboarder.problems import UsageProblem
from onboarder.queue import installed_queue


async def redrive(desk: Desk, stores: Sequence[str], *, all_parked: bool) -> int:
    """Wake the named stores, or all parked ones."""
    if bool(stores) is all_parked:
        raise UsageProblem(
            "name stores in exactly one way",
            hint="STORE ids, or --all-parked",
            id_message="sebutkan toko dengan satu cara saja",
            id_hint="kode toko, atau --all-parked",
        )
    wanted = None if all_parked else [StoreId(one) for one in stores]
    async with desk.application() as app, installed_queue().doorbell(app.settings) as doorbell:
        woken = await orders.redrive(app.database, doorbell, wanted, by=desk.actor, clock=app.clock)
    desk.say("redrive.woken", count=len(woken))
    if desk.as_json:
        desk.show({"stores": woken}, list)
    return Exit.DONE
