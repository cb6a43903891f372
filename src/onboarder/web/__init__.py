"""Pages for people: the canvasser's installable app and the coordinator's desk."""
