"""The practice marketplace's server. It is no real marketplace and never pretends to be one."""

from onboarder_rehearsal.command import DEFAULT_PORT
from onboarder_rehearsal.server.app import create_app
from onboarder_rehearsal.server.dials import Dial, Fault
from onboarder_rehearsal.server.rules import Rules
from onboarder_rehearsal.server.run import Setup, serve

__all__ = ["DEFAULT_PORT", "Dial", "Fault", "Rules", "Setup", "create_app", "serve"]
