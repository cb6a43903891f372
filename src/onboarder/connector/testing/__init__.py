"""The conformance kit: every connector's tests inherit `ConnectorContract` and `ConnectorQuality`."""

from onboarder.connector.testing.bench import NonconformingError, Subject
from onboarder.connector.testing.check import Check
from onboarder.connector.testing.checks import CHECKS
from onboarder.connector.testing.contract import ConnectorContract, ConnectorQuality
from onboarder.connector.testing.marketplace import (
    Ability,
    Act,
    BatchFault,
    HeldListing,
    HeldOffer,
    HeldStore,
    MarketplaceControl,
    Route,
    UnableControl,
)
from onboarder.connector.testing.proxy import Exchange, FaultProxy, Reply, Spoil, Strike

__all__ = [
    "CHECKS",
    "Ability",
    "Act",
    "BatchFault",
    "Check",
    "ConnectorContract",
    "ConnectorQuality",
    "Exchange",
    "FaultProxy",
    "HeldListing",
    "HeldOffer",
    "HeldStore",
    "MarketplaceControl",
    "NonconformingError",
    "Reply",
    "Route",
    "Spoil",
    "Strike",
    "Subject",
    "UnableControl",
]
