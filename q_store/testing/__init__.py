"""Helpers for people who test passes and circuits: strategies, equivalence, the pass contract."""
