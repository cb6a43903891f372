"""Every known code becomes the right next action, with both texts and the person who acts."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter
from tests.support.shopee_bench import ACCESS, a_product, an_item, fine, refused, shopee_bench

from onboarder.connector.advice import ErrorRow
from onboarder.connector.errors import (
    ActionNeeded,
    CredentialsExpired,
    MarketplaceError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from onboarder.connector.http import Effect, Request
from onboarder.model.ids import Reference, RemoteId
from onboarder.model.people import Actor
from onboarder.model.shop import ListingField
from onboarder_shopee import advice
from onboarder_shopee.errors import TABLE, impersonal, normal_code, refusal, until_reset
from onboarder_shopee.wire import Envelope

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
_ID, _PRICE = RemoteId("3000142341"), ListingField.PRICE
OURS = Reference("knm-7f3k2q8a-p3x9q2mw")
READ = Request("GET", "/r", "/r", Effect.READ)
WRITE = Request("POST", "/w", "/w", Effect.WRITE, reference=OURS)


class Documented(BaseModel):
    """One class of refusals in refusals.json; a code may be followed by `: ` and Shopee's sentence."""

    name: str
    error: str
    who: Actor
    codes: list[str]


DOCUMENTED = TypeAdapter(list[Documented]).validate_python(
    json.loads((Path(__file__).parent / "refusals.json").read_bytes())["classes"]
)
SENTENCES = (
    ("error_auth", "Invalid access_token.", advice.TOKEN_OVER),
    ("error_auth", "Invalid partner_id or shopid.", advice.RECONSENT),
    ("error_auth", "No permission to current api.", advice.APP_STOPPED),
    ("error_auth", "partner_id is invalid", advice.SIGNATURE),
    ("error_auth", "Invalid refresh_token.", advice.RECONSENT),
    ("error_auth", "Invalid code", advice.CODE_REFUSED),
    ("error_param", "There is no access_token", advice.TOKEN_OVER),
    ("error_param", "Invalid timestamp", advice.SIGNATURE),
    ("error_param", "Attribute is mandatory: id: 100643", advice.ATTRIBUTES),
    ("error_param", "Your attribute info is invalid", advice.ATTRIBUTES),
    ("error_param", "Image not exist", advice.PHOTO),
    ("error_param", "seller_stock, value must Not Null", advice.CONTENT),
    ("product.error_busi", "GTIN is mandatory", advice.FORBIDDEN_CATEGORY),
    ("product.error_busi", "Too many connections", advice.BUSY),
    ("product.error_busi", "logistic must be free", advice.NO_SHIPPING),
    ("product.error_busi", "Internal error, please contact openapi team", advice.UNCLEAR),
    ("error_data", "parse data failed", advice.BUSY),
    ("error_anything", "Please try later", advice.BUSY),
    ("error_anything", "product is duplicated", advice.DUPLICATE),
    ("error_x", "The level of tier-variation not change", advice.ALREADY_DONE),
    ("error_y", "Total stock must be more than reserved stock", advice.LOCKED),
)


@pytest.mark.parametrize(
    ("kind", "documented"),
    [(one, code) for one in DOCUMENTED for code in one.codes],
    ids=lambda one: one if isinstance(one, str) else one.name,
)
def test_every_documented_code_has_its_class_and_the_person_who_acts(
    kind: Documented, documented: str
) -> None:
    code, _, sentence = documented.partition(": ")

    for prefix in ("", "product.", "common."):
        error = _refused(f"{prefix}{code}", sentence, READ)
        assert (type(error).__name__, error.advice.who) == (kind.error, kind.who)
        assert error.advice.code.startswith("shopee.")


def test_no_code_is_in_the_table_without_a_source() -> None:
    """`invalid_access_token` is the right spelling of a code that Shopee misspells."""
    documented = {normal_code(code.partition(": ")[0]) for one in DOCUMENTED for code in one.codes}

    assert {row.vendor_code for row in TABLE.rows} - documented == {None, "invalid_access_token"}


@pytest.mark.parametrize(("code", "sentence", "said"), SENTENCES)
def test_a_code_of_many_meanings_is_told_apart_by_its_sentence(
    code: str, sentence: str, said: object
) -> None:
    error = _refused(code, sentence, READ)

    assert error.advice is said


@pytest.mark.parametrize("row", TABLE.rows, ids=lambda row: f"{row.vendor_code}-{row.message}")
def test_a_row_becomes_its_class_on_reads(row: ErrorRow) -> None:
    plain = (row.message or "").replace("(?i)", "").replace(r"\b", "")

    error = _refused(row.vendor_code or "error_other", plain, READ)

    assert (type(error), error.advice) == (row.error, row.advice)
    assert error.request_id == "req-9"


def test_of_a_write_a_fault_of_theirs_is_in_doubt_and_not_undone() -> None:
    busy, unheard = _refused("error_server", "", WRITE), _refused("error_unheard", "", WRITE)

    assert isinstance(busy, OutcomeUnknown)
    assert isinstance(unheard, OutcomeUnknown)
    assert (busy.reference, unheard.reference) == (OURS, OURS)
    assert unheard.advice.who is Actor.OPERATOR


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("product.error_param", "error_param"),
        ("error.param", "error_param"),
        ("error attribute", "error_attribute"),
        ("common.error_item_name_in_promotion", "in_promotion"),
        ("error_whole_sale_price_ratio", "error_wholesale"),
        ("PARAMS_ERROR", "params_error"),
        ("logistics.require_pickup_address", "require_pickup_address"),
    ],
)
def test_prefixes_and_spellings_do_not_matter(said: str, named: str) -> None:
    assert normal_code(said) == named


