"""The entry point: reads the line, builds the commands in the person's language, and turns every end into an exit code."""

import sys
from collections.abc import Sequence

import typer

from onboarder.cli.asked import Asked, read_line
from onboarder.cli.command_line import command_line
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.wording import Words
from onboarder.problems import Problem


def run() -> None:
    """`onboarder` and `python -m onboarder`."""
    sys.exit(main(sys.argv[1:]))


def main(line: Sequence[str]) -> int:
    """Carry out one command line; returns the exit code. Never raises for what a person can mend."""
    try:
        asked = read_line(line)
    except Problem as problem:
        return _tell_problem(Desk(Words("id"), as_json=False), problem)
    return _carry_out(Desk(Words(asked.lang), as_json=asked.as_json, debug=asked.debug), asked)


def _carry_out(desk: Desk, asked: Asked) -> int:
    try:
        commands = command_line(desk.words)
        ended = commands.main(
            args=list(asked.rest) or ["--help"],
            prog_name="onboarder",
            standalone_mode=False,
            obj=desk,
        )
        return int(ended or Exit.DONE)
    except typer.TyperException as error:
        return _tell_misuse(desk, error)
    except Problem as problem:
        return _tell_problem(desk, problem)
    except (KeyboardInterrupt, typer.Abort):
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last stop: a fault of ours is told, not thrown at the person
        return _tell_crash(desk, error)


def _tell_problem(desk: Desk, problem: Problem) -> int:
    message, hint = problem.said(desk.words.lang)
    return _end(desk, problem.exit_code, message, hint)


def _tell_misuse(desk: Desk, error: typer.TyperException) -> int:
    return _end(desk, error.exit_code, error.format_message(), desk.words("misuse.hint"))


def _tell_crash(desk: Desk, error: Exception) -> int:
    import traceback

    if desk.debug:
        desk.tell("".join(traceback.format_exception(error)).rstrip())
    try:
        from onboarder.cli.journal import record_crash

        code, path = record_crash(desk.settings.data_dir, error)
        hint = desk.words("crash.logged", path=path)
    except (Problem, OSError):
        code, hint = type(error).__name__, desk.words("crash.not_logged")
    return _end(desk, Exit.INTERNAL, desk.words("crash.what", code=code), hint)


def _end(desk: Desk, code: int, message: str, hint: str) -> int:
    desk.tell(f"onboarder: {message}")
    if hint:
        desk.tell(f"  → {hint}")
    if desk.as_json:
        desk.show({"error": {"exit": code, "message": message, "hint": hint}}, tuple)
    return code
