"""What the engine carries and what a remote call costs: `python -m tools.bench`."""
