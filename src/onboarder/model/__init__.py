"""The business words: pure, frozen, typed; imports nothing of ours."""
