"""`/work`: all that is under way for a person's merchants. Phones ask every few seconds while somebody looks."""

from fastapi import APIRouter, Response

from onboarder.api.premises import Premises
from onboarder.api.v1 import field_shown
from onboarder.api.v1.etag import Versioned, not_modified
from onboarder.api.v1.field_answers import WorkShown, WorkVersion
from onboarder.api.v1.field_bodies import InLang, Worker
from onboarder.field.work import work


def router(premises: Premises) -> APIRouter:
    """`/work`."""
    made, kit = APIRouter(tags=["work"]), premises.kit

    @made.get("/work", response_model=WorkShown)
    async def everything(
        who: Worker, versions: Versioned, lang: InLang = "id"
    ) -> WorkShown | Response:
        """304 for who has it already; `now` is no change."""
        found = await work(kit, who, lang)
        version = WorkVersion(
            stores=[field_shown.store(one) for one in found.stores],
            tasks=[field_shown.task(one) for one in found.tasks],
        )
        if versions.known(version):
            return not_modified(version)
        versions.mark(version)
        return WorkShown(stores=version.stores, tasks=version.tasks, now=kit.clock())

    return made
