"""The suites that every connector's tests inherit."""

import inspect
from pathlib import Path

import pytest

from onboarder.connector.testing.bench import Subject
from onboarder.connector.testing.check import Check
from onboarder.connector.testing.checks import CHECKS
from onboarder.connector.testing.folder import ConnectorFolder
from onboarder.connector.testing.looks import LOOKS
from onboarder.connector.testing.quality import (
    Exempt,
    Owed,
    Rule,
    account_of,
    faults_of,
    the_scale,
)

RULES = the_scale().rule


class ConnectorContract:
    """What a connector does. Subclass it in `connectors/NAME/tests/` and give it one fixture, `subject`.

    A check that the marketplace's control cannot set up, or that concerns a capability which is not declared, is
    reported as exempt with the reason; no other excuse keeps a check from being made. A rule that quality.toml calls
    done must have at least one check that is made.
    """

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
    async def test_conforms(self, check: Check, subject: Subject) -> None:
        rule = the_scale().for_check(check.id)
        status = account_of(_folder_of(self)).status(rule)
        if isinstance(status, Owed):
            pytest.xfail(f"{rule.id} is still to be done: {status.todo}")
        exemption = check.exemption(subject.manifest, subject.control)
        if exemption is None:
            await check.run(subject)
            return
        excused = isinstance(status, Exempt)
        assert excused or _is_held_by_another(rule, subject), f"{rule.id} is not done: {exemption}"
        pytest.skip(f"exempt from {check.id}: {exemption}")


class ConnectorQuality:
    """What a connector's folder says. Subclass it in `connectors/NAME/tests/`; it needs no marketplace."""

    def test_the_account_answers_every_rule(self) -> None:
        faults = faults_of(account_of(_folder_of(self)), RULES)
        assert not faults, "; ".join(faults)

    @pytest.mark.parametrize(
        "rule", [rule for rule in RULES if rule.looks], ids=lambda rule: rule.id
    )
    def test_the_folder_keeps_the_rule(self, rule: Rule) -> None:
        folder = ConnectorFolder(_folder_of(self))
        status = account_of(folder.path).status(rule)
        if isinstance(status, Exempt):
            pytest.skip(f"exempt from {rule.id}: {status.exempt}")
        if isinstance(status, Owed):
            pytest.xfail(f"{rule.id} is still to be done: {status.todo}")
        faults = [fault for look in rule.looks for fault in LOOKS[look](folder)]
        assert not faults, "; ".join(faults)


def _folder_of(suite: object) -> Path:
    """`connectors/NAME` of the module that subclasses a suite."""
    return Path(inspect.getfile(type(suite))).resolve().parents[1]


def _is_held_by_another(rule: Rule, subject: Subject) -> bool:
    """Whether some check of the rule can be made of this connector at this marketplace."""
    manifest, control = subject.manifest, subject.control
    mine = (check for check in CHECKS if rule.covers(check.id))
    return any(check.exemption(manifest, control) is None for check in mine)
