"""The README's tables name every dial, rule, call and act there is."""

import re
from pathlib import Path

from onboarder_rehearsal.server import Fault, Rules
from onboarder_rehearsal.server.back_office import LISTING_ACTS, STORE_ACTS
from onboarder_rehearsal.server.endpoints import ENDPOINTS

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def section(title: str) -> set[str]:
    """The words set as code in a section."""
    body = re.split(r"^## ", README, flags=re.MULTILINE)
    [found] = [part for part in body if part.startswith(title)]
    return set(re.findall(r"`([^`]+)`", found))


def test_every_dial_is_explained() -> None:
    assert {str(fault) for fault in Fault} <= section("Failure dials")


def test_every_rule_is_explained() -> None:
    assert set(Rules.model_fields) <= section("Rules")


def test_every_act_of_the_back_office_is_explained() -> None:
    acts = {*STORE_ACTS, *LISTING_ACTS, "expire_tokens", "revoke", "authorise", "duplicate"}

    assert acts <= section("The hand at the back office")


def test_every_call_of_the_api_is_explained() -> None:
    told = " ".join(section("The API in a minute"))
    last = {endpoint.path.rsplit("/", 1)[-1] for endpoint in ENDPOINTS}

    assert all(word in told for word in last)
