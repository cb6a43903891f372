"""The exit codes of every command, in one place. They are stable: scripts may rely on them."""

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code says. The numbers from 64 up follow sysexits.h where it has a fitting one."""

    DONE = 0
    FAILED = 1
    """The work was done and its outcome is bad."""
    USAGE = 2
    """The command or its input makes no sense as given; nothing was changed."""
    ASKED = 3
    """An import took the good rows; the others came back as questions."""
    IMPLAUSIBLE = 4
    """A reconciliation did not believe what it saw on a marketplace and held its repairs back."""
    INTERNAL = 70
    """A fault of onboarder itself."""
    BUSY = 75
    """Somebody else is doing it, or it takes longer: try again later."""
    REFUSED = 77
    """The rules do not allow it."""
    CONFIG = 78
    """The configuration or the installation cannot be used."""
    RESTART = 81
    """A worker ended itself, being blocked or too large: whatever started it starts it again."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""
