"""What keeps the promise, how each of it is taken out, and the test that fails then.

Nothing in the product knows about this: a mechanism is taken out by replacing functions for the time of one test.
"""

# pyright: reportPrivateUsage=false
# What is taken out mostly has no public name.

import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from sqlalchemy import insert, true, update

from onboarder.connector import budget, client, http
from onboarder.connector.bounded import read_bounded
from onboarder.connector.breaker import Breaker
from onboarder.connector.budget_shared import SharedBudget
from onboarder.connector.concurrency import ConcurrencyLimit
from onboarder.connector.errors import Advice
from onboarder.connector.http import MarketplaceHttp
from onboarder.converge import doubts, loop, observe, plan
from onboarder.converge.session import Session
from onboarder.model.ids import StoreId
from onboarder.model.recorded import Doubt, Lease
from onboarder.model.shop import ObservedStore
from onboarder.model.work import IntentState, Lane
from onboarder.records import leases, locks, presence, tasks, writes
from onboarder.records.database import Transaction
from onboarder.records.leases import Proofs, Release
from onboarder.records.tables import store, task
from onboarder.rules.drift import Plausibility
from onboarder_workers.sweep import Sweep

Patch = pytest.MonkeyPatch
CONVERGE, CONNECTOR = "tests/core/converge", "tests/core/connector"
NO_FIELDS: frozenset[str] = frozenset()
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Mechanism:
    """`without` says what happens instead; `test` is the node id of the test that watches it, and no other one."""

    name: str
    without: str
    test: str
    take_out: Callable[[Patch], None]


def _nothing(answer: object = None) -> Callable[..., object]:
    return lambda *_, **__: answer


def _nothing_async(answer: object = None) -> Callable[..., Awaitable[object]]:
    async def nothing(*_: object, **__: object) -> object:
        return answer

    return nothing


def _intent_row(patch: Patch) -> None:
    patch.setattr(writes, "intend", _nothing_async())


def _look_up(patch: Patch) -> None:
    async def absent(session: Session, doubt: Doubt, _: object) -> None:
        await doubts._conclude_absent(session, doubt, over=doubts._is_over(session, doubt))

    patch.setattr(doubts, "_look_for_listing", absent)


def _settle_time(patch: Patch) -> None:
    begin = Session.__init__

    def unsettled(self: Session, *given: object) -> None:
        begin(self, *given)  # type: ignore[arg-type]  # handed through
        self.manifest = replace(self.manifest, settle=timedelta())

    patch.setattr(Session, "__init__", unsettled)


def _fencing(patch: Patch) -> None:
    async def believed(tx: Transaction, held: Collection[Lease]) -> dict[Lease, object]:
        there = await leases.lock(tx, [one.store_id for one in held])
        return {one: {**there[one.store_id], "lease_until": one.until} for one in held}

    patch.setattr(leases, "prove", believed)


def _look_at_the_lease(patch: Patch) -> None:
    patch.setattr(Session, "_stay", _nothing_async())


def _one_worker_per_store(patch: Patch) -> None:
    patch.setattr(leases, "free", _nothing(true()))
    patch.setattr(leases, "_TAKE", leases._taking(leases._LATEST > leases._NOW))


def _sweep(patch: Patch) -> None:
    patch.setattr(Sweep, "_some", _nothing([]))


def _generation(patch: Patch) -> None:
    let_go = leases.release_all

    async def unseen(
        tx: Transaction, releases: Sequence[Release], proofs: Proofs, *, now: datetime
    ) -> set[Lease]:
        same = [replace(one, generation=proofs[one.lease]["generation"]) for one in releases]
        return await let_go(tx, same, proofs, now=now)

    patch.setattr(leases, "release_all", unseen)


def _renewal(patch: Patch) -> None:
    patch.setattr(Session, "_renew", _nothing_async())


def _early_renewal(patch: Patch) -> None:
    patch.setattr(Session, "_renew_early", _nothing_async())


