"""Backends beside the embedded engine: their table, how one is chosen, and their adapters."""
