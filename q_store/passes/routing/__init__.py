"""Which qubit is where, and the swaps that bring qubits together."""
