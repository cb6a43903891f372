"""How a merchant signs up: config/guides/MARKETPLACE.toml where there is one, else the connector's own steps."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onboarder.connector.manifest import HumanStep, Manifest
from onboarder.problems import ConfigProblem
from onboarder.settings import read_toml


class _Guide(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    step: tuple[HumanStep, ...] = Field(min_length=1)


def read_guide(config_dir: Path, name: str, manifest: Manifest) -> tuple[HumanStep, ...]:
    """The steps in order; `ConfigProblem` if the file cannot be used."""
    path = config_dir / "guides" / f"{name}.toml"
    if not path.is_file():
        return manifest.human_steps
    try:
        return _Guide.model_validate(read_toml(path)).step
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigProblem(
            f"{path}: {place}: {first['msg']}",
            hint="every [[step]] has who, id, en and minutes",
            id_message=f"{path} tidak bisa dipakai: {place}: {first['msg']}",
            id_hint="setiap [[step]] berisi who, id, en dan minutes",
        ) from None
