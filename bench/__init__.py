"""Measurements: each module prints its figures beside what they are compared with."""
