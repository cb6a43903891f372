"""`onboarder import`: registers in, with an exact account of every row."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import RenderableType

from onboarder.application import Application
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import Cell, facts, table
from onboarder.intake.importing import ImportPlan, Outcome
from onboarder.intake.photo_store import clean_photo
from onboarder.intake.photos import Keeper, keep_photos, photo_files, sources_beside
from onboarder.intake.plan import plan_import
from onboarder.intake.reading import Reading, read_register
from onboarder.intake.refused import IntakeRefused
from onboarder.intake.rules import IntakeRules, PhotoLimits
from onboarder.intake.verdicts import Language, asked_text, write_verdicts
from onboarder.model.ids import PhotoHash, StoreId
from onboarder.problems import UsageProblem
from onboarder.records.imports import known_register, save_import

SHOWN = 20
"""Rows asked about that are shown on screen; the workbook has them all."""


@dataclass(frozen=True, slots=True)
class _Import:
    """One import as far as it is known before saving."""

    reading: Reading
    plan: ImportPlan
    rules: IntakeRules


async def import_registers(
    desk: Desk, files: Sequence[Path], *, photos: Path | None, verdicts: Path | None, dry_run: bool
) -> int:
    path = _verdict_path(files, verdicts)
    woken: list[StoreId] = []
    written = None
    async with desk.application() as app:
        try:
            done = await _prepare(app, files, photos, dry_run=dry_run)
        except IntakeRefused as refused:
            raise UsageProblem(refused.en, id_message=refused.id) from None
        if not dry_run:
            written = _write_verdicts(done, path)
            woken = await save_import(
                app.database,
                done.plan,
                programme=app.programme.code,
                by=desk.actor,
                clock=app.clock,
            )
    desk.show(_document(desk, done, woken, written), lambda: _render(desk, done))
    _tell_asked(desk, done, written)
    desk.say("import.dry" if dry_run else "import.saved")
    return Exit.ASKED if done.plan.verdicts else Exit.DONE


async def _prepare(
    app: Application, files: Sequence[Path], photos: Path | None, *, dry_run: bool
) -> _Import:
    rules = app.intake_rules
    reading = read_register(files, app.programme, rules)
    found = photo_files(_photo_sources(files, photos), rules.limits.photos)
    keeper: Keeper = _Measuring(rules.limits.photos) if dry_run else app.photos
    index = keep_photos(reading, found, keeper)
    known = await known_register(app.database, app.programme.code)
    return _Import(reading, plan_import(reading, known, index), rules)


def _photo_sources(files: Sequence[Path], named: Path | None) -> list[Path]:
    if named is None:
        return list(dict.fromkeys(one for file in files for one in sources_beside(file)))
    if named.exists():
        return [named]
    raise UsageProblem(
        f"{named} does not exist",
        hint="--photos takes a folder or a zip",
        id_message=f"{named} tidak ada",
        id_hint="--photos berisi folder atau zip",
    )


def _verdict_path(files: Sequence[Path], asked: Path | None) -> Path:
    """Where to write the rows asked about; never over a file that was just read."""
    path = asked or files[0].with_name(f"{files[0].stem}-tanya.xlsx")
    read = {one.resolve() for one in files}
    number = 2
    while path.resolve() in read:
        path = path.with_name(f"{path.stem}-{number}.xlsx")
        number += 1
    return path


def _write_verdicts(done: _Import, path: Path) -> Path | None:
    if not done.plan.verdicts:
        return None
    try:
        write_verdicts(path, done.reading, done.plan, done.rules.questions)
    except OSError as error:
        raise UsageProblem(
            f"{path} cannot be written ({error.strerror}); nothing was saved",
            hint="name another place with --verdicts OUT.xlsx",
            id_message=f"{path} tidak bisa ditulis ({error.strerror}); tidak ada yang disimpan",
            id_hint="sebutkan tempat lain dengan --verdicts BERKAS.xlsx",
        ) from None
    return path


class _Measuring:
    """Tells a photo's hash without keeping it, for a dry run."""

    def __init__(self, limits: PhotoLimits) -> None:
        self._limits = limits

    def put(self, original: bytes) -> PhotoHash:
        return PhotoHash(hashlib.sha256(clean_photo(original, self._limits)).hexdigest())


