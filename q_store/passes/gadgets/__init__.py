"""Pauli gadgets: rotations about Pauli words, and circuits that share what leads to them."""
