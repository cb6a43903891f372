"""The merchant's consent as use cases: personal links followed, callbacks taken in, messages heard, dossiers."""
