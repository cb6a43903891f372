"""`/imports`: a register brought in, its asked rows answered, what is clear saved."""

import base64
import binascii
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from onboarder.api.premises import Premises
from onboarder.api.v1.bodies import ULID, Sent, Shown, Ulid, Words
from onboarder.api.v1.door import allowed
from onboarder.api.v1.once import Repeatable
from onboarder.api.v1.refusal import Refusal
from onboarder.intake.refused import IntakeRefused
from onboarder.intake.rows import Place
from onboarder.intake.verdicts import Language, asked_text
from onboarder.office import bringing_in
from onboarder.office.bringing_in import MOST_FILES, Counter, Looked
from onboarder.office.corrections import Correction
from onboarder.people.roles import Person, Role

LARGEST = 480_000
"""Characters of base64: a request of the API is small. Larger files come in at the desk."""
Office = Annotated[Person, Depends(allowed(Role.COORDINATOR, Role.OPERATOR))]
RegisterKey = Annotated[str, Path(pattern=ULID)]
Lang = Annotated[str, Query(pattern="^(id|en)$", examples=["id"])]
Name = Annotated[Words, Field(min_length=1, max_length=200)]
Text = Annotated[Words, Field(max_length=2000)]


class FileSent(Sent):
    """`content`: the file's bytes in base64."""

    name: Name
    content: Annotated[str, Field(max_length=LARGEST, examples=["Tm8gUmVnO05hbWE="])]


class ImportSent(Sent):
    id: Ulid
    files: Annotated[tuple[FileSent, ...], Field(min_length=1, max_length=MOST_FILES)]


class AnswerSent(Sent):
    """`cells`: what is right, by the column's header; a column that the sheet lacks is added."""

    file: Name
    sheet: Name
    row: Annotated[int, Field(ge=1, le=1_000_000)]
    cells: Annotated[dict[Name, Text], Field(max_length=200)]


class AnswersSent(Sent):
    answers: Annotated[tuple[AnswerSent, ...], Field(max_length=1000)]


class FindingShown(Shown):
    code: str
    column: str
    text: str


class AskedShown(Shown):
    """A row that is not taken before it is answered; row 0 stands for the sheet."""

    file: str
    sheet: str
    row: int
    findings: list[FindingShown]


class ImportShown(Shown):
    """Counts are what saving would change now."""

    id: str
    state: str
    files: list[str]
    made_at: datetime
    new_merchants: int
    changed_merchants: int
    new_products: int
    changed_products: int
    asked: list[AskedShown]


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    content: bytes


def counter_of(premises: Premises) -> Counter:
    """Where registers come in, in this process."""
    kit, around = premises.kit, premises.around
    folder = kit.uploads.parent / "imports"
    return Counter(around.database, around.programme, kit.intake, kit.photos, folder, around.clock)


def router(premises: Premises) -> APIRouter:
    """`/imports`."""
    made, counter = APIRouter(tags=["imports"]), counter_of(premises)

    @made.post("/imports", status_code=201)
    async def bring(
        who: Office, sent: ImportSent, once: Repeatable, lang: Lang = "id"
    ) -> ImportShown:
        """Keep the files and read them; nothing of the register changes yet."""
        files = [_File(one.name, _bytes(one.content)) for one in sent.files]

        async def work() -> str:
            return (await bringing_in.receive(counter, sent.id, files, by=who)).id

        return await _shown(counter, await once.do(work), lang)

    @made.get("/imports/{register}")
    async def look(register: RegisterKey, who: Office, lang: Lang = "id") -> ImportShown:
        del who
        return await _shown(counter, register, lang)

    @made.post("/imports/{register}/answers")
    async def answer(
        register: RegisterKey, who: Office, sent: AnswersSent, lang: Lang = "id"
    ) -> ImportShown:
        """Over earlier answers to the same rows; safe to repeat, without a key."""
        del who
        with _refusals():
            looked = await bringing_in.look(counter, register)
            await bringing_in.answer(counter, register, _corrections(looked, sent))
        return await _shown(counter, register, lang)

    @made.post("/imports/{register}/save")
    async def save(register: RegisterKey, who: Office, lang: Lang = "id") -> ImportShown:
        """Save what is clear; what is asked stays. Safe to repeat, without a key."""
        with _refusals():
            await bringing_in.save(counter, register, by=who)
        return await _shown(counter, register, lang)

    return made


@contextmanager
def _refusals() -> Generator[None]:
    try:
        yield
    except (KeyError, FileNotFoundError):
        raise Refusal("not_found") from None
    except IntakeRefused as refused:
        raise Refusal("file_refused", told={"reason": refused.id}) from None


async def _shown(counter: Counter, register: str, lang: str) -> ImportShown:
    with _refusals():
        looked = await bringing_in.look(counter, register)
    plan, questions = looked.plan, counter.rules.questions
    return ImportShown(
        id=looked.record.id,
        state=looked.record.state,
        files=list(looked.record.files),
        made_at=looked.record.made_at,
        new_merchants=len(plan.new_merchants),
        changed_merchants=len(plan.changed_merchants),
        new_products=len(plan.new_products),
        changed_products=len(plan.changed_products),
        asked=[
            AskedShown(
                file=one.place.file,
                sheet=one.place.sheet,
                row=one.place.row,
                findings=[
                    FindingShown(
                        code=finding.code,
                        column=finding.column,
                        text=str(asked_text(finding, questions, Language(lang))),
                    )
                    for finding in one.findings
                ],
            )
            for one in plan.verdicts
        ],
    )


def _corrections(looked: Looked, sent: AnswersSent) -> dict[Place, Correction]:
    """Cells by header turned into cells by column."""
    columns = {
        (table.file, table.sheet, column.header): index
        for table in looked.reading.tables
        for index, column in enumerate(table.columns)
        if (table.file, table.sheet, column.header) in looked.headers
    }
    added = {
        name for one in bringing_in.corrections_of(looked.record).values() for name in one.added
    }
    return {
        Place(one.file, one.sheet, one.row): Correction(
            {
                columns[one.file, one.sheet, name]: text
                for name, text in one.cells.items()
                if (one.file, one.sheet, name) in columns and name not in added
            },
            {
                name: text
                for name, text in one.cells.items()
                if (one.file, one.sheet, name) not in columns or name in added
            },
        )
        for one in sent.answers
    }


def _bytes(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal("invalid", field="files") from None
