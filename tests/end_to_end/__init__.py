"""The whole product against real servers, as its users run it."""
