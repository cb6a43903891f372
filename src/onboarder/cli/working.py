"""`onboarder worker`: hands this process to the installed queue."""

from onboarder.cli.desk import Desk
from onboarder.model.work import Lane
from onboarder.problems import UsageProblem
from onboarder.queue import installed_queue


def work(desk: Desk, lanes: str) -> int:
    """Work until told to stop; the exit code is the queue's."""
    return installed_queue().run_worker(desk.settings, _lanes(lanes))


def _lanes(text: str) -> tuple[Lane, ...]:
    named = [part.strip() for part in text.split(",") if part.strip()]
    if not named or any(one not in list(Lane) for one in named):
        known = ", ".join(Lane)
        raise UsageProblem(
            f"--lanes takes some of {known}, not {text!r}",
            id_message=f"--lanes berisi {known}, bukan {text!r}",
        )
    return tuple(dict.fromkeys(Lane(one) for one in named))
