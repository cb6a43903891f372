"""Registers in: spreadsheets and photos become an import plan, with a verdict for every row not taken."""
