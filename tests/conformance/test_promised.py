"""What the kit was asked to check, and which of its checks do: each is a check of the kit, and each kind bites a mutant."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from onboarder.connector.testing import CHECKS
from tests.conformance.mutants import MUTANTS

PROMISED: Mapping[str, Sequence[str]] = {
    "declared = behaves, both ways": [
        "manifest-*",
        "settings-of-an-instance-*",
        "undeclared-is-unsupported-*",
        "declared-methods-work",
        "a-whole-batch-is-taken",
        "listing-before-the-store-is-open-*",
    ],
    "answer lost after the commit": [
        "a-lost-opening-*",
        "a-lost-completion-*",
        "a-lost-create-*",
        "a-lost-batch-*",
        "a-lost-update-*",
        "a-lost-withdrawal-*",
        "a-lost-relisting-*",
        "a-half-done-opening-*",
    ],
    "answer lost before the commit": ["a-create-that-never-arrived-*", "an-opening-that-never-*"],
    "late visibility, 0 to 30 s on a virtual clock": [
        "a-listing-that-shows-late-*",
        "a-late-create-*",
        "a-late-opening-*",
    ],
    "double delivery": [
        "a-doubly-delivered-opening-*",
        "a-doubly-delivered-create-*",
        "a-doubly-delivered-update-*",
        "one-reference-twice-*",
        "a-taken-reference-*",
    ],
    "truncated body": [
        "a-create-answered-with-half-an-answer-*",
        "an-opening-answered-with-half-*",
    ],
    "HTML body": ["a-create-answered-with-a-web-page-*", "an-opening-answered-with-a-gateway-*"],
    "invalid body": [
        "a-create-answered-with-broken-json-*",
        "a-create-answered-with-another-shape-*",
        "a-create-answered-with-an-empty-body-*",
        "an-unreadable-answer-*",
        "an-unreadable-page-*",
        "an-unreadable-store-*",
    ],
    "oversized body": ["a-create-answered-with-too-many-bytes-*", "an-opening-answered-with-too-*"],
    "compressed bomb": [
        "a-create-answered-with-a-gzip-bomb-*",
        "an-opening-answered-with-a-gzip-*",
    ],
    "one byte at a time (total deadline)": [
        "a-create-answered-a-byte-at-a-time-*",
        "a-create-never-answered-*",
        "a-read-that-trickles-*",
    ],
    "429 with seconds": ["a-limit-with-seconds-*"],
    "429 with a date": ["a-limit-with-a-date-*"],
    "429 without Retry-After": ["a-limit-without-a-time-*", "a-limit-*", "a-limited-*"],
    "5xx bursts": [
        "reads-get-over-a-short-outage",
        "a-long-outage-*",
        "an-unavailable-create-*",
        "*-answered-with-a-server-error-*",
    ],
    "token death mid-batch": [
        "a-token-may-die-before-a-batch",
        "a-token-may-die-between-listings",
        "dead-credentials-are-told",
    ],
    "half-successful batches with shuffled and missing items": [
        "a-half-done-batch-*",
        "shuffled-results-*",
        "a-missing-result-*",
    ],
    "duplicate names across merchants": ["two-merchants-of-one-name-*"],
    "content refused with field reasons": ["a-refusal-names-our-fields", "one-bad-item-*"],
    "category withdrawn": ["a-withdrawn-category-*", "an-unknown-category-*"],
    "store suspended": ["a-suspended-store-*", "work-in-a-suspended-store-*"],
    "clock skew": ["a-wrong-clock-*", "a-skewed-marketplace-*"],
    "paging while items change": [
        "a-listing-added-between-pages-*",
        "a-listing-removed-between-pages-*",
    ],
    "hostile catalogue: emoji, 255+ characters, HTML": [
        "hostile-titles-*",
        "hostile-descriptions-*",
        "too-long-a-title-*",
    ],
    "hostile catalogue: price 0": ["a-price-of-zero-*"],
    "hostile catalogue: missing weight": ["a-missing-weight-*"],
    "hostile catalogue: 13th photo": ["one-photo-too-many-*"],
    "hostile catalogue: leading-zero SKU": ["leading-zeros-*"],
    "every error in the table mapped": ["every-row-raises-its-error", "no-row-hides-*"],
    "no unknown error swallowed": ["an-unknown-error-*"],
    "no secret in any log line": ["no-secret-is-logged", "nobody-is-named-in-a-log"],
    "safe-to-repeat methods repeat": [
        "looking-changes-nothing",
        "completing-is-repeatable",
        "updating-is-repeatable",
        "withdrawing-*-is-repeatable",
        "relisting-*-is-repeatable",
        "credentials-renew",
        "photos-are-uploaded-*",
    ],
}
"""By what was asked for: patterns of check ids."""


def test_everything_asked_for_is_a_check_of_the_kit() -> None:
    ids = [check.id for check in CHECKS]

    empty = [
        pattern
        for patterns in PROMISED.values()
        for pattern in patterns
        if not any(fnmatchcase(one, pattern) for one in ids)
    ]

    assert empty == []


def test_of_everything_asked_for_a_check_is_proven_to_bite() -> None:
    biting = {mutant.check for mutant in MUTANTS}

    unproven = [
        asked
        for asked, patterns in PROMISED.items()
        if not any(fnmatchcase(one, pattern) for one in biting for pattern in patterns)
    ]

    assert unproven == []
