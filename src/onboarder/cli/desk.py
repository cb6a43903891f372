"""What a command works with: the words, the two streams, and on demand the settings and the application."""

import asyncio
import getpass
import json
import os
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import typer

from onboarder.cli.wording import Words, harmless

if TYPE_CHECKING:
    from rich.console import RenderableType

    from onboarder.application import Application
    from onboarder.records.database import Database
    from onboarder.settings import Settings

T = TypeVar("T")

PIPE_WIDTH = 200
"""Columns of a table that is not written to a terminal."""


class Desk:
    """One command's surroundings. Data goes to stdout, everything said to people about it to stderr."""

    def __init__(self, words: Words, *, as_json: bool, debug: bool = False) -> None:
        self.words = words
        self.as_json = as_json
        self.debug = debug

    @classmethod
    def of(cls, context: typer.Context) -> "Desk":
        """The desk that `main` handed to the command."""
        desk = context.find_object(cls)
        if desk is None:
            raise RuntimeError("the command was called without a desk")
        return desk

    @cached_property
    def settings(self) -> "Settings":
        """The settings; `ConfigProblem` naming the one that cannot be used."""
        from onboarder.settings import read_settings

        return read_settings()

    @property
    def actor(self) -> str:
        """Who gives the order, for the audit trail."""
        return f"cli:{getpass.getuser()}"[:64]

    @property
    def live(self) -> bool:
        """Whether bars may move: a person looks at a terminal and wants no JSON."""
        return sys.stderr.isatty() and not self.as_json

    def say(self, key: str, **facts: object) -> None:
        """A message to the person at the keyboard."""
        self.tell(self.words(key, **facts))

    def tell(self, text: str) -> None:
        """A message that is already a sentence."""
        sys.stderr.write(f"{harmless(text)}\n")
        sys.stderr.flush()

    def show(self, document: object, render: "Callable[[], Sequence[RenderableType]]") -> None:
        """The command's result: one JSON document, or what `render` makes of it for people."""
        text = self._json(document) if self.as_json else self._rendered(render())
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            _silence_stdout()

    @staticmethod
    def _json(document: object) -> str:
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

    @staticmethod
    def _rendered(parts: "Sequence[RenderableType]") -> str:
        """In the terminal's width and colours (NO_COLOR is respected), else plain and wide."""
        from rich.console import Console
        from rich.text import Text

        width = None if sys.stdout.isatty() else PIPE_WIDTH
        console = Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)
        with (
            console.capture() as caught
        ):  # rich itself would end the process when the reader goes away
            for part in parts:
                # A running text is left to the terminal: a link broken in two opens nothing.
                console.print(part, soft_wrap=isinstance(part, Text))
        return caught.get()

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Carry out a command's asynchronous part."""
        return asyncio.run(work)

    @asynccontextmanager
    async def application(self) -> "AsyncGenerator[Application]":
        """The application on a ready database; logs go to DATA_DIR/logs."""
        from onboarder.application import open_application
        from onboarder.cli.journal import open_journal
        from onboarder.records.faults import as_problems

        open_journal(self.settings.data_dir)
        with as_problems():
            async with open_application(self.settings) as app:
                yield app

    @asynccontextmanager
    async def database(self) -> "AsyncGenerator[Database]":
        """The database as it is, for commands that look after its schema."""
        from onboarder.records.database import Database
        from onboarder.records.faults import as_problems

        with as_problems():
            database = Database(self.settings.database)
            try:
                yield database
            finally:
                await database.aclose()


def _silence_stdout() -> None:
    """The reader went away (`| head`): the interpreter must not complain about it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
