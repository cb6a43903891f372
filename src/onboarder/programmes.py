"""Programmes from config/programmes/NAME.toml."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from onboarder.model.people import Programme
from onboarder.problems import ConfigProblem
from onboarder.settings import read_toml

_PROGRAMME = TypeAdapter(Programme)


def read_programme(folder: Path, name: str) -> Programme:
    """The programme; `ConfigProblem` naming file and field if it cannot be used."""
    path = folder / f"{name}.toml"
    try:
        return _PROGRAMME.validate_python(read_toml(path))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigProblem(
            f"{path}: {place}: {first['msg']}",
            hint="mend the file and try again",
            id_message=f"{path} tidak bisa dipakai: {place}: {first['msg']}",
            id_hint="perbaiki berkas itu lalu coba lagi",
        ) from None
