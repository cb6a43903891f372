"""The same work written the plain way, on the queues that others use. Nothing here knows onboarder.

arq runs in the development environment; taskiq's Redis brokers need a newer `redis` than arq allows, so taskiq has an
environment of its own (`environment.py`).
"""
