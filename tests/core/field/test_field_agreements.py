"""What a merchant's last word was, whatever the phones' clocks say and in whatever order the records arrive."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from onboarder.model.consents import Agreement, GivenConsent, Purpose, agreement
from onboarder.model.ids import MarketplaceName, MerchantId
from onboarder.rules.agreements import NO_DATA, NO_MARKETPLACE, lacking, withdrawn

NINE = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHOP = MarketplaceName("rehearsal")


def said(
    *,
    given: bool = True,
    at: datetime = NINE,
    recorded_at: datetime | None = None,
    purpose: Purpose = Purpose.DATA,
) -> GivenConsent:
    return GivenConsent(
        id=f"{at}{given}",
        merchant_id=MerchantId("knm-1"),
        purpose=purpose,
        marketplace=SHOP if purpose is Purpose.MARKETPLACE else None,
        text_version="1",
        text_digest="0",
        given=given,
        read_aloud=True,
        at=at,
        recorded_at=recorded_at or at,
        by="C01",
    )


YES, NO_LATER = said(), said(given=False, at=NINE + HOUR)
YES_AGAIN = said(at=NINE + 2 * HOUR)


@pytest.mark.parametrize(
    ("words", "stands"),
    [
        ([], Agreement.NEVER_ASKED),
        ([YES], Agreement.GIVEN),
        ([YES, NO_LATER], Agreement.REFUSED),
        ([YES, NO_LATER, YES_AGAIN], Agreement.GIVEN),
        ([YES, said(given=False)], Agreement.REFUSED),
        # one phone without signal: three answers in a row, all recorded at noon
        (
            [replace(one, recorded_at=NINE + 3 * HOUR) for one in (YES, NO_LATER, YES_AGAIN)],
            Agreement.GIVEN,
        ),
        # given in the morning, but recorded only after it was taken back on another phone
        ([NO_LATER, replace(YES, recorded_at=NINE + 5 * HOUR)], Agreement.REFUSED),
        # a clock years ahead does not make a consent outlive its withdrawal
        ([said(at=NINE + 90_000 * HOUR, recorded_at=NINE), NO_LATER], Agreement.REFUSED),
        # a clock that was never set does not make a withdrawal older than the consent
        (
            [YES, said(given=False, at=NINE - 90_000 * HOUR, recorded_at=NINE + HOUR)],
            Agreement.REFUSED,
        ),
    ],
)
def test_the_last_word_counts_in_every_order(
    words: Sequence[GivenConsent], stands: Agreement
) -> None:
    for order in permutations(words):
        assert agreement(order, Purpose.DATA) is stands


def test_purposes_and_marketplaces_stand_apart() -> None:
    both = [said(), said(purpose=Purpose.MARKETPLACE)]

    assert lacking(both, SHOP, in_the_field=True) is None
    assert lacking(both, MarketplaceName("other"), in_the_field=True) is NO_MARKETPLACE
    assert lacking(both[1:], SHOP, in_the_field=True) is NO_DATA
    assert lacking(both[:1], SHOP, in_the_field=True) is NO_MARKETPLACE


def test_who_came_by_a_register_is_asked_nothing_but_is_heard() -> None:
    assert lacking([], SHOP, in_the_field=False) is None
    assert not withdrawn([], SHOP)
    assert withdrawn([NO_LATER], SHOP)
    assert lacking([NO_LATER], SHOP, in_the_field=False) is NO_DATA
