"""The checks, by what they are about."""

from onboarder.connector.testing.check import checks_in
from onboarder.connector.testing.checks import (
    answers,
    batches,
    catalogue,
    changing,
    creating,
    declared,
    errors,
    finding,
    keys,
    limits,
    opening,
    processes,
    secrecy,
)

CHECKS = checks_in(
    declared,
    opening,
    creating,
    answers,
    batches,
    limits,
    keys,
    finding,
    changing,
    catalogue,
    errors,
    secrecy,
    processes,
)
"""Every check of the kit."""
