"""The real Mercur marketplace for the tests; start with mercur.start_mercur() or plugin.mercur."""
