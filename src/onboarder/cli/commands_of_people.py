"""The signatures of `onboarder people`."""

from typing import Annotated

import typer

from onboarder.cli.desk import Desk

PersonId = Annotated[str, typer.Argument(metavar="ID")]


def add_person(
    context: typer.Context,
    person: PersonId,
    role: Annotated[str, typer.Option("--role", metavar="ROLE")],
    name: Annotated[str, typer.Option("--name", metavar="NAME")],
    market: Annotated[list[str] | None, typer.Option("--market", metavar="CODE")] = None,
) -> int:
    from onboarder.cli.people import Added, add

    desk = Desk.of(context)
    return desk.run(add(desk, Added(person, role, name, market or [])))


def reset_person(context: typer.Context, person: PersonId) -> int:
    from onboarder.cli.people import reset

    desk = Desk.of(context)
    return desk.run(reset(desk, person))


def invite_phone(context: typer.Context, person: PersonId) -> int:
    from onboarder.cli.people import invite

    desk = Desk.of(context)
    return desk.run(invite(desk, person))


def list_people(context: typer.Context) -> int:
    from onboarder.cli.people import show_everybody

    desk = Desk.of(context)
    return desk.run(show_everybody(desk))


def disable_person(context: typer.Context, person: PersonId) -> int:
    from onboarder.cli.people import disable

    desk = Desk.of(context)
    return desk.run(disable(desk, person))


def lose_device(
    context: typer.Context, device: Annotated[str, typer.Argument(metavar="DEVICE")]
) -> int:
    from onboarder.cli.people import lose

    desk = Desk.of(context)
    return desk.run(lose(desk, device))
