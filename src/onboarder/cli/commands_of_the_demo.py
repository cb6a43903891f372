"""The signature of `onboarder demo`."""

from pathlib import Path
from typing import Annotated

import typer

from onboarder.cli.desk import Desk


def demo(
    context: typer.Context,
    *,
    keep: Annotated[Path | None, typer.Option("--keep", metavar="DIR")] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N")] = None,
    merchants: Annotated[int | None, typer.Option("--merchants", metavar="N", min=1)] = None,
    no_faults: Annotated[bool, typer.Option("--no-faults")] = False,
    serve: Annotated[bool, typer.Option("--serve")] = False,
) -> int:
    from onboarder.cli.demonstration import demonstrate

    return demonstrate(
        Desk.of(context),
        keep=keep,
        seed=seed,
        merchants=merchants,
        faults=not no_faults,
        serve=serve,
    )
