"""Members are alike: one version, named after their folder, listed in two places at the root, same file names."""

from importlib.metadata import entry_points

import pytest

from onboarder.connector.registry import GROUP, connector_type
from tests.architecture.tree import (
    ROOT,
    Member,
    connectors,
    core,
    files,
    members,
    nothing,
    table,
    texts,
)

FILES = ("connector.py", "auth.py", "wire.py", "mapping.py", "errors.py", "manifest.py", "py.typed")
every_connector = pytest.mark.parametrize("member", connectors(), ids=lambda one: one.folder.name)


def test_all_members_have_one_version_and_one_oldest_python() -> None:
    assert {member.version for member in members()} == {core().version}
    assert {member.project["requires-python"] for member in members()} == {
        core().project["requires-python"]
    }


@pytest.mark.parametrize("member", members()[1:], ids=lambda member: member.name)
def test_a_member_is_named_after_its_folder(member: Member) -> None:
    assert member.name == f"onboarder-{member.folder.name}"
    assert (member.folder / "src" / member.package / "__init__.py").is_file()


@every_connector
def test_a_connector_is_listed_twice_at_the_root(member: Member) -> None:
    extras = table(core().pyproject, "project", "optional-dependencies")
    everything = texts(extras["all"])[0].removeprefix("onboarder[").removesuffix("]").split(",")

    assert extras[member.folder.name] == [member.name]
    assert member.folder.name in everything
    assert table(core().pyproject, "tool", "uv", "sources", member.name) == {"workspace": True}


@every_connector
def test_a_connector_has_the_same_file_names_as_the_others(member: Member) -> None:
    package = member.folder / "src" / member.package

    assert nothing(name for name in FILES if not (package / name).is_file())
    assert (member.folder / "README.md").is_file()
    assert list((member.folder / "tests").glob("test_*.py")) != []


@every_connector
def test_a_connector_is_found_under_its_folder_s_name(member: Member) -> None:
    declared = table(member.pyproject, "project", "entry-points", GROUP)

    [(name, target)] = declared.items()

    assert name == member.folder.name
    assert str(target).startswith(f"{member.package}:")
    assert name in entry_points(group=GROUP).names
    assert connector_type(name).manifest.name == name


def test_test_files_are_named_after_their_member_and_unique() -> None:
    """Two of one name stop mypy with "Duplicate module named"."""
    tests = [path for path in files() if path.match("test_*.py")]
    foreign = [
        str(path.relative_to(ROOT))
        for member in members()[1:]
        for path in tests
        if path.is_relative_to(member.folder)
        and not path.name.startswith(f"test_{member.folder.name}_")
    ]

    assert nothing(foreign)
    assert sorted({path.name for path in tests}) == sorted(path.name for path in tests)
