"""Matrices in circuits: by the builder, and in circuits of other libraries, under control too."""

import cirq
import numpy as np
import pennylane as qml
import pytest
import qiskit.circuit.library as lib
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit as QiskitCircuit
from qiskit.circuit.annotated_operation import AnnotatedOperation, ControlModifier, PowerModifier
from qiskit.quantum_info import Operator, random_unitary

from q_store import QuantumCircuit, unitary
from q_store.frontends.cirq import from_cirq
from q_store.frontends.pennylane import from_pennylane
from q_store.frontends.qiskit import from_qiskit
from q_store.qir.diagnostics import QStoreError

ATOL = 1e-9


def random(n: int, seed: int) -> np.ndarray:
    return random_unitary(2**n, seed=seed).data


def entanglers(circuit: QuantumCircuit) -> int:
    return sum(len(step.wires) > 1 for step in circuit)


def orders(most: int) -> st.SearchStrategy[tuple[int, list[int]]]:
    """A width and some of its wires in any order."""
    return st.integers(1, most).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.lists(st.integers(0, n - 1), min_size=1, max_size=min(n, 4), unique=True),
        )
    )


@given(wires=orders(5), seed=st.integers(0, 2**32 - 1))
def test_the_first_wire_is_the_most_significant(wires, seed: int) -> None:
    n, qubits = wires
    matrix = random(len(qubits), seed)
    made = unitary(QuantumCircuit(n).unitary(matrix, qubits))
    on = cirq.LineQubit.range(n)
    theirs = cirq.Circuit(cirq.I.on_each(*on), cirq.MatrixGate(matrix).on(*[on[q] for q in qubits]))
    np.testing.assert_allclose(made, theirs.unitary(on), atol=ATOL)
    little = QiskitCircuit(n)
    little.append(lib.UnitaryGate(matrix), qubits[::-1])
    np.testing.assert_allclose(made, Operator(little).reverse_qargs().data, atol=ATOL)


@settings(max_examples=30)
@given(n=st.integers(1, 3), seed=st.integers(0, 2**32 - 1), exponent=st.integers(-3, 3))
def test_inverse_powers_and_controls(n: int, seed: int, exponent: int) -> None:
    matrix = random(n, seed)
    circuit = QuantumCircuit(n).unitary(matrix, range(n))
    np.testing.assert_allclose(unitary(circuit.inverse()), matrix.conj().T, atol=ATOL)
    wanted = np.linalg.matrix_power(matrix, exponent)
    np.testing.assert_allclose(unitary(circuit.power(exponent)), wanted, atol=ATOL)
    controlled = np.eye(2 ** (n + 1), dtype=complex)
    controlled[2**n :, 2**n :] = matrix
    np.testing.assert_allclose(unitary(circuit.controlled()), controlled, atol=ATOL)


def test_matrices_of_many_kinds() -> None:
    wanted = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    for matrix in (wanted, wanted.tolist(), wanted.astype(complex)):
        assert QuantumCircuit(1).unitary(matrix, 0) == QuantumCircuit(1).h(0)
    assert QuantumCircuit(2).unitary(np.eye(4), (1, 0)) == QuantumCircuit(2)
    assert QuantumCircuit(3).unitary(np.eye(4)[[0, 1, 3, 2]], [2, 0]) == QuantumCircuit(3).cx(2, 0)


def test_steps_point_at_the_line_of_the_user() -> None:
    circuit = QuantumCircuit(2).unitary(random(2, 1), [0, 1])
    assert {step.loc.file for step in circuit} == {__file__}


