"""A coordinator's work: where the programme stands, plans to approve, the night's report, as use cases."""
