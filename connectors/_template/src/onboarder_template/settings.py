"""The `[settings]` of config/marketplaces/template.toml: none yet, and unknown ones are an error."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from onboarder.problems import ConfigProblem


class TemplateSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def read_settings(values: Mapping[str, object]) -> TemplateSettings:
    """`ConfigProblem` naming the settings that cannot be used."""
    try:
        return TemplateSettings.model_validate(dict(values))
    except ValidationError as error:
        places = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors())
        raise ConfigProblem(
            f"config/marketplaces/template.toml: [settings] cannot be used: {places}",
            hint="see connectors/template/README.md for the settings",
        ) from None
