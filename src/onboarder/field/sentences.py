"""Where a store stands, in one plain sentence: what happened, who acts, the next step. Pure."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from onboarder.field.consent_texts import Lang
from onboarder.model.people import Actor
from onboarder.model.recorded import StoreRecord
from onboarder.model.shop import ListingState, StoreState
from onboarder.records.tasks import TaskRecord
from onboarder.records.under_way import UnderWay

AT_THE_STALL = (Actor.CANVASSER, Actor.MERCHANT)
"""Whose tasks can be done there."""


class Stage(StrEnum):
    """How far a store is, as a canvasser sees it."""

    DRAFT = "draft"
    CONSENT = "consent"
    CHECKING = "checking"
    UPLOADING = "uploading"
    OPEN = "open"
    NEEDS_YOU = "needs_you"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Brief:
    """`done` of `total` goods are there."""

    stage: Stage
    done: int
    total: int
    sentence: str
    who: str


def brief(one: UnderWay, title: str, lang: Lang = "id") -> Brief:
    """`title`: the marketplace as people call it."""
    facts = _Facts.of(one)
    stage, name = _standing(one, facts)
    said = {"marketplace": title, "done": facts.done, "total": facts.total}
    said |= {"review": facts.review, "held": facts.held}
    asked = _first_at_the_stall(one.tasks)
    if stage is Stage.NEEDS_YOU and asked is not None:
        return Brief(stage, facts.done, facts.total, told(asked, title, lang), asked.who)
    text = _texts().stage[name]
    sentence = (text.id if lang == "id" else text.en).format(**said)
    return Brief(stage, facts.done, facts.total, sentence, text.who)


def told(task: TaskRecord, title: str, lang: Lang = "id") -> str:
    """A task as a phone tells it."""
    known = _texts().task.get(task.code)
    if known is not None:
        return (known.id if lang == "id" else known.en).format(marketplace=title)
    text = task.id_text if lang == "id" else task.en_text
    for office, phone in _texts().said.items():
        text = text.replace(office, phone)
    return " ".join(_without_commands(text)) or text


def waits_for(task: TaskRecord, one: UnderWay) -> int:
    """How many stores and listings get on once the task is done."""
    if task.subject != task.store_id:
        return 1
    facts = _Facts.of(one)
    return 1 + max(facts.total - facts.done, 0)


@dataclass(frozen=True, slots=True)
class _Facts:
    total: int
    done: int
    """Uploaded, reviewed or not."""
    review: int
    held: int
    """Goods with a task of their own."""

    @classmethod
    def of(cls, one: UnderWay) -> "_Facts":
        review = one.listings[ListingState.IN_REVIEW]
        held = {task.subject for task in one.tasks if task.subject != one.store.id}
        done = min(one.listings[ListingState.LIVE] + review, one.goods)
        return cls(one.goods, done, review, len(held))


def _standing(one: UnderWay, facts: _Facts) -> tuple[Stage, str]:
    """The stage, and the name of its sentence."""
    store = one.store
    if store.withdrawn_at is not None:
        return Stage.STOPPED, "withdrawn"
    if store.state in _ENDED:
        return _ENDED[store.state]
    asked = _first_at_the_stall(one.tasks)
    if store.state is StoreState.AWAITING_OWNER and (asked is None or _asks_consent(asked)):
        return Stage.CONSENT, "consent"
    if asked is not None:
        return Stage.NEEDS_YOU, "held"
    if any(task.subject == store.id for task in one.tasks):
        return Stage.STOPPED, "held"
    return _on_its_way(store, facts)


def _on_its_way(store: StoreRecord, facts: _Facts) -> tuple[Stage, str]:
    """Nobody has to do anything at the stall."""
    if store.state is StoreState.IN_REVIEW:
        return Stage.CHECKING, "checking"
    if store.state is not StoreState.OPEN:
        return Stage.DRAFT, "trying" if store.failure else "draft"
    if not facts.total:
        return Stage.OPEN, "open_empty"
    if facts.done + facts.held < facts.total:
        return Stage.UPLOADING, "trying" if store.failure else "uploading"
    if facts.held:
        return Stage.OPEN, "open_held"
    return Stage.OPEN, "open_in_review" if facts.review else "open"


_ENDED = {
    StoreState.REFUSED: (Stage.NEEDS_YOU, "refused"),
    StoreState.SUSPENDED: (Stage.STOPPED, "suspended"),
    StoreState.CLOSED: (Stage.STOPPED, "suspended"),
    StoreState.VANISHED: (Stage.STOPPED, "suspended"),
}


def _first_at_the_stall(tasks: Sequence[TaskRecord]) -> TaskRecord | None:
    """Those about the store itself before those about one of its goods."""
    own = [one for one in tasks if one.who in AT_THE_STALL]
    return min(own, key=lambda one: (one.subject != one.store_id, one.created_at), default=None)


def _asks_consent(task: TaskRecord) -> bool:
    return task.code in {"consent.needed", "consent.again"}


def _without_commands(text: str) -> Iterator[str]:
    """The sentences that name no command of the operator's."""
    for sentence in re.split(r"(?<=[.!?]) ", text):
        if "onboarder " not in sentence:
            yield sentence


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    en: str
    who: str = ""


class _Texts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Mapping[str, _Said]
    task: Mapping[str, _Said]
    said: Mapping[str, str]


@cache
def _texts() -> _Texts:
    text = Path(__file__).with_name("sentences.toml").read_text(encoding="utf-8")
    return _Texts.model_validate(tomllib.loads(text))
