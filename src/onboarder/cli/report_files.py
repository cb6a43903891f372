"""A reconciliation's result as a file: a workbook, a page to print, or JSON."""

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from onboarder.cli.night_report import NightReport
from onboarder.cli.tables import Cell
from onboarder.intake.export import ExportSheet, write_table
from onboarder.problems import UsageProblem

SUFFIXES = (".xlsx", ".html", ".json")


def check_report_path(path: Path) -> None:
    """`UsageProblem` for a file that could not be written, before any work is done."""
    if path.suffix.casefold() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise UsageProblem(
            f"--report takes a file ending in {known}, not {path.name}",
            id_message=f"--report harus berakhiran {known}, bukan {path.name}",
        )
    if not path.parent.is_dir():
        raise UsageProblem(
            f"folder {path.parent} for the report does not exist",
            id_message=f"folder {path.parent} untuk laporan tidak ada",
        )


def write_report(path: Path, report: NightReport) -> None:
    """Write the report in the format of the file's ending, replacing an older file."""
    match path.suffix.casefold():
        case ".xlsx":
            write_table(path, _sheets(report))
        case ".html":
            path.write_text(_page(report), encoding="utf-8")
        case _:
            said = json.dumps(report.document(), ensure_ascii=False, indent=1)
            path.write_text(f"{said}\n", encoding="utf-8")


def _sheets(report: NightReport) -> list[ExportSheet]:
    words = report.words
    lines = [report.title, *(f"{name}: {value}" for name, value in report.facts)]
    return [
        ExportSheet(words("word.summary"), report.totals_header, report.totals, lines),
        ExportSheet(words("word.drifts"), report.header, report.rows()),
    ]


def _page(report: NightReport) -> str:
    said = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in report.facts
    )
    return _PAGE.format(
        lang=report.words.lang,
        title=escape(report.title),
        style=_STYLE,
        facts=said,
        totals=_table(report.totals_header, report.totals),
        drifts=_table(report.header, report.rows()),
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    body = [f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows]
    if not body:
        return ""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _cell(value: Cell) -> str:
    if isinstance(value, int):
        return f'<td class="number">{value}</td>'
    return f"<td>{escape(value or '')}</td>"


_STYLE = """
:root { color-scheme: light dark; }
body { overflow-x: auto; font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 96rem; padding: 0 1rem; }
dl { display: grid; grid-template-columns: max-content auto; gap: .2rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; }
table { border-collapse: collapse; margin: 1.5rem 0; width: 100%; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .5rem; text-align: left; vertical-align: top;
  overflow-wrap: break-word; }
thead th { border-bottom: 2px solid; } .number { text-align: right; font-variant-numeric: tabular-nums; }
@media print { body { margin: 0; max-width: none; font-size: 9pt; } thead { display: table-header-group; }
  tr { break-inside: avoid; } }
"""
_PAGE = """<!doctype html>
<html lang="{lang}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>{style}</style></head>
<body><h1>{title}</h1><dl>{facts}</dl>{totals}{drifts}</body>
</html>
"""
