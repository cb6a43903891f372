"""`python -m onboarder_rehearsal.server`: the same as `onboarder rehearsal serve`, without the core's command line."""

import sys

from onboarder_rehearsal.command import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
