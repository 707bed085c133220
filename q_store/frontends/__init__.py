"""Frontends: the ways people write circuits, all lowering to one IR."""
