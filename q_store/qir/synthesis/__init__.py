"""Unitary matrices as gates of the table: `unitary_steps` is the way in. Needs numpy."""
