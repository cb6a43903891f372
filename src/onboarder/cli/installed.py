"""Commands that come with another distribution, under the entry-point group `onboarder.commands`.

Each entry point names a function that takes its own arguments as a list and returns the exit code.
"""

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

from onboarder.problems import ConfigProblem

GROUP = "onboarder.commands"


def run_installed(name: str, arguments: Sequence[str]) -> int:
    """Carry the command out; `ConfigProblem` if nothing installed provides it."""
    for point in entry_points(group=GROUP, name=name):
        command: Callable[[list[str]], int] = point.load()
        return command(list(arguments))
    raise ConfigProblem(
        f"the command {name!r} is not installed",
        hint=f"install it with: pip install 'onboarder[{name}]'",
        id_message=f"perintah {name!r} belum terpasang",
        id_hint=f"pasang dengan: pip install 'onboarder[{name}]'",
    )
