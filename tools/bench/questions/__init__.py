"""One module per question; see `tools.bench`."""
