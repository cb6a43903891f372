import re

from tests.faults.report import ROOT, TEMPLATE


def test_every_test_named_as_a_watcher_exists() -> None:
    named = re.findall(r"((?:tests|workers)/[\w/]+\.py)(?:::(\w+))?", TEMPLATE.read_text("utf-8"))

    missing = [
        (path, name)
        for path, name in named
        if not (ROOT / path).is_file() or name not in (ROOT / path).read_text("utf-8")
    ]

    assert len(named) > 10
    assert missing == []
