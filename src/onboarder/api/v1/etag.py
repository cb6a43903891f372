"""Versions of what is shown: an edit names the one it was made from, and a phone that has it is not sent it again."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Response
from pydantic import BaseModel

from onboarder.api.v1.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Versions:
    """What the request says of versions, and the answer that gets one."""

    answer: Response
    if_match: str | None
    if_none_match: str | None

    def mark(self, shown: BaseModel) -> None:
        """Give the answer the ETag of what it shows."""
        self.answer.headers["ETag"] = etag(shown)

    def known(self, shown: BaseModel) -> bool:
        """Whether the phone has it already: answer 304 then, with `not_modified`."""
        return etag(shown) in _listed(self.if_none_match)

    def must_match(self, shown: BaseModel) -> None:
        """428 without If-Match, 412 if the object as it is now is not the one named. Ask in the edit's transaction."""
        if not self.if_match:
            raise Refusal("etag_missing")
        if not {etag(shown), "*"} & _listed(self.if_match):
            raise Refusal("changed_meanwhile")


def etag(shown: BaseModel) -> str:
    """Equal for what is shown alike."""
    return f'"{hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:32]}"'


def not_modified(shown: BaseModel) -> Response:
    """304."""
    return Response(status_code=304, headers={"ETag": etag(shown)})


async def versions(
    answer: Response,
    if_match: Annotated[str | None, Header(max_length=200)] = None,
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
) -> Versions:
    """A dependency."""
    return Versions(answer, if_match, if_none_match)


Versioned = Annotated[Versions, Depends(versions)]


def _listed(header: str | None) -> set[str]:
    return {one.strip().removeprefix("W/") for one in (header or "").split(",")}
