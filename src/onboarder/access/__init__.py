"""Who may come in: enrolment of phones, sessions, PINs and passwords, as use cases."""
