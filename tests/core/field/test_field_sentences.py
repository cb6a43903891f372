"""Where a shop stands, in one plain sentence for the person at the stall."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from onboarder.connector.errors import Advice
from onboarder.connector.manifest import Manifest
from onboarder.field.consent_texts import Lang
from onboarder.field.sentences import Stage, brief, told, waits_for
from onboarder.model.ids import MarketplaceName, MerchantId, Reference, RemoteId, StoreId
from onboarder.model.people import Actor
from onboarder.model.recorded import StoreRecord
from onboarder.model.shop import ListingState, StoreState
from onboarder.model.work import Failure, Lane
from onboarder.records.tasks import TaskRecord
from onboarder.records.under_way import UnderWay
from onboarder.rules.consent import needed, needed_again
from onboarder_rehearsal import RehearsalConnector

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
STORE = StoreId("knm-1@rehearsal")
FAILURE = Failure("x", "Unavailable", "nobody", "a", "b", "", NOW)


def a_store(state: StoreState = StoreState.OPEN, **changes: object) -> UnderWay:
    record = StoreRecord(
        id=STORE,
        merchant_id=MerchantId("knm-1"),
        marketplace=MarketplaceName("rehearsal"),
        reference=Reference("knm-1"),
        state=state,
        remote_id=RemoteId("S1"),
        complete=True,
        reason=None,
        observed_at=NOW,
        failure=None,
        attempts=0,
        starts=0,
        lane=Lane.STALL,
        due_at=None,
        generation=1,
        review_run=None,
        requested_by="C01",
    )
    return UnderWay(replace(record, **changes), None, NOW)  # type: ignore[arg-type]  # tests name real fields


def with_goods(one: UnderWay, goods: int, *tasks: TaskRecord, **listings: int) -> UnderWay:
    one.goods, one.tasks = goods, list(tasks)
    one.listings = Counter(listings)
    return one


def a_task(
    who: Actor, subject: str = STORE, code: str = "x", text: str = "Foto kurang. Tambah foto."
) -> TaskRecord:
    return TaskRecord(
        1, STORE, MerchantId("knm-1"), subject, code, who, text, "Add a photo.", (), NOW, "KNM", ""
    )


LISTING = "knm-1-a@rehearsal"
CASES = {
    "a draft": (a_store(StoreState.DRAFT), Stage.DRAFT, "sedang disiapkan"),
    "out of reach": (a_store(StoreState.DRAFT, failure=FAILURE), Stage.DRAFT, "mencoba lagi"),
    "the owner's turn": (a_store(StoreState.AWAITING_OWNER), Stage.CONSENT, "kode QR"),
    "in review": (a_store(StoreState.IN_REVIEW), Stage.CHECKING, "sedang diperiksa Pasar Latihan"),
    "uploading": (with_goods(a_store(), 10, live=6, in_review=1), Stage.UPLOADING, "7 dari 10"),
    "listings in review": (with_goods(a_store(), 2, live=1, in_review=1), Stage.OPEN, "1 dari 2"),
    "all there": (with_goods(a_store(), 2, live=2), Stage.OPEN, "sudah buka dengan 2 barang"),
    "more listings than goods": (with_goods(a_store(), 2, live=5), Stage.OPEN, "dengan 2 barang"),
    "empty": (a_store(), Stage.OPEN, "tambahkan barang"),
    "a photo is missing": (
        with_goods(a_store(), 2, a_task(Actor.CANVASSER, LISTING), live=1),
        Stage.NEEDS_YOU,
        "Tambah foto",
    ),
    "the office has it": (
        with_goods(a_store(), 2, a_task(Actor.OPERATOR, LISTING), live=1),
        Stage.OPEN,
        "1 barang menunggu petugas kantor",
    ),
    "parked": (with_goods(a_store(), 2, a_task(Actor.OPERATOR)), Stage.STOPPED, "diberi tahu"),
    "refused": (a_store(StoreState.REFUSED), Stage.NEEDS_YOU, "menolak pengajuan"),
    "suspended": (a_store(StoreState.SUSPENDED), Stage.STOPPED, "koordinator menghubungi"),
    "taken back": (a_store(withdrawn_at=NOW), Stage.STOPPED, "mencabut persetujuan"),
}


@pytest.mark.parametrize("case", CASES)
def test_every_standing_has_a_stage_and_one_plain_sentence(case: str) -> None:
    one, stage, words = CASES[case]

    indonesian, english = brief(one, "Pasar Latihan"), brief(one, "Pasar Latihan", "en")

    assert indonesian.stage is english.stage is stage
    assert words in indonesian.sentence
    assert indonesian.sentence != english.sentence
    assert not {"{", "onboarder "} & set(indonesian.sentence.split())


@pytest.mark.parametrize("state", StoreState)
@pytest.mark.parametrize("listing", ListingState)
def test_no_state_is_without_a_sentence(state: StoreState, listing: ListingState) -> None:
    one = with_goods(a_store(state), 1)
    one.listings[listing] = 1

    assert brief(one, "Pasar Latihan").sentence.endswith(".")


@pytest.mark.parametrize("make", [needed, needed_again])
@pytest.mark.parametrize("lang", ["id", "en"])
def test_tasks_tell_no_commands_of_the_operators(
    make: Callable[[StoreId, Manifest], Advice], lang: Lang
) -> None:
    advice = make(STORE, RehearsalConnector.manifest)

    text = told(a_task(advice.who, STORE, advice.code, advice.id), "Pasar Latihan", lang)

    assert "onboarder" not in text
    assert "QR" in text


def test_what_the_office_would_do_in_a_file_is_done_here() -> None:
    text = "Terasi: Perlu paling sedikit 1 foto; sekarang 0. Perbaiki di daftar barang, lalu impor lagi."

    said = told(a_task(Actor.CANVASSER, LISTING, "product.photos", text), "Pasar Latihan")

    assert said == "Terasi: Perlu paling sedikit 1 foto; sekarang 0. Perbaiki barang ini di sini."


def test_a_task_of_the_store_holds_up_what_is_not_there_yet() -> None:
    store, listing = a_task(Actor.CANVASSER), a_task(Actor.CANVASSER, LISTING)
    one = with_goods(a_store(), 10, store, listing, live=4)

    assert (waits_for(store, one), waits_for(listing, one)) == (7, 1)