def _early_renewal_once(patch: Patch) -> None:
    early = Session._renew_early

    async def every_time(self: Session) -> None:
        self._looked_at_expiry = False
        await early(self)

    patch.setattr(Session, "_renew_early", every_time)


def _prolonged_doubts(patch: Patch) -> None:
    patch.setattr(writes, "prolong_doubts", _nothing_async())


def _longest_doubt(patch: Patch) -> None:
    patch.setattr(Session, "longest_doubt", Session.doubt)


def _doubt_from_the_loss(patch: Patch) -> None:
    conclude = writes.conclude

    async def as_intended(
        tx: Transaction,
        ids: Sequence[str],
        state: IntentState,
        *,
        now: datetime,
        code: str | None = None,
        request_id: str | None = None,
        doubt: timedelta | None = None,
    ) -> None:
        del doubt
        await conclude(tx, ids, state, now=now, code=code, request_id=request_id)

    patch.setattr(writes, "conclude", as_intended)


def _one_open_task(patch: Patch) -> None:
    async def ask(tx: Transaction, *, where: str, owner: str, **rest: object) -> None:
        advice, subject, now = rest["advice"], rest["subject"], rest["now"]
        assert isinstance(advice, Advice)
        texts = {"id_text": advice.id, "en_text": advice.en, "who": advice.who}
        who = {"store_id": where, "merchant_id": owner, "subject": subject, "code": advice.code}
        await tx.execute(
            insert(task).values(**who, **texts, choices=[], state="open", created_at=now)
        )

    patch.setattr(tasks, "ask", ask)


def _starts(patch: Patch) -> None:
    take = leases.take_all

    async def uncounted(
        tx: Transaction, wanted: Sequence[StoreId], **rest: object
    ) -> dict[StoreId, Lease]:
        taken = await take(tx, wanted, **rest)  # type: ignore[arg-type]  # handed through
        await tx.execute(update(store).where(store.c.id.in_(list(taken))).values(starts=0))
        return taken

    patch.setattr(leases, "take_all", uncounted)


def _look_before_the_bytes(patch: Patch) -> None:
    patch.setattr(client, "_Message", aiohttp.ClientRequest)


def _wait_is_life(patch: Patch) -> None:
    patch.setattr(loop, "_starts", _nothing(0))


def _hand_back(patch: Patch) -> None:
    patch.setattr(presence, "hand_back", _nothing_async(1))


def _deadline(patch: Patch) -> None:
    begin = MarketplaceHttp.__init__

    def endless(self: MarketplaceHttp, *given: object, **named: object) -> None:
        begin(self, *given, **named)  # type: ignore[arg-type]  # handed through
        self._deadline = 3600.0

    patch.setattr(MarketplaceHttp, "__init__", endless)


def _bound(patch: Patch) -> None:
    async def unbounded(chunks: object, *, gzipped: bool, most: int) -> bytes:
        return await read_bounded(chunks, gzipped=gzipped, most=most * 1000)  # type: ignore[arg-type]  # handed through

    patch.setattr(http, "read_bounded", unbounded)


def _sent_once(patch: Patch) -> None:
    async def as_it_is(request: object, handler: Callable[[object], Awaitable[object]]) -> object:
        return await handler(request)

    patch.setattr(client, "_sent_once", as_it_is)


def _forget_when_closed(patch: Patch) -> None:
    patch.setattr(client, "_FORGET_WHEN_CLOSED", bytes(8))


def _give_up_on_silence(patch: Patch) -> None:
    patch.delattr(socket, "TCP_USER_TIMEOUT")


def _budget(patch: Patch) -> None:
    patch.setattr(SharedBudget, "_ask", _nothing_async())


def _retry_after(patch: Patch) -> None:
    patch.setattr(http, "retry_after", _nothing())


def _breaker(patch: Patch) -> None:
    patch.setattr(Breaker, "check", _nothing())


def _fewer_at_once(patch: Patch) -> None:
    patch.setattr(ConcurrencyLimit, "_cut", _nothing())


