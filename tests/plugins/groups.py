"""How the suite is spread over processes: a file stays together, and so does everything on one slow server."""

import pytest

SLOWEST_FIRST = ("mercur", "processes", "redis_server", "postgres")
"""Marks in the order in which their tests begin, so that no process is left alone with a long one at the end."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group by file, or by the server that is started once; long groups go first."""
    files = {item.path for item in items}
    ranks = {path: min(_rank(one) for one in items if one.path == path) for path in files}
    items.sort(key=lambda one: ranks[one.path])  # stable: within a file nothing moves
    for item in items:
        name = "mercur" if item.get_closest_marker("mercur") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(name))


def _rank(item: pytest.Item) -> int:
    marks = {mark.name for mark in item.iter_markers()}
    return next((n for n, name in enumerate(SLOWEST_FIRST) if name in marks), len(SLOWEST_FIRST))
