"""Bringing the marketplace to what we want: one convergent loop, and the night that compares."""
