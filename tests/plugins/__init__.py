"""What every test of the tree gets through the root conftest: fixtures, the network guard, the account of skips."""
