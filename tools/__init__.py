"""What the project's developers run: generated papers, measurements. Not part of any distribution."""
