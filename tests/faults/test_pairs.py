"""Every mechanism has a test that fails when it is taken out. That the tests pass otherwise is for the suite to say."""

from tests.faults.mechanisms import MECHANISMS
from tests.faults.pairs import caught, verdicts
from tests.faults.without import Verdict

SLOW = "breaker"
"""Its test takes seconds; `make mechanisms` tries all."""


def test_each_mechanism_taken_out_makes_its_test_fail() -> None:
    chosen = [one for one in MECHANISMS if one.name != SLOW]

    found = verdicts(chosen, without=True)

    failed = {test for test, verdict in found.items() if verdict["failed"]}
    assert [one.name for one in chosen if one.test not in failed] == []


def test_no_test_watches_two_mechanisms() -> None:
    assert len(MECHANISMS) > 25
    assert len({one.test for one in MECHANISMS}) == len(MECHANISMS)


def test_a_test_that_fails_anyway_or_never_ran_watches_nothing() -> None:
    passes: Verdict = {"failed": False, "ran": True, "said": "", "seconds": 0}
    fails: Verdict = {**passes, "failed": True}

    assert caught(passes, fails)
    assert not caught(passes, passes)
    assert not caught(fails, fails)
    assert not caught(None, fails)
    assert not caught({**passes, "ran": False}, fails)
