"""`/rules`: what phones judge by without signal."""

from fastapi import APIRouter, Response

from onboarder.api.premises import Premises
from onboarder.api.v1.bodies import Shown
from onboarder.api.v1.etag import Versioned, not_modified
from onboarder.api.v1.field_answers import StepShown
from onboarder.api.v1.field_bodies import InLang, Worker
from onboarder.field.document import rules_document


class CategoryShown(Shown):
    code: str
    title: str


class WeightShown(Shown):
    title: str
    grams: int


class NeedShown(Shown):
    code: str
    who: str
    title: str
    minutes: int


class MarketplaceShown(Shown):
    """`categories`: codes of what can go there; `steps`: what people do there once a shop has been ordered."""

    name: str
    title: str
    practice: bool
    opened_by: str
    limits: dict[str, int]
    categories: list[str]
    needs: list[NeedShown]
    steps: list[StepShown]


class RulesShown(Shown):
    """`bounds`: what is believed of any product; `uploads`: bytes of the largest photo and piece."""

    version: str
    categories: list[CategoryShown]
    weights: list[WeightShown]
    bounds: dict[str, int]
    uploads: dict[str, int]
    marketplaces: list[MarketplaceShown]


def router(premises: Premises) -> APIRouter:
    """`/rules`."""
    made, kit = APIRouter(tags=["rules"]), premises.kit

    @made.get("/rules", response_model=RulesShown)
    async def rules(who: Worker, versions: Versioned, lang: InLang = "id") -> RulesShown | Response:
        del who
        shown = RulesShown.model_validate(rules_document(kit, lang))
        if versions.known(shown):
            return not_modified(shown)
        versions.mark(shown)
        return shown

    return made
