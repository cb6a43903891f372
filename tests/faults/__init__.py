"""The fault laboratory: real processes, killed and starved on purpose, judged by the marketplace's own account."""