def test_an_unfinished_registration_waits_for_the_seller_and_is_looked_at_every_hour() -> None:
    error = _refused("common.error_kyc_auth", "no permission", READ, status=403)

    assert isinstance(error, ActionNeeded)
    assert (error.look_again, error.advice.who) == (timedelta(hours=1), Actor.MERCHANT)
    assert "Seller Centre" in error.advice.id


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 11, 24, 15, 0, tzinfo=UTC), 1),
        (datetime(2026, 11, 24, 16, 0, tzinfo=UTC), 24),
        (datetime(2026, 11, 24, 17, 0, tzinfo=UTC), 23),
    ],
)
def test_the_day_ends_at_eleven_in_the_evening_in_cirebon(now: datetime, hours: int) -> None:
    assert until_reset(now) == timedelta(hours=hours)


async def test_a_used_up_day_stops_the_whole_app_until_the_reset() -> None:
    async with shopee_bench() as bench:
        bench.answer("shop/get_shop_info", refused("error_limit", "daily limit"))

        with pytest.raises(RateLimited) as limited:
            await bench.connector.observe_store(ACCESS)

        assert limited.value.retry_after == timedelta(hours=13)
        assert bench.budget.pauses == [timedelta(hours=13)]


async def test_bursts_back_off_longer_each_time_and_a_success_forgets_them() -> None:
    async with shopee_bench() as bench:
        burst = refused("error_rate_limit")
        info = {"error": "", "region": "ID", "status": "NORMAL"}
        bench.answer("shop/get_shop_info", *[burst] * 7, info, burst)
        waits = []
        for _ in range(9):
            try:
                await bench.connector.observe_store(ACCESS)
            except RateLimited as limited:
                waits.append(limited.retry_after.total_seconds())

        assert waits == [2, 4, 8, 16, 32, 60, 60, 2]


async def test_what_is_no_json_is_a_failure_of_transport_whatever_its_status() -> None:
    async with shopee_bench() as bench:
        page = httpx.Response(403, html="<h1>Access denied</h1>")
        bench.answer("shop/get_shop_info", page)

        with pytest.raises(Unavailable):
            await bench.connector.observe_store(ACCESS)


@pytest.mark.parametrize("message", ["", "Update price failed."])
@pytest.mark.parametrize(
    ("reason", "error"),
    [("Price is locked in promotion", ActionNeeded), ("Model is busy", OutcomeUnknown)],
)
async def test_an_error_and_a_failure_list_in_one_body_are_both_read(
    message: str, reason: str, error: type[MarketplaceError]
) -> None:
    async with shopee_bench() as bench:
        failed = {
            **refused("error_update_price_fail", message),
            "response": {"failure_list": [{"model_id": 0, "failed_reason": reason}]},
        }
        bench.ready_to_create()
        bench.answer("product/get_item_base_info", fine(item_list=[an_item()]))
        bench.answer("product/update_price", failed)

        with pytest.raises(error) as told:
            await bench.connector.update_listing(ACCESS, _ID, a_product(), frozenset({_PRICE}))

        assert message in told.value.detail or error is ActionNeeded
        assert reason in told.value.detail
        assert getattr(told.value, "one_listing", False) is (error is ActionNeeded)


async def test_a_failure_list_alone_names_the_field() -> None:
    async with shopee_bench() as bench:
        bench.ready_to_create()
        bench.answer("product/get_item_base_info", fine(item_list=[an_item()]))
        bench.answer(
            "product/update_price",
            fine(failure_list=[{"model_id": 0, "failed_reason": "Price too low"}]),
            fine(failure_list=[{"model_id": 0, "failed_reason": "Item is in promotion"}]),
        )

        update = partial(
            bench.connector.update_listing, ACCESS, _ID, a_product(), frozenset({_PRICE})
        )
        with pytest.raises(Rejected) as low:
            await update()
        with pytest.raises(ActionNeeded) as locked:
            await update()

        assert [fault.field for fault in low.value.fields] == ["price"]
        assert (locked.value.advice, locked.value.one_listing) == (advice.LOCKED, True)


@pytest.mark.parametrize(
    "text",
    ["token 59777174636562737266615546704c6d", "call +62 812 5550 1234", "mail to siti@umkm.test"],
)
def test_details_carry_no_token_and_no_address(text: str) -> None:
    shown = impersonal(text)

    assert "…" in shown
    assert not any(secret in shown for secret in ("5977", "5550", "@"))


async def test_a_dead_token_is_told_and_not_refreshed_behind_the_core_s_back() -> None:
    async with shopee_bench() as bench:
        route = bench.answer("shop/get_shop_info", refused("invalid_acceess_token"))

        with pytest.raises(CredentialsExpired) as over:
            await bench.connector.observe_store(ACCESS)

        assert (over.value.advice, route.call_count) == (advice.TOKEN_OVER, 1)


def _refused(code: str, message: str, request: Request, status: int = 200) -> MarketplaceError:
    said = Envelope(error=code, message=message, request_id="req-9")
    return refusal(said, status, request, NOON, None)
