"""The commands' signatures: the table of contents of the command line.

Only what a signature needs is imported here, so that help comes at once; what carries a command out is imported when it
runs. Help texts stand in texts/, under `help.COMMAND` and `option.COMMAND_PARAMETER`.
"""

from pathlib import Path
from typing import Annotated

import typer

from onboarder.cli.desk import Desk

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID")]
MerchantIds = Annotated[list[str] | None, typer.Argument(metavar="MERCHANT")]
Market = Annotated[str | None, typer.Option("--market", metavar="CODE|NAME")]
AllTrained = Annotated[bool, typer.Option("--all-trained")]
Marketplaces = Annotated[list[str] | None, typer.Option("--marketplace", "-m", metavar="NAME")]


def import_registers(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE")],
    photos: Annotated[Path | None, typer.Option("--photos", metavar="DIR|ZIP")] = None,
    verdicts: Annotated[Path | None, typer.Option("--verdicts", metavar="OUT.xlsx")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
) -> int:
    from onboarder.cli.importing import import_registers as carry_out

    desk = Desk.of(context)
    return desk.run(carry_out(desk, files, photos=photos, verdicts=verdicts, dry_run=dry_run))


def plan(
    context: typer.Context,
    merchant: Annotated[list[str] | None, typer.Option("--merchant", metavar="ID")] = None,
    market: Market = None,
    all_trained: AllTrained = False,
    marketplace: Marketplaces = None,
) -> int:
    from onboarder.cli.choosing import Choice
    from onboarder.cli.planning import plan as carry_out

    desk = Desk.of(context)
    choice = Choice(merchant or [], market, all_trained, marketplace or [])
    return desk.run(carry_out(desk, choice))


def open_stores(  # noqa: PLR0917  # options, given by name
    context: typer.Context,
    merchants: MerchantIds = None,
    market: Market = None,
    all_trained: AllTrained = False,
    marketplace: Marketplaces = None,
    wait: Annotated[bool, typer.Option("--wait")] = False,
) -> int:
    from onboarder.cli.choosing import Choice
    from onboarder.cli.opening import open_stores as carry_out

    desk = Desk.of(context)
    choice = Choice(merchants or [], market, all_trained, marketplace or [])
    return desk.run(carry_out(desk, choice, wait=wait))


def status(
    context: typer.Context,
    ids: Ids = None,
    market: Market = None,
    marketplace: Marketplaces = None,
) -> int:
    from onboarder.cli.choosing import Choice
    from onboarder.cli.standing import status as carry_out

    desk = Desk.of(context)
    return desk.run(carry_out(desk, Choice(ids or [], market, False, marketplace or [])))


def watch(
    context: typer.Context,
    ids: Ids = None,
    market: Market = None,
    marketplace: Marketplaces = None,
    timeout: Annotated[float | None, typer.Option("--timeout", metavar="SECONDS", min=0)] = None,
) -> int:
    from onboarder.cli.choosing import Choice
    from onboarder.cli.watching import watch as carry_out

    desk = Desk.of(context)
    choice = Choice(ids or [], market, False, marketplace or [])
    return desk.run(carry_out(desk, choice, timeout=timeout))


def tasks(
    context: typer.Context,
    who: Annotated[str | None, typer.Option("--who", metavar="ROLE")] = None,
    market: Market = None,
) -> int:
    if context.invoked_subcommand:
        return 0
    from onboarder.cli.tasks import list_tasks

    desk = Desk.of(context)
    return desk.run(list_tasks(desk, who=who, market=market))


def answer(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER")],
    text: Annotated[str, typer.Argument(metavar="done|keep|restore")],
) -> int:
    from onboarder.cli.tasks import answer_task

    desk = Desk.of(context)
    return desk.run(answer_task(desk, number, text))


def redrive(
    context: typer.Context,
    stores: Annotated[list[str] | None, typer.Argument(metavar="STORE")] = None,
    all_parked: Annotated[bool, typer.Option("--all-parked")] = False,
) -> int:
    from onboarder.cli.redriving import redrive as carry_out

    desk = Desk.of(context)
    return desk.run(carry_out(desk, stores or [], all_parked=all_parked))


def reconcile(  # noqa: PLR0917  # options, given by name
    context: typer.Context,
    market: Market = None,
    marketplace: Annotated[str | None, typer.Option("--marketplace", "-m", metavar="NAME")] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="FILE")] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="ID")] = None,
    believe_losses: Annotated[bool, typer.Option("--believe-losses")] = False,
) -> int:
    from onboarder.cli.nights import reconcile as carry_out

    desk = Desk.of(context)
    return desk.run(
        carry_out(
            desk,
            market=market,
            marketplace=marketplace,
            report=report,
            run_id=run,
            believe_losses=believe_losses,
        )
    )


