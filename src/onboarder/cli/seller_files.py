"""What both ways of `onboarder export` share: the line as written, a bounded file, and whose it is."""

from dataclasses import dataclass
from pathlib import Path

from onboarder.application import Application
from onboarder.connector.registry import MarketplaceConfig
from onboarder.converge.choice import merchants_named
from onboarder.intake.refused import IntakeRefused
from onboarder.intake.workbook import read_workbook
from onboarder.model.people import Merchant
from onboarder.problems import UsageProblem


@dataclass(frozen=True, slots=True)
class Asked:
    """The line as written."""

    form: str
    template: Path | None
    result: Path | None
    merchant: str | None
    """The merchant's id, or the store's."""
    out: Path | None
    again: bool


def bounded(app: Application, path: Path) -> bytes:
    """The file's bytes, after its size, content and shape were found to be within the import's limits."""
    try:
        read_workbook(path, app.intake_rules.limits.file)
    except IntakeRefused as refused:
        raise UsageProblem(refused.en, id_message=refused.id) from None
    return path.read_bytes()


async def merchant_asked(app: Application, config: MarketplaceConfig, asked: Asked) -> Merchant:
    owner, _, where = (asked.merchant or "").partition("@")
    if not owner or where not in {"", config.name}:
        raise UsageProblem(
            "a template belongs to one merchant: say whose",
            hint=f"--merchant ID, or --store ID@{config.name}",
            id_message="satu template untuk satu pedagang: sebutkan pedagangnya",
            id_hint=f"--merchant KODE, atau --store KODE@{config.name}",
        )
    return await merchant_known(app, owner)


async def merchant_known(app: Application, owner: str) -> Merchant:
    async with app.database.read() as tx:
        [merchant] = await merchants_named(
            tx, app.programme, ids=[owner], market=None, all_trained=False
        )
    return merchant
