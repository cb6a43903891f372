from pathlib import Path

from tests.faults.ledger import try_out


def test_whatever_the_order_of_events_the_marketplace_ends_as_the_model(
    sqlite_template: Path,
) -> None:
    try_out(examples=12, steps=12, template=sqlite_template)