def marketplaces(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME")] = None,
) -> int:
    from onboarder.cli.marketplaces import show_marketplaces as carry_out

    return carry_out(Desk.of(context), name)


def worker(
    context: typer.Context,
    lanes: Annotated[str, typer.Option("--lanes", metavar="LANE,LANE")] = "stall,night",
) -> int:
    from onboarder.cli.working import work

    return work(Desk.of(context), lanes)


def draft(
    context: typer.Context,
    store: Annotated[str, typer.Argument(metavar="STORE")],
    canvasser: Annotated[str | None, typer.Option("--canvasser", metavar="ID")] = None,
    qr: Annotated[Path | None, typer.Option("--qr", metavar="FILE.svg|png")] = None,
) -> int:
    from onboarder.cli.consenting import Asked, show_draft

    desk = Desk.of(context)
    return desk.run(show_draft(desk, store, Asked(canvasser=canvasser, qr=qr)))


def consent(
    context: typer.Context,
    store: Annotated[str, typer.Argument(metavar="STORE")],
    new: Annotated[bool, typer.Option("--new")] = False,
    canvasser: Annotated[str | None, typer.Option("--canvasser", metavar="ID")] = None,
    qr: Annotated[Path | None, typer.Option("--qr", metavar="FILE.svg|png")] = None,
) -> int:
    from onboarder.cli.consenting import Asked, show_consent

    desk = Desk.of(context)
    return desk.run(show_consent(desk, store, Asked(new=new, canvasser=canvasser, qr=qr)))


def export(  # noqa: PLR0917  # options, given by name
    context: typer.Context,
    form: Annotated[str, typer.Argument(metavar="NAME-template")],
    template: Annotated[Path | None, typer.Option("--template", metavar="FILE")] = None,
    result: Annotated[Path | None, typer.Option("--result", metavar="FILE")] = None,
    merchant: Annotated[str | None, typer.Option("--merchant", "--store", metavar="ID")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE")] = None,
    again: Annotated[bool, typer.Option("--again")] = False,
) -> int:
    from onboarder.cli.exporting import export as carry_out
    from onboarder.cli.seller_files import Asked

    return carry_out(Desk.of(context), Asked(form, template, result, merchant, out, again))


def serve(context: typer.Context) -> int:
    from onboarder.cli.serving import serve as carry_out

    return carry_out(Desk.of(context))


def rehearsal(context: typer.Context) -> int:
    from onboarder.cli.installed import run_installed

    return run_installed("rehearsal", context.args)


def upgrade_database(context: typer.Context) -> int:
    from onboarder.cli.databases import upgrade_database as carry_out

    desk = Desk.of(context)
    return desk.run(carry_out(desk))


def database_status(context: typer.Context) -> int:
    from onboarder.cli.databases import database_status as carry_out

    desk = Desk.of(context)
    return desk.run(carry_out(desk))


def init_keys(context: typer.Context) -> int:
    from onboarder.cli.keys import init_keys as carry_out

    desk = Desk.of(context)
    return desk.run(carry_out(desk))


def keys_status(context: typer.Context) -> int:
    from onboarder.cli.keys import keys_status as carry_out

    desk = Desk.of(context)
    return desk.run(carry_out(desk))


def rotate_keys(
    context: typer.Context, prepare: Annotated[bool, typer.Option("--prepare")] = False
) -> int:
    from onboarder.cli.keys import rotate_keys as carry_out

    desk = Desk.of(context)
    return desk.run(carry_out(desk, prepare=prepare))


def retire_key(context: typer.Context, key: Annotated[str, typer.Argument(metavar="KEY")]) -> int:
    from onboarder.cli.keys import retire_key as carry_out

    desk = Desk.of(context)
    return desk.run(carry_out(desk, key))


def forget_keys(
    context: typer.Context,
    merchant: Annotated[str, typer.Argument(metavar="MERCHANT")],
    yes: Annotated[bool, typer.Option("--yes")] = False,
) -> int:
    from onboarder.cli.keys import forget_keys as carry_out

    desk = Desk.of(context)
    return desk.run(carry_out(desk, merchant, yes=yes))


def doctor(context: typer.Context) -> int:
    from onboarder.cli.doctor import examine

    desk = Desk.of(context)
    return desk.run(examine(desk))


def exit_codes(context: typer.Context) -> int:
    from onboarder.cli.exit_codes import exit_codes as carry_out

    return carry_out(Desk.of(context))
