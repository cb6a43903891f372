"""Made-up cells are the same in every run, and a slow machine is no failure."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.load_profile("repeatable")
