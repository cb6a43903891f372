"""`onboarder demo`: the whole job on a practice marketplace."""

from dataclasses import replace
from pathlib import Path

from onboarder.cli.desk import Desk
from onboarder.demo.run import DemoOptions, main


def demonstrate(
    desk: Desk,
    *,
    keep: Path | None,
    seed: int | None,
    merchants: int | None,
    faults: bool,
    serve: bool,
) -> int:
    options = DemoOptions(
        config=desk.settings.config_dir,
        keep=keep,
        faults=faults,
        lang=desk.words.lang,
        serve=serve,
    )
    if seed is not None:
        options = replace(options, seed=seed)
    if merchants is not None:
        options = replace(options, merchants=merchants)
    return main(options)
