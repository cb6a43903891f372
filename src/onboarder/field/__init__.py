"""A canvasser's work at the stall: registering, consents, goods, photos, readiness, as use cases."""
