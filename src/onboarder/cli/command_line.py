"""All commands put together, with their help in the person's language."""

from collections.abc import Mapping

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.main import get_group

from onboarder.cli import commands, commands_of_people, commands_of_the_demo
from onboarder.cli.wording import Words

_ORDER = (
    *(
        "import",
        "plan",
        "open",
        "draft",
        "consent",
        "export",
        "status",
        "watch",
        "tasks",
        "redrive",
        "reconcile",
    ),
    *("marketplaces", "people", "worker", "serve", "rehearsal", "db", "keys", "doctor", "demo"),
    "exit-codes",
)
"""As the work goes; subcommands would come last otherwise."""
_Settings = Mapping[str, bool | list[str]]
_PASSED_ON: _Settings = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}
"""For a command whose arguments belong to somebody else."""
_PLAIN: _Settings = {"help_option_names": ["-h", "--help"]}


def command_line(words: Words) -> TyperGroup:
    """`onboarder` with every command."""
    app = _app(_PLAIN)
    app.command("import")(commands.import_registers)
    app.command("plan")(commands.plan)
    app.command("open")(commands.open_stores)
    app.command("draft")(commands.draft)
    app.command("consent")(commands.consent)
    app.command("export")(commands.export)
    app.command("status")(commands.status)
    app.command("watch")(commands.watch)
    app.add_typer(_tasks(), name="tasks")
    app.command("redrive")(commands.redrive)
    app.command("reconcile")(commands.reconcile)
    app.command("marketplaces")(commands.marketplaces)
    app.add_typer(_people(), name="people")
    app.command("worker")(commands.worker)
    app.command("serve")(commands.serve)
    app.command("rehearsal", context_settings=dict(_PASSED_ON))(commands.rehearsal)
    app.add_typer(_databases(), name="db")
    app.add_typer(_keys(), name="keys")
    app.command("doctor")(commands.doctor)
    app.command("demo")(commands_of_the_demo.demo)
    app.command("exit-codes")(commands.exit_codes)
    group = get_group(app)
    group.commands = {name: group.commands[name] for name in _ORDER}
    group.help = words("help.onboarder")
    group.epilog = words("help.everywhere")
    _put_into_words(group, "", words)
    return group


def _tasks() -> typer.Typer:
    app = _app()
    app.callback(invoke_without_command=True)(commands.tasks)
    app.command("answer")(commands.answer)
    return app


def _databases() -> typer.Typer:
    app = _app()
    app.command("upgrade")(commands.upgrade_database)
    app.command("status")(commands.database_status)
    return app


def _people() -> typer.Typer:
    app = _app()
    app.command("add")(commands_of_people.add_person)
    app.command("invite")(commands_of_people.invite_phone)
    app.command("list")(commands_of_people.list_people)
    app.command("reset")(commands_of_people.reset_person)
    app.command("disable")(commands_of_people.disable_person)
    app.command("lost")(commands_of_people.lose_device)
    return app


def _keys() -> typer.Typer:
    app = _app()
    app.command("init")(commands.init_keys)
    app.command("status")(commands.keys_status)
    app.command("rotate")(commands.rotate_keys)
    app.command("retire")(commands.retire_key)
    app.command("forget")(commands.forget_keys)
    return app


def _app(settings: _Settings | None = None) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=dict(settings or {}),
    )


def _put_into_words(group: TyperGroup, path: str, words: Words) -> None:
    for name, command in group.commands.items():
        inner = f"{path}{name}".replace("-", "_")
        command.help = words(f"help.{inner}")
        command.epilog = words("help.everywhere")
        for parameter in command.params:
            if isinstance(parameter, TyperArgument | TyperOption):
                parameter.help = words(f"option.{inner}_{parameter.name}")
        if isinstance(command, TyperGroup):
            _put_into_words(command, f"{inner}_", words)
