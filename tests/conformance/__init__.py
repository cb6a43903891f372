"""The conformance kit itself: its fault proxy, its bite, its scale, its scaffold."""
