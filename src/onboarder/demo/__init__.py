"""The demonstration: the whole job on a practice marketplace, with faults, and an exact account at the end."""
