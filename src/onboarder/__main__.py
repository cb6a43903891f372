"""`python -m onboarder`."""

from onboarder.cli.main import run

if __name__ == "__main__":
    run()
