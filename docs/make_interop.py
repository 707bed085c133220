"""Writes the tables of docs/interop.md that list what of other libraries can be read.

    python docs/make_interop.py

Every entry is a circuit on at most 10 qubits. It is imported and compared with what its own
library says it does, at random parameter values: as a matrix with phase up to 6 qubits, as the
state made of |0…0> beyond, for circuits that reset, and where parameters are many.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from q_store import QStoreError, from_cirq, from_qiskit
from q_store.frontends.circuit import QuantumCircuit
from q_store.qir.ops import Gate
from q_store.qir.unitary import apply_matrix
from q_store.runtime.reference_func import density_matrix, unitary_of_func

PAGE = Path(__file__).parent / "interop.md"
MATRIX_QUBITS = 6
Row = tuple[str, str]


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, rows in (("qiskit-library", qiskit_rows()), ("cirq-contrib", cirq_rows())):
        text = replaced(text, name, table(rows))
    PAGE.write_text(text, encoding="utf-8")


def replaced(text: str, name: str, table: str) -> str:
    """The page with the table between two marks exchanged."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, rest = text.split(start)
    return f"{before}{start}\n{table}\n{end}{rest.split(end)[1]}"


def table(rows: Iterator[Row]) -> str:
    lines = [f"| `{name}` | {result} |" for name, result in rows]
    return "\n".join(["| circuit | result |", "|---|---|", *lines])


def result_of(make: Callable[[], Any], read: Callable[[Any], Any], compare: Callable) -> str:
    """One cell: what came of reading a circuit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        circuit = make()
        try:
            ours = read(circuit)
        except QStoreError as problem:
            first = problem.diagnostics[0]
            said = first.message.replace("|", "/")
            return f"{first.code}: {said if len(said) < 160 else f'{said[:160]}…'}"
        difference = compare(circuit, ours)
    verdict = "equal" if difference < 1e-9 else f"differs by {difference:.1g}"
    return f"{verdict}; {ours.n_qubits} qubits, {len(ours)} steps"


def values(count: int) -> list[float]:
    return [float(v) for v in np.random.default_rng(count).uniform(-1, 1, count)]


# --- Qiskit -----------------------------------------------------------------------------------


def qiskit_rows() -> Iterator[Row]:
    from interop_qiskit import CIRCUITS

    for name, make in CIRCUITS.items():
        yield name, result_of(make, from_qiskit, qiskit_difference)


def qiskit_difference(circuit: Any, ours: QuantumCircuit) -> float:
    from qiskit.quantum_info import Operator, Statevector

    numbers = dict(zip(circuit.parameters, values(len(circuit.parameters)), strict=True))
    bound = circuit.assign_parameters(numbers).decompose(reps=6)
    ours = bind_by_name(ours, {p.name: v for p, v in numbers.items()})
    measured = any(item.name in ("measure", "reset") for item in bound.data)
    if measured or ours.n_qubits > MATRIX_QUBITS:
        bound.remove_final_measurements()
        bound.data = [item for item in bound.data if item.name not in ("reset", "measure")]
        state = Statevector(bound.reverse_bits()).data
        return distance(state, state_of(ours))
    return distance(Operator(bound.reverse_bits()).data, unitary_of_func(ours.to_ir()))


def state_of(circuit: QuantumCircuit) -> Any:
    """The state a circuit makes of |0…0>, up to its phase where it measures or resets."""
    if not all(step.is_gate or step.name == "barrier" for step in circuit):
        return np.linalg.eigh(density_matrix(circuit.to_ir()))[1][:, -1]
    n = circuit.n_qubits
    state = np.zeros((2,) * n, np.complex128)
    state[(0,) * n] = 1.0
    for step in circuit:
        if isinstance(step.row, Gate):
            matrix = step.row.matrix(*step.angles)
            state = apply_matrix(state, matrix, step.wires) if step.wires else state * matrix[0, 0]
    return state.reshape(-1)


def bind_by_name(circuit: QuantumCircuit, numbers: dict[str, float]) -> QuantumCircuit:
    bound = {
        name: [numbers.get(f"{name}[{i}]", 0.0) for i in range(shape[0])]
        if shape
        else numbers.get(name, 0.0)
        for name, shape in circuit.parameter_shapes.items()
    }
    return circuit.bind(bound)


def distance(left: Any, right: Any) -> float:
    """Largest difference of two arrays, phases included for matrices."""
    if left.ndim == 1:
        right = right * np.exp(-1j * np.angle(np.vdot(left, right)))
    return float(np.abs(left - right).max())


# --- Cirq -------------------------------------------------------------------------------------


def cirq_rows() -> Iterator[Row]:
    from interop_cirq import CIRCUITS

    for name, make in CIRCUITS.items():
        yield name, result_of(make, from_cirq, cirq_difference)


def cirq_difference(circuit: Any, ours: QuantumCircuit) -> float:
    import cirq

    numbers = dict(zip(ours.parameters, values(len(ours.parameters)), strict=True))
    circuit = cirq.resolve_parameters(circuit, numbers)
    ours = ours.bind(numbers)
    if not cirq.has_unitary(circuit):
        return distance(cirq_density(circuit), density_matrix(ours.to_ir()))
    if ours.n_qubits > MATRIX_QUBITS:
        state = circuit.final_state_vector(dtype=np.complex128, ignore_terminal_measurements=True)
        return distance(state, state_of(ours))
    return distance(circuit.unitary(), unitary_of_func(ours.to_ir()))


def cirq_density(circuit: Any) -> Any:
    """The density matrix a circuit makes, averaged over what is measured in the middle."""
    import cirq

    qubits = sorted(circuit.all_qubits())
    if not any(cirq.control_keys(operation) for operation in circuit.all_operations()):
        circuit = cirq.drop_terminal_measurements(circuit)
    if circuit.has_measurements():
        circuit = cirq.defer_measurements(circuit)
    rest = sorted(circuit.all_qubits() - set(qubits))
    order, sizes = [*qubits, *rest], (2 ** len(qubits), 2 ** len(rest))
    rho = cirq.final_density_matrix(circuit, qubit_order=order, dtype=np.complex128)
    return np.einsum("aibi->ab", rho.reshape(*sizes, *sizes))


if __name__ == "__main__":
    main()
