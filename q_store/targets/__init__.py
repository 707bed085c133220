"""Targets: what a program is lowered to, the executable first of all."""
