"""The canvasser's app in Debian's Chromium."""
