"""The quality scale is whole: enough rules, most checked by machine, every check in one rule, every name known."""

from collections import Counter
from pathlib import Path

import pytest

from onboarder.connector.testing import CHECKS
from onboarder.connector.testing.looks import LOOKS
from onboarder.connector.testing.quality import (
    Account,
    Exempt,
    Owed,
    Rule,
    Tier,
    faults_of,
    grade,
    the_scale,
    tier_of,
)

RULES = the_scale().rule
CONNECTORS = sorted(path.parent for path in Path("connectors").glob("[!_]*/pyproject.toml"))


def account(**statuses: str | Exempt | Owed) -> Account:
    rules: dict[str, str | Exempt | Owed] = {rule.id: "done" for rule in RULES}
    return Account.model_validate(
        {
            "owner": "somebody",
            "verified": "2026-11-23",
            "against": "something",
            "rules": rules | {name.replace("_", "-"): one for name, one in statuses.items()},
        }
    )


def first_of(tier: Tier) -> Rule:
    return next(rule for rule in RULES if rule.tier is tier)


def owed(rule: Rule) -> Account:
    return account(**{rule.id: Owed(todo="it is not done yet")})


def test_there_are_at_least_54_rules_in_four_tiers() -> None:
    assert len(RULES) >= 54
    assert set(Counter(rule.tier for rule in RULES)) == set(Tier)
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_at_least_four_of_five_rules_are_checked_by_machine() -> None:
    assert sum(rule.by_machine for rule in RULES) / len(RULES) >= 0.8


def test_there_are_at_least_40_checks_with_names_and_sentences() -> None:
    assert len(CHECKS) >= 40
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    assert all(check.sentence.endswith(".") for check in CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_holds_exactly_one_rule_true(check: object) -> None:
    name = str(getattr(check, "id", ""))

    assert len([rule.id for rule in RULES if rule.covers(name)]) == 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_way_of_checking_exists(rule: Rule) -> None:
    idle = [
        pattern
        for pattern in rule.patterns
        if not any(
            rule.model_copy(update={"checked": (f"check:{pattern}",)}).covers(c.id) for c in CHECKS
        )
    ]

    assert idle == []
    assert set(rule.looks) <= set(LOOKS)
    assert len(rule.patterns) + len(rule.looks) == len(rule.checked) or not rule.by_machine


def test_every_look_is_used() -> None:
    assert {look for rule in RULES for look in rule.looks} == set(LOOKS)


def test_the_tier_is_the_highest_without_a_debt_in_it_or_below() -> None:
    assert tier_of(account(), RULES) is Tier.PLATINUM
    assert tier_of(owed(first_of(Tier.PLATINUM)), RULES) is Tier.GOLD
    assert tier_of(owed(first_of(Tier.SILVER)), RULES) is Tier.BRONZE
    assert tier_of(owed(first_of(Tier.BRONZE)), RULES) is None


def test_an_exemption_is_no_debt_and_needs_a_reason() -> None:
    excused = account(**{first_of(Tier.GOLD).id: Exempt(exempt="no batches at this marketplace")})

    assert tier_of(excused, RULES) is Tier.PLATINUM
    with pytest.raises(ValueError, match="at least 15 characters"):
        Exempt(exempt="no")


def test_an_account_must_answer_every_rule_and_no_other() -> None:
    told = account(opens_twice="done", **{first_of(Tier.GOLD).id: "almost"})
    silent = told.model_copy(
        update={"rules": {n: s for n, s in told.rules.items() if n != "typed"}}
    )

    assert faults_of(account(), RULES) == []
    assert len(faults_of(told, RULES)) == 2
    assert "typed: says nothing" in faults_of(silent, RULES)


@pytest.mark.parametrize("folder", CONNECTORS, ids=lambda path: path.name)
def test_every_connector_has_a_tier(folder: Path) -> None:
    assert grade(folder) is not None
