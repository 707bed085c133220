"""PennyLane is an extra; its comparison is collected where it is installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("pennylane") else ["test_gate_pennylane.py"]