def _disbelief(patch: Patch) -> None:
    needed = loop._look_needed

    def believing(session: Session) -> bool:
        session.around = replace(session.around, started_at=LONG_AGO)
        return needed(session)

    patch.setattr(loop, "_look_needed", believing)


def _whole_look(patch: Patch) -> None:
    record = observe._record_store

    async def at_once(session: Session, seen: ObservedStore | None, *, whole: bool) -> None:
        await record(session, seen, whole=whole or True)

    patch.setattr(observe, "_record_store", at_once)


class _OneLane:
    """In place of the context's lane: everybody is in the stall's."""

    def get(self) -> Lane:
        return Lane.STALL

    def set(self, lane: Lane) -> None: ...

    def reset(self, token: None) -> None: ...


def _lanes(patch: Patch) -> None:
    patch.setattr(budget, "_lane", _OneLane())


def _run_lock(patch: Patch) -> None:
    patch.setattr(locks, "take_lock", _nothing_async())


def _plausibility(patch: Patch) -> None:
    patch.setattr(Plausibility, "believes", _nothing(answer=True))


def _adoption(patch: Patch) -> None:
    patch.setattr(observe, "_adopt_unrecorded", _nothing_async())


def _price_policy(patch: Patch) -> None:
    patch.setattr(plan, "changed_there", _nothing(NO_FIELDS))


def _pinned_retries(patch: Patch) -> None:
    patch.setattr(http, "_repeatable", _nothing(answer=True))


_NEVER_TWICE = f"{CONVERGE}/test_never_twice.py"
_TROUBLE = f"{CONVERGE}/test_trouble.py"
_DEADLY = f"{CONVERGE}/test_deadly.py"
_CREDENTIALS = f"{CONVERGE}/test_credentials.py"
_NIGHT_RUNS = f"{CONVERGE}/test_night_runs.py"
_DOUBTS = "tests/core/converge/test_doubts.py"
_STORES = "tests/core/records/test_records_stores.py"
_HTTP = f"{CONNECTOR}/test_http.py"
_LEAVE = f"{CONNECTOR}/test_leave.py"

