"""What circuits of other libraries do, said by those libraries, in our order of wires."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import cirq
import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit as QiskitCircuit
from qiskit.circuit import Clbit, IfElseOp
from qiskit.quantum_info import Operator, Statevector

from q_store import QuantumCircuit
from q_store.frontends.observing import with_observations
from q_store.qir.observables import Expval, PauliSum, Probs, Sample
from q_store.runtime.function import CircuitFunction
from q_store.runtime.reference_func import observations_of_func, unitary_of_func

Complex = NDArray[np.complex128]


def our_unitary(circuit: QuantumCircuit, values: Mapping[str, Any] | None = None) -> Complex:
    return unitary_of_func(circuit.bind(dict(values or {})).to_ir())


def qiskit_unitary(circuit: QiskitCircuit) -> Complex:
    """Qubit 0 most significant, phase included."""
    return np.asarray(Operator(circuit.reverse_bits()).data)


def assert_same(left: Complex, right: Complex, *, phase: bool = True) -> None:
    if not phase:
        right = right * np.exp(-1j * np.angle(np.vdot(left, right)))
    np.testing.assert_allclose(left, right, rtol=0.0, atol=1e-9)


def our_distribution(circuit: QuantumCircuit) -> NDArray[np.float64]:
    """Probabilities of the sampled bits, the first listed most significant."""
    (sample,) = [item for item in circuit.observations if isinstance(item, Sample)]
    func = with_observations(circuit.to_ir(), [Probs(sample.qubits)])
    return np.asarray(observations_of_func(func)[0])


def qiskit_distribution(circuit: QiskitCircuit) -> NDArray[np.float64]:
    """Probabilities of the classical bits, the first most significant."""
    total: Counter[int] = Counter()
    start = Statevector.from_int(0, 2**circuit.num_qubits)
    for weight, _, bits in _run(circuit, list(range(circuit.num_qubits)), 1.0, start, {}):
        total[int("".join(str(bits.get(bit, 0)) for bit in circuit.clbits), 2)] += weight
    return np.array([total[k] for k in range(2**circuit.num_clbits)])


Branch = tuple[float, Statevector, dict[Clbit, int]]


def _run(
    part: QiskitCircuit,
    qubits: list[int],
    weight: float,
    state: Statevector,
    bits: dict[Clbit, int],
) -> Iterator[Branch]:
    """Every history of measured bits with its probability and normalised state."""
    branches: list[Branch] = [(weight, state, bits)]
    for item in part.data:
        at = [qubits[part.find_bit(qubit).index] for qubit in item.qubits]
        branches = [b for branch in branches for b in _step(item, at, *branch)]
    yield from branches


def _step(
    item: Any,
    qubits: list[int],
    weight: float,
    state: Statevector,
    bits: dict[Clbit, int],
) -> Iterator[Branch]:
    operation = item.operation
    if item.name in ("measure", "reset"):
        for outcome in (0, 1):
            probability = state.probabilities(qubits)[outcome]
            if probability > 1e-12:
                projector = np.diag([1 - outcome, outcome]) / np.sqrt(probability)
                if item.name == "reset":
                    projector = np.array([[1 - outcome, outcome], [0, 0]]) / np.sqrt(probability)
                found = state.evolve(Operator(projector), qubits)
                new = {item.clbits[0]: outcome} if item.name == "measure" else {}
                yield weight * probability, found, bits | new
    elif isinstance(operation, IfElseOp):
        target, wanted = operation.condition
        several = [target] if isinstance(target, Clbit) else list(target)
        value = sum(bits.get(bit, 0) << i for i, bit in enumerate(several))
        body = operation.blocks[0] if value == int(wanted) else [*operation.blocks, None][1]
        if body is None:
            yield weight, state, bits
        else:
            yield from _run(body, qubits, weight, state, bits)
    elif item.name == "barrier":
        yield weight, state, bits
    else:
        yield weight, state.evolve(operation, qubits), bits


def cirq_density(circuit: cirq.Circuit, n_qubits: int) -> Complex:
    """The density matrix of the circuit's qubits, averaged over what is measured."""
    qubits = sorted(circuit.all_qubits())
    if not circuit.has_measurements():  # deferring needs gates that can be hashed
        simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
        return np.asarray(simulator.simulate(circuit).final_density_matrix)
    deferred = cirq.defer_measurements(circuit)
    rest = sorted(deferred.all_qubits() - set(qubits))
    rho = cirq.final_density_matrix(deferred, qubit_order=[*qubits, *rest], dtype=np.complex128)
    small, large = 2**n_qubits, 2 ** len(rest)
    return np.einsum("aibi->ab", rho.reshape(small, large, small, large))


_STENCIL = (4 / 5, -1 / 5, 4 / 105, -1 / 280)


def slope(function: Callable[[float], float], step: float = 0.02) -> float:
    """The derivative at 0 by differences of eighth order, right to about 1e-11 for what circuits
    of a few gates per parameter do."""
    pairs = enumerate(_STENCIL, 1)
    return sum(c * (function(k * step) - function(-k * step)) for k, c in pairs) / step


def our_gradient(
    circuit: QuantumCircuit, observable: PauliSum, values: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Expectation value and gradient of a circuit whose parameters are weights."""
    func = with_observations(circuit.to_ir(input_params=[]), [Expval(observable)])
    program = CircuitFunction(func, np.float64, "batched").program
    value, _, gradient = program.value_and_vjp(np.zeros((1, 0)), values, np.ones((1, 1)))
    return float(value[0, 0]), np.asarray(gradient)