@given(n=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_diagonals(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    phases, qubits = rng.normal(scale=4, size=2**n), rng.permutation(n).tolist()
    on = cirq.LineQubit.range(n)
    theirs = cirq.Circuit(cirq.DiagonalGate(phases.tolist()).on(*[on[q] for q in qubits]))
    made = QuantumCircuit(n).diagonal(phases, qubits)
    np.testing.assert_allclose(unitary(made), theirs.unitary(on), atol=ATOL)
    assert entanglers(made) <= max(0, 2**n - 3)


def state(n: int, kind: str, rng: np.random.Generator) -> np.ndarray:
    size = 2**n
    made = {
        "random": rng.normal(size=size) + 1j * rng.normal(size=size),
        "real": rng.normal(size=size),
        "basis": 1j * np.eye(size)[rng.integers(size)],
        "few": np.eye(size)[rng.permutation(size)[:2]].sum(0),
        "equal": np.ones(size),
        "product": np.kron(rng.normal(size=2), rng.normal(size=size // 2)),
    }[kind]
    return made / np.linalg.norm(made)


@given(
    n=st.integers(1, 5),
    kind=st.sampled_from(["random", "real", "basis", "few", "equal", "product"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_states(n: int, kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    wanted, qubits = state(n, kind, rng), rng.permutation(n).tolist()
    circuit = QuantumCircuit(n).prepare_state(wanted, qubits)
    made = unitary(circuit)[:, 0].reshape((2,) * n).transpose(qubits).ravel()
    np.testing.assert_allclose(made, wanted, atol=ATOL)
    most = {1: 0, 2: 1, 3: 3, 4: 9, 5: 25}[n]
    assert entanglers(circuit) <= (0 if kind in ("basis", "equal") else most)


@pytest.mark.parametrize(
    ("build", "code"),
    [
        (lambda c: c.unitary(np.eye(4), [0, 0]), "QS302"),
        (lambda c: c.unitary(np.eye(4), [0, 3]), "QS301"),
        (lambda c: c.unitary(np.eye(4), [0, 1.5]), "QS303"),
        (lambda c: c.unitary(np.eye(4), [0]), "QS329"),
        (lambda c: c.unitary(np.eye(4), []), "QS329"),
        (lambda c: c.unitary(np.eye(2) * 1.1, 0), "QS329"),
        (lambda c: c.unitary("abc", 0), "QS329"),
        (lambda c: c.unitary([[1, np.inf], [0, 1]], 0), "QS307"),
        (lambda c: c.measure(0).unitary(np.eye(2), 0), "QS325"),
        (lambda c: c.diagonal([1, 2, 3], [0, 1]), "QS329"),
        (lambda c: c.diagonal([1, 1j], 0), "QS329"),
        (lambda c: c.diagonal([1, np.nan], 0), "QS307"),
        (lambda c: c.prepare_state([1, 0, 0], [0, 1]), "QS329"),
        (lambda c: c.prepare_state([1, 1], 0), "QS329"),
        (lambda c: c.prepare_state(["a", 1], 0), "QS329"),
        (lambda c: c.prepare_state([1, np.inf], 0), "QS307"),
    ],
    ids=[
        *("twice", "range", "fraction", "small", "none", "scale", "text", "infinite", "measured"),
        *("phases", "complex phases", "nan", "amplitudes", "norm", "letters", "infinite amplitude"),
    ],
)
def test_errors(build, code: str) -> None:
    with pytest.raises(QStoreError) as caught:
        build(QuantumCircuit(3))
    assert caught.value.diagnostics[0].code == code
    assert caught.value.diagnostics[0].span is not None


# --- other libraries ------------------------------------------------------------------------------

QISKIT = {
    "unitary": lambda: lib.UnitaryGate(random(3, 3)),
    "twice controlled": lambda: lib.UnitaryGate(random(2, 4)).control(2, ctrl_state=1),
    "annotated": lambda: AnnotatedOperation(lib.UnitaryGate(random(2, 4)), ControlModifier(1, 0)),
    "root": lambda: AnnotatedOperation(lib.UnitaryGate(random(2, 5)), PowerModifier(0.4)),
    "hamiltonian": lambda: lib.HamiltonianGate(np.diag([1, 2, 3, 4.5]), 0.4),
    "diagonal": lambda: lib.DiagonalGate(np.exp(1j * np.arange(8) ** 2).tolist()),
    "single precision": lambda: lib.UnitaryGate(
        random(2, 6).astype(np.complex64), check_input=False
    ),
}


@pytest.mark.parametrize("name", QISKIT)
def test_qiskit_without_its_synthesis(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = QISKIT[name]()
    theirs = QiskitCircuit(gate.num_qubits)
    theirs.append(gate, range(gate.num_qubits))
    wanted = Operator(theirs).reverse_qargs().data
    for kind in (lib.UnitaryGate, lib.DiagonalGate):
        monkeypatch.setattr(kind, "_define", _never)
    atol = 1e-6 if name == "single precision" else ATOL
    np.testing.assert_allclose(unitary(from_qiskit(theirs)), wanted, atol=atol)


def _never(*arguments: object, **options: object) -> None:
    raise AssertionError("the library's synthesis was asked")


CIRQ = {
    "matrix": cirq.MatrixGate(random(4, 1)),
    "controlled": cirq.MatrixGate(random(2, 2)).controlled(2, control_values=[0, 1]),
    "either": cirq.MatrixGate(random(1, 2)).controlled(1, control_values=[(0, 1)]),
    "inverse": cirq.MatrixGate(random(2, 3)) ** -1,
    "root": cirq.MatrixGate(random(2, 3)) ** 0.3,
}


@pytest.mark.parametrize("name", CIRQ)
def test_cirq_without_its_synthesis(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    on = cirq.LineQubit.range(cirq.num_qubits(CIRQ[name]))
    theirs = cirq.Circuit(CIRQ[name].on(*on[::-1]))
    wanted = theirs.unitary(on)
    monkeypatch.setattr(cirq.MatrixGate, "_decompose_", _never)
    np.testing.assert_allclose(unitary(from_cirq(theirs)), wanted, atol=ATOL)


PENNYLANE = {
    "unitary": lambda: qml.QubitUnitary(random(3, 1), [2, 0, 1]),
    "controlled": lambda: qml.ctrl(qml.QubitUnitary(random(2, 2), [0, 2]), 1, control_values=[0]),
    "adjoint": lambda: qml.adjoint(qml.QubitUnitary(random(2, 3), [0, 2])),
    "diagonal": lambda: qml.DiagonalQubitUnitary(np.exp(1j * np.arange(8) ** 2), [2, 1, 0]),
}


@pytest.mark.parametrize("name", PENNYLANE)
def test_pennylane_without_its_synthesis(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tape = qml.tape.QuantumScript([PENNYLANE[name]()])
    wanted = qml.matrix(tape, wire_order=[0, 1, 2])
    for kind in (qml.QubitUnitary, qml.ControlledQubitUnitary, qml.DiagonalQubitUnitary):
        monkeypatch.setattr(kind, "compute_decomposition", _never)
    ours = from_pennylane(tape, wires=[0, 1, 2])
    np.testing.assert_allclose(unitary(ours), wanted, atol=ATOL)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_more_gates_than_qiskit(n: int, seed: int) -> None:
    matrix = random(n, seed)
    theirs = lib.UnitaryGate(matrix).definition.decompose(reps=6).count_ops()
    ours = QuantumCircuit(n).unitary(matrix, range(n)).count_ops()
    assert ours.get("cx", 0) <= theirs.get("cx", 0)
    assert sum(ours.values()) - ours.get("phase", 0) <= sum(theirs.values())
