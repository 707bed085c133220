"""Minimisers that need values only. The names for users are in `q_store.optimizers`."""
