"""Lightning's C++ called directly: state vectors and the adjoint method, sample by sample.

One adjoint call with the Hamiltonian sum of g_i Z_i is the vector-Jacobian product of a sample.
Nothing of PennyLane runs; gates are applied through the bound methods, whose calls cost about a
microsecond each.
"""

import numpy as np
from pennylane_lightning import lightning_qubit_ops as ops

from problem import Problem

TITLE = "Lightning C++ called directly"
PACKAGES = ("pennylane-lightning",)


def build(problem: Problem):
    inputs, weights, cotangent = problem.data()
    names, wires, slots = gate_list(problem)
    trainable = list(range(len([slot for slot in slots if slot is not None])))
    plain = [False] * len(names)
    empty = [[] for _ in names]
    no_matrix = [np.zeros(0, np.complex64)] * len(names)
    state = ops.StateVectorC64(problem.n)
    methods = [getattr(state, name) for name in names]
    measure = ops.MeasurementsC64(state)
    paulis = [ops.observables.NamedObsC64("PauliZ", [qubit]) for qubit in range(problem.n)]
    adjoint = ops.algorithms.AdjointJacobianC64()

    def sample(angles, coefficients):
        parameters = [[] if slot is None else [angles[slot]] for slot in slots]
        state.resetStateVector()
        for apply, qubits, values in zip(methods, wires, parameters, strict=True):
            apply(qubits, False, values)
        program = ops.algorithms.create_ops_listC64(
            names, parameters, wires, plain, no_matrix, empty, empty
        )
        observable = ops.observables.HamiltonianC64(coefficients, paulis)
        return (
            [measure.expval(pauli) for pauli in paulis],
            adjoint(state, [observable], program, trainable),
        )

    def step():
        values = np.empty((problem.batch, problem.n), np.float32)
        grads = np.empty((problem.batch, len(trainable)), np.float32)
        flat = weights.reshape(-1).tolist()
        for row in range(problem.batch):
            values[row], grads[row] = sample(inputs[row].tolist() + flat, cotangent[row])
        return (
            values,
            grads[:, : problem.n],
            grads[:, problem.n :].sum(axis=0).reshape(weights.shape),
        )

    return step


def gate_list(problem: Problem):
    """Names, wires and parameter positions (inputs first, then weights) in time order."""
    gates = [("RY", [qubit], qubit) for qubit in range(problem.n)]
    slot = problem.n
    for _ in range(problem.layers):
        for qubit in range(problem.n):
            gates += [("RY", [qubit], slot), ("RZ", [qubit], slot + 1)]
            slot += 2
        gates += [("CNOT", list(pair), None) for pair in problem.ring]
    return tuple(map(list, zip(*gates, strict=True)))
