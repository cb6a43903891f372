"""What marketplaces gave the programme: from files first, never from files that others may read."""

from functools import partial
from pathlib import Path

import pytest

from onboarder.connector.errors import ActionNeeded
from onboarder.converge.failures import usable
from onboarder.model.people import Actor
from onboarder.people.secrets_folder import LARGEST, SecretsFolder
from onboarder.problems import ConfigProblem


def put(folder: Path, text: str, *, mode: int = 0o600) -> Path:
    path = folder / "pasar" / "app_key"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_secret_comes_from_its_file_without_the_line_s_end(tmp_path: Path) -> None:
    put(tmp_path, "rahasia\n")

    found = SecretsFolder(tmp_path, {"ONBOARDER_SECRET_PASAR_APP_KEY": "other"})

    secret = found.read("pasar", "app_key")
    assert secret is not None
    assert secret.get_secret_value() == "rahasia"
    assert "rahasia" not in repr(secret)


def test_without_a_file_the_environment_is_asked(tmp_path: Path) -> None:
    found = SecretsFolder(tmp_path, {"ONBOARDER_SECRET_PASAR_APP_KEY": "rahasia"})

    secret = found.read("pasar", "app_key")

    assert secret is not None
    assert secret.get_secret_value() == "rahasia"
    assert found.read("pasar", "push_key") is None


def test_an_app_s_dot_is_an_underline_in_the_environment(tmp_path: Path) -> None:
    found = SecretsFolder(tmp_path, {"ONBOARDER_SECRET_PASAR_SECOND_APP_KEY": "rahasia"})

    assert found.read("pasar.second", "app_key") is not None


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_secret_is_none(tmp_path: Path, text: str) -> None:
    put(tmp_path, text)

    assert (
        SecretsFolder(tmp_path, {"ONBOARDER_SECRET_PASAR_APP_KEY": " "}).read("pasar", "app_key")
        is None
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = put(tmp_path, "rahasia", mode=mode)

    with pytest.raises(ConfigProblem, match="may be read by others") as refused:
        SecretsFolder(tmp_path, {}).read("pasar", "app_key")

    assert refused.value.hint == f"chmod 600 {path}"


def test_a_file_that_cannot_be_a_secret_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "x" * (LARGEST + 1))
    with pytest.raises(ConfigProblem, match="more than"):
        SecretsFolder(tmp_path, {}).read("pasar", "app_key")

    put(tmp_path, "").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigProblem, match="UTF-8"):
        SecretsFolder(tmp_path, {}).read("pasar", "app_key")


def test_connectors_hear_of_it_as_of_what_an_operator_has_to_do(tmp_path: Path) -> None:
    path = put(tmp_path, "rahasia", mode=0o644)
    read = usable(partial(SecretsFolder(tmp_path, {}).read, "pasar"))

    with pytest.raises(ActionNeeded) as needed:
        read("app_key")

    assert needed.value.advice.who is Actor.OPERATOR
    assert f"chmod 600 {path}" in needed.value.advice.id
    assert read("another") is None
