"""The error table: every row is true and says who acts, and what no row knows is never swallowed."""

import re
from dataclasses import replace

from onboarder.connector.advice import ErrorRow
from onboarder.connector.errors import (
    Gone,
    MarketplaceError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from onboarder.connector.manifest import Capability
from onboarder.connector.testing.bench import Bench, expect, expect_error, outcome_of
from onboarder.connector.testing.check import check
from onboarder.connector.testing.listening import heard
from onboarder.connector.testing.marketplace import Ability, Act
from onboarder.connector.testing.proxy import Reply, Spoil
from onboarder.model.people import Actor
from onboarder.model.shop import ListingField

BY_ITSELF = (Unavailable, RateLimited, Gone, OutcomeUnknown)
UNKNOWN = Reply(418, b'{"error":"short and stout"}', {"x-request-id": "req-4711"})


@check()
async def error_texts_are_whole(bench: Bench) -> None:
    """Every row has a code of this marketplace, two different texts that end as sentences, and a known person."""
    for row in bench.subject.errors.rows:
        advice = row.advice
        own = advice.code.startswith(f"{bench.manifest.name}.")
        expect(
            own and re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+", advice.code) is not None, f"{advice}"
        )
        expect(advice.id != advice.en, f"{advice.code}: both texts are one")
        for text in (advice.id, advice.en):
            expect(len(text) >= 20 and text.endswith("."), f"{advice.code}: {text!r}")


@check()
async def error_rows_say_who_acts(bench: Bench) -> None:
    """What passes by itself troubles nobody, and what a person must do names the person."""
    for row in bench.subject.errors.rows:
        who = row.advice.who
        if issubclass(row.error, BY_ITSELF):
            idle = who in {Actor.NOBODY, Actor.MARKETPLACE}
            expect(idle, f"{row.advice.code} passes by itself and yet {who} is to act")


@check()
async def one_code_means_one_thing(bench: Bench) -> None:
    """Rows that share a code share its texts, and no two rows have the same texts under two codes."""
    rows = bench.subject.errors.rows
    advices = {row.advice.code: row.advice for row in rows}
    expect(all(row.advice == advices[row.advice.code] for row in rows), "one code, two texts")
    texts = [advice.id for advice in advices.values()]
    expect(len(texts) == len(set(texts)), "two codes, one text")


@check()
async def no_row_hides_behind_another(bench: Bench) -> None:
    """Each row can be the first that matches: none stands behind a row that matches all of it."""
    rows = bench.subject.errors.rows
    for place, row in enumerate(rows):
        for earlier in rows[:place]:
            expect(not _covers(earlier, row), f"row {place} ({row.advice.code}) can never match")


@check(Capability.OBSERVE_LISTINGS, needs=[Ability.REFUSAL])
async def every_row_raises_its_error(bench: Bench) -> None:
    """Each known error, answered by the marketplace in its own form, raises the row's class with the row's advice."""
    shop = await bench.shop()
    for row in bench.subject.errors.rows:
        reply = bench.control.refusal(row.status or 422, row.vendor_code or "", row.message or "")
        bench.spoil(Act.OBSERVE_LISTINGS, Spoil.INSTEAD, reply, times=3)
        error = await outcome_of(bench.connector.observe_listings(shop.access, None))
        bench.proxy.calm()
        expect(isinstance(error, row.error), f"{row.advice.code}: ended in {error!r}")
        assert isinstance(error, MarketplaceError)
        expect(error.advice == row.advice, f"{row.advice.code}: said {error.advice.code}")


@check(Capability.CREATE_LISTING)
async def an_unknown_error_is_shown_and_never_swallowed(bench: Bench) -> None:
    """An error that no row knows is raised as such, for the operator, on reads and on writes."""
    shop = await bench.shop()
    content = shop.listing()
    for act, call in (
        (Act.OBSERVE_STORE, bench.connector.observe_store(shop.access)),
        (Act.CREATE_LISTING, shop.try_to_create(content)),
    ):
        bench.spoil(act, Spoil.INSTEAD, UNKNOWN)
        error = await outcome_of(call)
        bench.proxy.calm()
        expect(isinstance(error, MarketplaceError), f"{act}: an unknown error became {error!r}")
        assert isinstance(error, MarketplaceError)
        expect(error.advice.code == "marketplace.unmapped", f"{act}: called {error.advice.code}")
        expect(error.advice.who is Actor.OPERATOR, f"{act}: {error.advice.who} is to act")


@check(Capability.OBSERVE_STORE)
async def an_unknown_error_is_counted(bench: Bench) -> None:
    """What no row knows leaves a warning in the log, so that the table can grow."""
    shop = await bench.shop()
    bench.spoil(Act.OBSERVE_STORE, Spoil.INSTEAD, UNKNOWN)
    with heard() as lines:
        await outcome_of(bench.connector.observe_store(shop.access))
    expect(any("unmapped" in line for line in lines), "no log line says 'unmapped'")


@check(Capability.OBSERVE_STORE)
async def errors_carry_the_marketplace_s_request_id(bench: Bench) -> None:
    """An error names the request by the id that the marketplace gave it."""
    shop = await bench.shop()
    bench.spoil(Act.OBSERVE_STORE, Spoil.INSTEAD, UNKNOWN)
    seen = bench.connector.observe_store(shop.access)
    error = await expect_error(seen, MarketplaceError, when="an unknown error")
    expect(error.request_id == "req-4711", f"request id: {error.request_id}")


@check(Capability.CREATE_LISTING)
async def a_refusal_names_our_fields(bench: Bench) -> None:
    """Refused fields are named in our own words, not in the marketplace's."""
    shop = await bench.shop()
    offers = tuple(replace(one, price=0) for one in shop.listing().offers)
    outcome = await shop.try_to_create(replace(shop.listing(), offers=offers, category="nowhere"))
    expect(isinstance(outcome, Rejected), f"ended in {outcome!r}")
    assert isinstance(outcome, Rejected)
    ours = {field.value for field in ListingField}
    named = {fault.field for fault in outcome.fields}
    expect(bool(named) and named <= ours, f"names {named}")
    expect(all(fault.reason for fault in outcome.fields), "a field without a reason")


def _covers(earlier: ErrorRow, later: ErrorRow) -> bool:
    """Whether whatever matches the later row matches the earlier one before it."""
    return (
        earlier.status in {None, later.status}
        and earlier.vendor_code in {None, later.vendor_code}
        and earlier.message in {None, later.message}
    )