MECHANISMS: Sequence[Mechanism] = (
    Mechanism(
        "intent row before the call",
        "nothing is on record of a write that is under way",
        f"{_NEVER_TWICE}::test_what_becomes_visible_only_after_the_next_worker_came_is_not_sent_again[sqlite-/v1/items*]",
        _intent_row,
    ),
    Mechanism(
        "look-up by our Reference",
        "a write in doubt is sent again once its settle time is over",
        f"{_TROUBLE}::test_an_answer_lost_on_the_way_to_an_open_shop_costs_only_time[sqlite-/v1/items*-lost_after]",
        _look_up,
    ),
    Mechanism(
        "settle time",
        "what a look-up does not show at once counts as absent",
        f"{_NEVER_TWICE}::test_what_becomes_visible_only_after_the_next_worker_came_is_not_sent_again[sqlite-/v1/sellers]",
        _settle_time,
    ),
    Mechanism(
        "fencing token",
        "a worker whose store was taken over goes on writing",
        f"{_NEVER_TWICE}::test_a_zombie_whose_store_was_taken_over_writes_nothing_more[sqlite]",
        _fencing,
    ),
    Mechanism(
        "lease looked at before a call",
        "a worker that slept past its lease sends what it was about to send",
        f"{_NEVER_TWICE}::test_a_worker_that_slept_past_its_lease_between_intent_and_call_sends_nothing[sqlite]",
        _look_at_the_lease,
    ),
    Mechanism(
        "lease looked at before a call's bytes",
        "a worker that slept while its call had its connection sends it all the same",
        f"{_LEAVE}::test_a_call_whose_leave_ended_on_the_way_out_is_not_sent[False-before its bytes left]",
        _look_before_the_bytes,
    ),
    Mechanism(
        "lease: one worker per store",
        "two workers work on one store",
        f"{_NEVER_TWICE}::test_two_workers_at_once_are_one_that_works[sqlite]",
        _one_worker_per_store,
    ),
    Mechanism(
        "sweep",
        "only what is rung for is worked on",
        "workers/tests/test_workers_sweep.py::test_a_store_that_nobody_rang_for_is_found[sqlite]",
        _sweep,
    ),
    Mechanism(
        "generation counter",
        "a trigger during a pass is forgotten when the pass lets go",
        f"{_NEVER_TWICE}::test_a_trigger_during_a_pass_is_not_lost[sqlite-3]",
        _generation,
    ),
    Mechanism(
        "refresh lock",
        "two workers renew one store's key, and the second renewal kills the first's",
        f"{_CREDENTIALS}::test_two_workers_renew_a_dead_key_once[sqlite]",
        _one_worker_per_store,
    ),
    Mechanism(
        "renewal of a dead key",
        "a refused key stays dead",
        f"{_TROUBLE}::test_a_token_that_dies_mid_run_is_renewed_once[sqlite]",
        _renewal,
    ),
    Mechanism(
        "early renewal",
        "a key dies in the middle of the work",
        f"{_CREDENTIALS}::test_a_key_about_to_die_is_renewed_before_it_is_refused[sqlite]",
        _early_renewal,
    ),
    Mechanism(
        "early renewal once per pass",
        "a short-lived key is renewed before every call",
        f"{_TROUBLE}::test_tokens_shorter_than_the_early_renewal_are_not_renewed_before_every_call[sqlite]",
        _early_renewal_once,
    ),
    Mechanism(
        "doubts last longer after a renewal",
        "a write that waited for a new key counts as absent too early",
        f"{_CREDENTIALS}::test_what_is_sent_after_a_slow_renewal_stays_in_doubt_as_long_as_any_other[sqlite]",
        _prolonged_doubts,
    ),
    Mechanism(
        "doubts last from when a lease ends",
        "what a dying worker sent late, after waiting for its turn, counts as absent too early",
        f"{_DOUBTS}::test_a_worker_that_died_after_a_long_wait_leaves_its_create_in_doubt[sqlite]",
        _longest_doubt,
    ),
    Mechanism(
        "doubts last from when an answer was lost",
        "it is only looked for when the lease under which it was sent would have run out",
        f"{_DOUBTS}::test_a_listing_whose_answer_was_lost_is_found_soon_after_the_settle_time[sqlite]",
        _doubt_from_the_loss,
    ),
    Mechanism(
        "one open task per cause",
        "the same thing is asked again and again",
        f"{_STORES}::test_a_task_is_open_once_per_subject_and_cause_and_renews_its_text[sqlite]",
        _one_open_task,
    ),
    Mechanism(
        "starts counted before the work",
        "a store that kills its workers is tried for ever",
        f"{_DEADLY}::test_a_store_that_kills_its_workers_is_parked_even_if_it_got_as_far_as_an_intent[sqlite]",
        _starts,
    ),
    Mechanism(
        "waiting in doubt is no sign of life",
        "a store that kills its workers while they send is tried for ever",
        f"{_DEADLY}::test_a_store_whose_create_kills_its_workers_is_parked_until_redriven[sqlite-a minute later]",
        _wait_is_life,
    ),
    Mechanism(
        "deploys use up no attempt",
        "a pass that was cut off by a deploy counts as a death and stays leased",
        "workers/tests/test_workers_presence.py::test_a_store_handed_back_is_free_and_its_start_does_not_count[sqlite]",
        _hand_back,
    ),
    Mechanism(
        "total deadline of a call",
        "an answer of one byte at a time holds a worker as long as it likes",
        f"{_HTTP}::test_the_total_deadline_ends_a_call_that_never_ends_by_itself[a byte at a time]",
        _deadline,
    ),
    Mechanism(
        "bounded body",
        "an answer may grow as long as it likes",
        f"{_HTTP}::test_a_write_without_a_readable_answer_is_unknown_and_was_sent_once[too large]",
        _bound,
    ),
    Mechanism(
        "a lost write is not repeated inside a call",
        "a write is repeated like a read",
        f"{_HTTP}::test_a_write_without_a_readable_answer_is_unknown_and_was_sent_once[reset]",
        _pinned_retries,
    ),
    Mechanism(
        "the client repeats nothing by itself",
        "the HTTP client sends a lost PUT again on its own",
        f"{_HTTP}::test_a_write_lost_on_a_connection_used_before_is_unknown_too[PUT]",
        _sent_once,
    ),
    Mechanism(
        "what a given-up call had not delivered is thrown away",
        "the system goes on delivering it",
        f"{CONNECTOR}/test_given_up.py::test_what_was_not_yet_delivered_when_a_call_is_given_up_never_is",
        _forget_when_closed,
    ),
    Mechanism(
        "a connection ends when the other side falls silent",
        "the system goes on trying for a quarter of an hour",
        f"{CONNECTOR}/test_given_up.py::test_what_nobody_acknowledges_is_given_up_by_the_kernel_itself",
        _give_up_on_silence,
    ),
    Mechanism(
        "budget shared by all processes",
        "each process keeps to a budget of its own",
        f"{CONNECTOR}/test_budget.py::test_two_processes_share_one_budget[valkey]",
        _budget,
    ),
    Mechanism(
        "Retry-After",
        "the marketplace's own word on when to come back is not read",
        f"{_HTTP}::test_a_429_is_obeyed_in_every_form_and_slows_the_budget[write-seconds]",
        _retry_after,
    ),
    Mechanism(
        "breaker",
        "every store's own attempts go on while the marketplace is down",
        "tests/faults/test_outage.py::test_a_minute_of_503_costs_few_calls_and_full_work_is_back_within_15_s",
        _breaker,
    ),
    Mechanism(
        "fewer calls at once",
        "an overloaded marketplace is asked as much as before",
        f"{CONNECTOR}/test_concurrency.py::test_a_marketplace_asked_for_too_much_goes_on_answering_in_time",
        _fewer_at_once,
    ),
    Mechanism(
        "disbelief of looks older than the process",
        "after an older backup was restored its observations are believed",
        f"{_NEVER_TWICE}::test_work_after_an_older_backup_was_restored_doubles_nothing[sqlite]",
        _disbelief,
    ),
    Mechanism(
        "a look counts once its last page is on record",
        "a look that was cut off is believed, and what it did not see is created again",
        f"{_NEVER_TWICE}::test_a_look_cut_off_before_its_last_page_is_no_look[sqlite]",
        _whole_look,
    ),
    Mechanism(
        "the stall's lane before the night's",
        "the night may take slots as far ahead as a person at the stall",
        f"{CONNECTOR}/test_budget.py::test_a_person_at_the_stall_finds_a_near_slot_when_the_night_has_filled_its_own[valkey]",
        _lanes,
    ),
    Mechanism(
        "run lock of the reconciliation",
        "two reconciliations go on at once",
        f"{_NIGHT_RUNS}::test_one_run_at_a_time_until_its_holder_falls_silent[sqlite]",
        _run_lock,
    ),
    Mechanism(
        "plausibility stop",
        "a page that shows almost nothing is believed and everything created again",
        f"{_NIGHT_RUNS}::test_an_implausible_share_of_vanished_listings_stops_all_repairs[sqlite]",
        _plausibility,
    ),
    Mechanism(
        "adoption instead of creation",
        "what stands there under our Reference is created again",
        f"{CONVERGE}/test_loop.py::test_a_store_and_listings_that_exist_there_already_are_adopted[sqlite]",
        _adoption,
    ),
    Mechanism(
        "the merchant's price is not overwritten",
        "a price that both sides changed is set to ours without asking",
        f"{CONVERGE}/test_night.py::test_a_price_changed_by_both_sides_is_asked_and_only_the_answer_decides[sqlite-keep-15000-ask]",
        _price_policy,
    ),
)
