"""`/tasks`: what only a person can do, answered."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from onboarder.api.premises import Premises
from onboarder.api.v1.field_bodies import AnswerSent, Worker
from onboarder.field import work

Number = Annotated[int, Path(ge=1, lt=1 << 31)]


def router(premises: Premises) -> APIRouter:
    """`/tasks/{task}/answer`."""
    made, kit = APIRouter(tags=["tasks"]), premises.kit

    @made.post("/tasks/{task}/answer", status_code=204)
    async def answer(task: Number, who: Worker, sent: AnswerSent) -> Response:
        """Safe to repeat, without a key."""
        await work.answer(kit, who, task, sent.answer)
        return Response(status_code=204)

    return made
