"""Helpers of the passes that make native programs of trapped-ion machines."""
