"""Moving bars on a terminal, drawn on stderr."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Bars:
    """Named lines with a bar each."""

    def __init__(self) -> None:
        self._lines: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[remark]}", markup=False),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )

    def start(self) -> None:
        self._progress.start()

    def stop(self) -> None:
        self._progress.stop()

    def show(self, name: str, done: int, total: int, remark: str) -> None:
        """Draw the line of that name anew."""
        if name not in self._lines:
            self._lines[name] = self._progress.add_task(name, remark="")
        self._progress.update(self._lines[name], total=total or None, completed=done, remark=remark)
