"""`onboarder export NAME-template --result`: what the marketplace says of the file that the seller uploaded."""

from rich.console import RenderableType

from onboarder.application import Application
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.seller_files import Asked, merchant_asked, merchant_known
from onboarder.cli.tables import Cell, table
from onboarder.connector.registry import MarketplaceConfig
from onboarder.connector.spreadsheet import FileResult
from onboarder.converge.file_verdicts import FileState, Judged, judge
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.people import Merchant
from onboarder.problems import UsageProblem
from onboarder.records.filed import filled_for, store_with


async def show_result(
    desk: Desk, app: Application, config: MarketplaceConfig, result: FileResult, asked: Asked
) -> int:
    merchant = await _filed_for(app, config, result.shop, asked)
    judged = await judge(
        app.database, merchant, config.name, result, by=desk.actor, clock=app.clock
    )
    desk.show(_result_document(judged), lambda: _result_parts(desk, judged))
    counts = {"accepted": len(judged.accepted), "refused": len(judged.refused)}
    desk.say("export.judged", **counts, silent=len(judged.silent), foreign=judged.foreign)
    return Exit.ASKED if judged.refused else Exit.DONE


async def _filed_for(
    app: Application, config: MarketplaceConfig, shop: RemoteId, asked: Asked
) -> Merchant:
    """Whose file the marketplace gave back, by its shop."""
    async with app.database.read() as tx:
        found = await store_with(tx, config.name, shop) or await filled_for(tx, config.name, shop)
    named = await merchant_asked(app, config, asked) if asked.merchant else None
    owner = found.rpartition("@")[0] if found else None
    if owner is None or (named is not None and named.id != owner):
        raise UsageProblem(
            f"no file for shop {shop} was made here" + (f" for {named.id}" if named else ""),
            hint=f"first: onboarder export {asked.form} --template FILE --merchant ID --out FILE",
            id_message=f"belum pernah ada berkas untuk toko {shop}"
            + (f" milik {named.id}" if named else ""),
            id_hint=f"dulu: onboarder export {asked.form} --template BERKAS --merchant KODE --out BERKAS",
        )
    return named or await merchant_known(app, owner)


def _verdicts(judged: Judged) -> list[tuple[Reference, FileState, str]]:
    """Reference, what became of it, the marketplace's reason."""
    return [
        *((one, FileState.REFUSED, reason) for one, reason in judged.refused),
        *((one, FileState.SILENT, "") for one in judged.silent),
        *((one, FileState.ACCEPTED, "") for one in judged.accepted),
    ]


def _result_document(judged: Judged) -> object:
    return {
        "store": judged.work.store.id,
        "products": [
            {"reference": one, "title": judged.title(one), "state": state, "reason": reason or None}
            for one, state, reason in _verdicts(judged)
        ],
        "foreign": judged.foreign,
    }


def _result_parts(desk: Desk, judged: Judged) -> list[RenderableType]:
    words = desk.words
    header = [words("word.product"), words("word.state"), words("word.reason")]
    rows: list[list[Cell]] = [
        [judged.title(one), words(f"file_state.{state}"), reason]
        for one, state, reason in _verdicts(judged)
    ]
    return [table(header, rows)] if rows else []
