"""Random circuits and comparisons for the tests of frontends."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.expr import Expr
from q_store.frontends.symbols import matrix, scalar, vector
from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates
from q_store.runtime.reference_func import unitary_of_func

NUMBERS = st.floats(-6, 6, allow_nan=False).map(lambda v: round(v, 3))
X, W, THETA = vector("x"), matrix("w", 2, 2), scalar("theta")
VALUES = {"x": [0.3, -1.2, 0.7], "w": [[0.1, 0.2], [-0.4, 1.5]], "theta": 0.9}
LEAVES = st.sampled_from([X[0], X[1], X[2], W[0, 1], W[1][0], THETA])


@st.composite
def expressions(draw: st.DrawFn) -> Expr:
    """Affine in parameters, sometimes with a product or a function in it."""
    left, right = draw(LEAVES), draw(LEAVES)
    shape = draw(st.integers(0, 3))
    if shape == 0:
        return draw(NUMBERS) * left + draw(NUMBERS)
    if shape == 1:
        return left * right - 0.5
    return np.sin(left) + right if shape == 2 else left - right / 3


def angles() -> st.SearchStrategy[Expr | float]:
    return st.one_of(NUMBERS, expressions())


@st.composite
def circuits(
    draw: st.DrawFn, n_qubits: int = 3, max_size: int = 8, gates: tuple[str, ...] = ()
) -> QuantumCircuit:
    """Any gates of the table, with numbers and expressions as angles."""
    rows = [row for row in all_gates().values() if (row.wires or 0) <= n_qubits]
    rows = [row for row in rows if not gates or row.mnemonic in gates]
    circuit = QuantumCircuit(n_qubits)
    for row in draw(st.lists(st.sampled_from(rows), max_size=max_size)):
        wires = draw(st.permutations(range(n_qubits)))[: row.wires]
        circuit.append(row.name, wires, *[draw(angles()) for _ in row.angle_names])
    return circuit


def bound(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit with the parameters of `circuits` as numbers."""
    shapes = circuit.parameter_shapes
    values = {
        name: np.asarray(value)[tuple(map(slice, shapes[name]))]
        for name, value in VALUES.items()
        if name in shapes
    }
    return circuit.bind(values)


def unitary(circuit: QuantumCircuit) -> NDArray[np.complex128]:
    """The matrix of a circuit, its parameters as in `VALUES`."""
    return unitary_of_func(bound(circuit).to_ir())


def example(row: Gate, n_qubits: int | None = None) -> QuantumCircuit:
    """One gate alone with some angles."""
    circuit = QuantumCircuit(n_qubits or max(row.wires or 0, 1))
    values = [0.3 + 0.4 * i for i in range(len(row.angle_names))]
    return circuit.append(row.name, range(row.wires or 0), *values)
