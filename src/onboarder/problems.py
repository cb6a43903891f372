"""Errors of the person at the keyboard: what, where, what to do. They end a command with a stable exit code."""


class Problem(Exception):
    """Something the caller can mend. `hint` names the next step; the `id_` texts say the same in Indonesian."""

    exit_code = 1

    def __init__(
        self, message: str, *, hint: str = "", id_message: str = "", id_hint: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.id_message = id_message
        self.id_hint = id_hint

    def said(self, lang: str) -> tuple[str, str]:
        """What happened and what to do, in Indonesian for `id` where that is known, else in English."""
        if lang == "id":
            return self.id_message or self.message, self.id_hint or self.hint
        return self.message, self.hint


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
