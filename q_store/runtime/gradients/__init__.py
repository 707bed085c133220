"""Ways to differentiate a circuit, one file each, behind one protocol (`method.py`)."""
