"""Tests of the room `converge`."""
