"""Errors of the person at the keyboard: what, where, what to do. They end a command with a stable exit code."""


class Problem(Exception):
    """Something the caller can mend. `hint` names the next step."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageProblem(Problem):
    """The command or its input makes no sense as given."""

    exit_code = 2


class BusyProblem(Problem):
    """Somebody else is doing it; try again later."""

    exit_code = 75


class RefusedProblem(Problem):
    """The rules do not allow it (an untrained merchant, say)."""

    exit_code = 77


class ConfigProblem(Problem):
    """The configuration cannot be used."""

    exit_code = 78
