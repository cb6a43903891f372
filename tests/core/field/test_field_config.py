"""What an operator may break in config/field, and how they hear of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from onboarder.field.consent_texts import read_consent_texts
from onboarder.field.rules import read_field_rules
from onboarder.model.consents import Purpose
from onboarder.problems import ConfigProblem
from tests.support.signed_in import CONFIG
from tests.support.town import PROGRAMME


@pytest.fixture
def config(tmp_path: Path) -> Path:
    shutil.copytree(CONFIG / "field", tmp_path / "field")
    return tmp_path


def read_texts(config: Path) -> object:
    return read_consent_texts(config, PROGRAMME)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("consent_texts.toml", 'purpose = "photos"', 'purpose = "contact"', "twice"),
        ("consent_texts.toml", 'purpose = "photos"', 'purpose = "x"', "purpose"),
        ("consent_texts.toml", "kami: {programme}", "kami: {nobody}", "nobody"),
        ("consent_texts.toml", "required = true", "", "required"),
        ("rules.toml", "[need.goods]", "[need.other]", "goods, other"),
        ("rules.toml", "grams = 100\n", "grams = 0\n", "grams"),
    ],
)
def test_a_broken_file_is_named_with_its_fault(
    config: Path, file: str, old: str, new: str, said: str
) -> None:
    path = config / "field" / file
    path.write_text(path.read_text().replace(old, new, 1))
    read: Callable[[Path], object] = read_field_rules if file == "rules.toml" else read_texts

    with pytest.raises(ConfigProblem) as raised:
        read(config)

    assert said in raised.value.message
    assert file in raised.value.message


def test_answers_to_older_texts_are_still_known(config: Path) -> None:
    """A phone that was without signal when the text changed."""
    path = config / "field" / "consent_texts.toml"
    old = path.read_text()
    newer = old[old.index("[[text]]") : old.index('purpose = "marketplace"')]
    newer = newer.rpartition("[[text]]")[0].replace('version = "1"', 'version = "2"')
    path.write_text(old + "\n" + newer.replace("Siapa kami", "Kami adalah"))

    texts = read_consent_texts(config, PROGRAMME)

    first, second = (texts.find(Purpose.DATA, version, None, "") for version in ("1", "2"))
    current = {one.purpose: one.version for one in texts.current([])}
    assert first is not None
    assert second is not None
    assert first.digest != second.digest
    assert current[Purpose.DATA] == "2"
