"""`onboarder export NAME-template`: products by the seller's own spreadsheet, for as long as no API can carry them."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

from rich.console import RenderableType

from onboarder.application import Application
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.file_results import show_result
from onboarder.cli.seller_files import Asked, bounded, merchant_asked
from onboarder.cli.tables import Cell, table
from onboarder.connector.registry import MarketplaceConfig, configured, connector_type
from onboarder.connector.spreadsheet import OffersSpreadsheet, RefusedProduct, Spreadsheet, Template
from onboarder.converge.by_file import Desired, Export, prepare_file, record_file
from onboarder.intake.kept_photos import photo_name
from onboarder.model.ids import PhotoHash
from onboarder.problems import UsageProblem

SUFFIX = "-template"


def export(desk: Desk, asked: Asked) -> int:
    return desk.run(_export(desk, asked))


async def _export(desk: Desk, asked: Asked) -> int:
    async with desk.application() as app:
        config = _marketplace(app, asked.form)
        sheet = _spreadsheet(config)
        if asked.template is not None and asked.result is None and asked.out is not None:
            template = sheet.read_template(bounded(app, asked.template))
            return await _fill(desk, app, config, template, asked)
        if asked.result is not None and asked.template is None and asked.out is None:
            result = sheet.read_result(bounded(app, asked.result))
            return await show_result(desk, app, config, result, asked)
    raise UsageProblem(
        "say what is to be done with which file",
        hint="--template FILE --merchant ID --out FILE, or --result FILE",
        id_message="sebutkan berkas mana yang dikerjakan",
        id_hint="--template BERKAS --merchant KODE --out BERKAS, atau --result BERKAS",
    )


def _marketplace(app: Application, form: str) -> MarketplaceConfig:
    """The configured marketplace; not enabled yet is what the file is for."""
    known = {
        str(one): config for one, config in configured(app.settings.folder("marketplaces")).items()
    }
    config = known.get(form.removesuffix(SUFFIX)) if form.endswith(SUFFIX) else None
    if config is not None:
        return config
    forms = ", ".join(f"{one}{SUFFIX}" for one in known) or "-"
    raise UsageProblem(
        f"nothing can be exported as {form!r}",
        hint=f"one of: {forms}",
        id_message=f"tidak ada ekspor bernama {form!r}",
        id_hint=f"salah satu dari: {forms}",
    )


def _spreadsheet(config: MarketplaceConfig) -> Spreadsheet:
    kind = connector_type(config.connector)
    if isinstance(kind, OffersSpreadsheet):
        return kind.spreadsheet(config.settings)
    raise UsageProblem(
        f"{kind.manifest.title} has no template that sellers fill",
        hint="its products go up by the API: onboarder open",
        id_message=f"{kind.manifest.title} tidak punya template untuk diisi",
        id_hint="barangnya naik lewat API: onboarder open",
    )


async def _fill(
    desk: Desk, app: Application, config: MarketplaceConfig, template: Template, asked: Asked
) -> int:
    out = _free(asked)
    desired = Desired(
        await merchant_asked(app, config, asked),
        config.name,
        app.programme,
        connector_type(config.connector).manifest,
        app.categories(config.name),
        _photo_address(app),
        asked.again,
    )
    made = await prepare_file(app.database, desired, template)
    if made.filled.filed:
        await _hand_out(desk, app, made, out)
    rows = _withheld(made)
    desk.show(_export_document(desk, made, rows, out), lambda: _listed(desk, rows))
    if not made.filled.filed:
        desk.say("export.nothing")
        return Exit.FAILED
    desk.say("export.written", count=len(made.filled.filed), path=out)
    if desired.photos is None:
        desk.say("export.no_photos")
    return Exit.ASKED if rows else Exit.DONE


async def _hand_out(desk: Desk, app: Application, export: Export, out: Path) -> None:
    """On record before anybody can take the file: a file nobody knows of could put products up twice."""
    draft: Path | None = None
    try:
        with NamedTemporaryFile(dir=out.parent, suffix=out.suffix, delete=False) as file:
            draft = Path(file.name)
            file.write(export.filled.content)
        await record_file(app.database, export, by=desk.actor, clock=app.clock)
        draft.replace(out)
    except OSError as error:
        raise UsageProblem(
            f"{out} cannot be written ({error.strerror})",
            hint="name another place with --out FILE",
            id_message=f"{out} tidak bisa ditulis ({error.strerror})",
            id_hint="sebutkan tempat lain dengan --out BERKAS",
        ) from None
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)


def _free(asked: Asked) -> Path:
    """Where to write; never over the seller's own file."""
    out, template = asked.out or Path(), asked.template or Path()
    if out.resolve() == template.resolve():
        raise UsageProblem(
            "--out must be another file than --template: the seller's own stays as it is",
            id_message="--out harus berkas lain dari --template: berkas penjual tidak diubah",
        )
    return out


def _photo_address(app: Application) -> Callable[[PhotoHash], str] | None:
    base = app.settings.photo_base_url
    return None if base is None else partial(_address, base)


def _address(base: str, photo: PhotoHash) -> str:
    return f"{base}/{photo_name(photo)}"


Row = tuple[str, str, RefusedProduct]
"""Reference, title, and why it is not in the file."""


def _withheld(export: Export) -> list[Row]:
    return [(one.reference, export.title(one.reference), one) for one in export.withheld]


def _export_document(desk: Desk, export: Export, rows: Sequence[Row], out: Path) -> object:
    return {
        "store": export.work.store.id,
        "shop": export.shop,
        "file": str(out) if export.filled.filed else None,
        "photos": export.desired.photos is not None,
        "filed": [
            {
                "reference": one.reference,
                "title": export.title(one.reference),
                "rows": list(one.rows),
            }
            for one in export.filled.filed
        ],
        "withheld": [
            {
                "reference": reference,
                "title": title,
                "field": why.field or None,
                "code": why.advice.code,
                "who": why.advice.who,
                "text": desk.words.either(why.advice.id, why.advice.en),
            }
            for reference, title, why in rows
        ],
    }


def _listed(desk: Desk, rows: Sequence[Row]) -> list[RenderableType]:
    words = desk.words
    header = ["#", words("word.product"), words("word.field"), words("word.reason")]
    cells: list[list[Cell]] = [
        [
            f"{number}",
            title,
            words.maybe(f"field.{why.field}", ""),
            words.either(why.advice.id, why.advice.en),
        ]
        for number, (_, title, why) in enumerate(rows, start=1)
    ]
    return [table(header, cells)] if cells else []
