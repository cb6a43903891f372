"""What forms send, read with bounds."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData, UploadFile

LONGEST = 2000
"""Characters of one field."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as the browser sent it."""

    name: str
    content: bytes


def text_of(form: FormData, name: str) -> str:
    """The field's text, '' if it was not sent."""
    value = form.get(name)
    return value.strip()[:LONGEST] if isinstance(value, str) else ""


def texts_of(form: FormData, name: str) -> Sequence[str]:
    """All values of a field that may be sent several times."""
    return [one.strip()[:LONGEST] for one in form.getlist(name) if isinstance(one, str)]


async def files_of(form: FormData, name: str) -> Sequence[SentFile]:
    """The files of a field; what was left empty is none. The guard has bounded the whole request already."""
    sent = [one for one in form.getlist(name) if isinstance(one, UploadFile) and one.filename]
    return [SentFile(one.filename or "", await one.read()) for one in sent]
