"""The test suite of the whole project; members keep their own tests beside their code."""