def _document(desk: Desk, done: _Import, woken: Sequence[StoreId], path: Path | None) -> object:
    plan = done.plan
    return {
        "rows": {outcome: plan.total.get(outcome, 0) for outcome in Outcome},
        "merchants": _changes(plan.new_merchants, plan.changed_merchants, plan.unchanged_merchants),
        "products": _changes(plan.new_products, plan.changed_products, plan.unchanged_products),
        "trained": _trained(plan),
        "duplicates_flagged": _duplicates(plan),
        "sheets": [
            {
                "file": one.file,
                "sheet": one.sheet,
                "kind": one.kind,
                "rows": one.rows,
                "titles": one.titles,
                "blanks": one.blanks,
                "outside": one.outside,
                "outcomes": {outcome: one.outcomes.get(outcome, 0) for outcome in Outcome},
            }
            for one in plan.accounts
        ],
        "asked": [
            {
                "file": verdict.place.file,
                "sheet": verdict.place.sheet,
                "row": verdict.place.row,
                "code": finding.code,
                "column": finding.column,
                "text": str(asked_text(finding, done.rules.questions, Language(desk.words.lang))),
            }
            for verdict in plan.verdicts
            for finding in verdict.findings
        ],
        "stores_woken": list(woken),
        "verdicts": str(path) if path else None,
    }


def _changes(new: Sequence[object], changed: Sequence[object], same: Sequence[object]) -> object:
    return {"new": len(new), "changed": len(changed), "unchanged": len(same)}


def _trained(plan: ImportPlan) -> dict[str, int]:
    """Of the new and changed merchants, who may be onboarded."""
    merchants = [*plan.new_merchants, *(one.after for one in plan.changed_merchants)]
    trained = sum(one.trained for one in merchants)
    return {"yes": trained, "no": len(merchants) - trained}


def _duplicates(plan: ImportPlan) -> int:
    findings = (finding for verdict in plan.verdicts for finding in verdict.findings)
    return sum(finding.code.startswith("likely_same_") for finding in findings)


def _render(desk: Desk, done: _Import) -> list[RenderableType]:
    words, plan = desk.words, done.plan
    header = [words(f"word.{one}") for one in ("file", "sheet", "content", "rows")]
    header += [words(f"row_outcome.{outcome}") for outcome in Outcome]
    header += [words("word.titles_and_blanks"), words("word.outside")]
    rows: list[list[Cell]] = [
        [
            one.file,
            one.sheet,
            words.maybe(f"sheet_kind.{one.kind}", one.kind),
            sum(one.outcomes.values()),
            *(one.outcomes.get(outcome, 0) for outcome in Outcome),
            one.titles + one.blanks,
            one.outside,
        ]
        for one in plan.accounts
    ]
    trained = _trained(plan)
    counts = [
        (
            words("word.merchants"),
            _said(desk, plan.new_merchants, plan.changed_merchants, plan.unchanged_merchants),
        ),
        (
            words("word.products"),
            _said(desk, plan.new_products, plan.changed_products, plan.unchanged_products),
        ),
        (words("word.training"), words("import.trained", yes=trained["yes"], no=trained["no"])),
        (words("word.duplicates"), words("import.duplicates", count=_duplicates(plan))),
    ]
    return [table(header, rows), facts(counts)]


def _said(
    desk: Desk, new: Sequence[object], changed: Sequence[object], same: Sequence[object]
) -> str:
    return desk.words("import.counts", new=len(new), changed=len(changed), same=len(same))


def _tell_asked(desk: Desk, done: _Import, path: Path | None) -> None:
    verdicts = done.plan.verdicts
    if not verdicts:
        return
    desk.say("import.asked", count=len(verdicts))
    for verdict in verdicts[:SHOWN]:
        place = verdict.place
        for finding in verdict.findings:
            text = asked_text(finding, done.rules.questions, Language(desk.words.lang))
            desk.tell(f"  {place.file} · {place.sheet} · {place.row}: {text}")
    if len(verdicts) > SHOWN:
        desk.say("open.more", count=len(verdicts) - SHOWN)
    if path is not None:
        desk.say("import.verdicts", path=path)
