"""The oracle: an executable simulated the obvious way, one sample at a time.

Nothing here is shared with the engines: each gate row's own matrix is contracted with the state,
its derivative is taken from the matrix itself, and every observable is applied word by word.
States are complex128 of shape (2**n,), qubit 0 most significant. Meant for tests and for checking
other backends on small circuits; memory and time grow as one would expect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates, op_def
from q_store.qir.unitary import apply_matrix
from q_store.runtime.reference_scalars import DERIVATIVES
from q_store.targets.executable import Executable, Output

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


# --- parameters and slots ------------------------------------------------------------------


def csr_row(
    indptr: NDArray[np.int32], indices: NDArray[np.int32], data: Real, row: int
) -> tuple[NDArray[np.int32], Real]:
    """Columns and coefficients of one compressed row."""
    span = slice(indptr[row], indptr[row + 1])
    return indices[span], data[span]


def classical_arguments(exe: Executable, op: int, p: Real) -> list[float]:
    """The arguments of classical op `op` for parameters known so far."""
    program = exe.classical
    arguments = []
    for argument in range(program.arg_ptr[op], program.arg_ptr[op + 1]):
        columns, data = csr_row(program.indptr, program.indices, program.data, argument)
        arguments.append(float(program.const[argument] + data @ p[columns]))
    return arguments


def parameters(exe: Executable, inputs: ArrayLike, weights: ArrayLike) -> Real:
    """The vector `[inputs | weights | derived]` of one sample."""
    given = [np.asarray(inputs, np.float64).ravel(), np.asarray(weights, np.float64).ravel()]
    p = np.concatenate([*given, np.zeros(len(exe.classical))])
    first = exe.n_inputs + exe.n_weights
    for op, code in enumerate(exe.classical.opcode):
        row: Any = op_def(f"f.{exe.classical.op_names[code]}")
        p[first + op] = getattr(np, row.numpy)(*classical_arguments(exe, op, p))
    return p


def slots(exe: Executable, p: Real) -> Real:
    """All gate angles in radians."""
    values = exe.b.copy()
    for slot in range(len(values)):
        columns, data = csr_row(exe.a_indptr, exe.a_indices, exe.a_data, slot)
        values[slot] += data @ p[columns]
    return values


def phase(exe: Executable, p: Real) -> float:
    """The global phase in radians."""
    return float(exe.phase_row.const + exe.phase_row.data @ p[exe.phase_row.indices])


# --- forward -------------------------------------------------------------------------------


def gate_at(exe: Executable, k: int) -> tuple[Gate, tuple[int, ...], slice]:
    """Row, wires and slot range of gate `k`."""
    row = all_gates()[exe.op_names[exe.opcode[k]]]
    wires = tuple(map(int, exe.wires[exe.wire_ptr[k] : exe.wire_ptr[k + 1]]))
    return row, wires, slice(int(exe.slot_ptr[k]), int(exe.slot_ptr[k + 1]))


def apply(psi: Complex, matrix: Complex, wires: Sequence[int], n_qubits: int) -> Complex:
    """A gate matrix applied to some wires of a state vector."""
    tensor = psi.reshape((2,) * n_qubits)
    after: Complex = apply_matrix(tensor, matrix, wires).reshape(2**n_qubits)
    return after


def state(exe: Executable, inputs: ArrayLike = (), weights: ArrayLike = ()) -> Complex:
    """The final state of one sample from |0...0>, shape (2**n,), global phase included."""
    p = parameters(exe, inputs, weights)
    angles = slots(exe, p)
    psi = np.zeros(2**exe.n_qubits, np.complex128)
    psi[0] = 1.0
    for k in range(len(exe.opcode)):
        row, wires, own = gate_at(exe, k)
        psi = apply(psi, row.matrix(*angles[own]), wires, exe.n_qubits)
    return np.asarray(psi * np.exp(1j * phase(exe, p)))


def apply_observable(exe: Executable, observable: int, psi: Complex) -> Complex:
    """O |psi> for one Pauli sum of the executable."""
    index = np.arange(len(psi), dtype=np.uint64)
    total = np.zeros_like(psi)
    for term in range(exe.term_ptr[observable], exe.term_ptr[observable + 1]):
        x, z = exe.term_x[term], exe.term_z[term]
        signs = np.where(np.bitwise_count(index & z) % 2, -1.0, 1.0)
        i_per_y = 1j ** int(np.bitwise_count(x & z))
        total[index ^ x] += exe.term_coef[term] * i_per_y * signs * psi[index]
    return total


def expvals(exe: Executable, inputs: ArrayLike = (), weights: ArrayLike = ()) -> Real:
    """Every Pauli sum's expectation value for one sample, in the order of `term_ptr`."""
    psi = state(exe, inputs, weights)
    values = [np.vdot(psi, apply_observable(exe, o, psi)).real for o in range(exe.n_observables)]
    return np.array(values, np.float64)


def marginal(probabilities: Real, qubits: Sequence[int]) -> Real:
    """Probabilities of the outcomes of some qubits, the first listed most significant."""
    n_qubits = len(probabilities).bit_length() - 1
    tensor = probabilities.reshape((2,) * n_qubits)
    rest = tuple(q for q in range(n_qubits) if q not in qubits)
    kept = [q for q in range(n_qubits) if q in qubits]
    order = [kept.index(q) for q in qubits]
    return np.asarray(tensor.sum(axis=rest)).transpose(order).reshape(2 ** len(qubits))


def outputs(exe: Executable, inputs: ArrayLike = (), weights: ArrayLike = ()) -> list[Any]:
    """One array per output for one sample; a `sample` output gives its outcome probabilities."""
    psi = state(exe, inputs, weights)
    return [_output(exe, output, psi) for output in exe.outputs]


def _output(exe: Executable, output: Output, psi: Complex) -> Any:
    if output.kind == "state":
        return psi
    if output.kind == "expval":
        values = [
            np.vdot(psi, apply_observable(exe, o, psi)).real
            for o in range(output.start, output.stop)
        ]
        return np.array(values)
    return marginal(np.abs(psi) ** 2, output.qubits)


# --- gradients -----------------------------------------------------------------------------


def matrix_derivative(row: Gate, angles: Sequence[float], position: int) -> Complex:
    """d matrix / d angle, exact: entries are trigonometric polynomials of period 4 pi.

    Spectral differentiation on 32 points, enough for entry frequencies below 8.
    """
    points = 32
    grid = angles[position] + np.arange(points) * (4 * np.pi / points)
    samples = row.matrix(*angles[:position], grid, *angles[position + 1 :])
    spectrum = np.fft.fft(samples, axis=0) / points
    frequencies = np.fft.fftfreq(points, 1 / points) * 0.5
    return np.asarray(np.tensordot(1j * frequencies, spectrum, axes=1))


def expval_vjp(
    exe: Executable, inputs: ArrayLike, weights: ArrayLike, cotangent: ArrayLike
) -> tuple[Real, Real]:
    """Gradient of `cotangent @ expvals` for one sample: to the inputs and to the weights."""
    psi = state(exe, inputs, weights)
    scale = np.asarray(cotangent, np.float64).ravel()
    bra = np.zeros_like(psi)
    for observable in range(exe.n_observables):
        bra += scale[observable] * apply_observable(exe, observable, psi)
    return adjoint(exe, inputs, weights, bra)


def probs_vjp(
    exe: Executable, inputs: ArrayLike, weights: ArrayLike, cotangent: ArrayLike
) -> tuple[Real, Real]:
    """Gradient of `cotangent @ |state|**2` for one sample, all qubits in order."""
    psi = state(exe, inputs, weights)
    return adjoint(exe, inputs, weights, np.asarray(cotangent, np.float64).ravel() * psi)


def adjoint(
    exe: Executable, inputs: ArrayLike, weights: ArrayLike, bra: Complex
) -> tuple[Real, Real]:
    """Gradient of the function of the state whose differential is 2 Re <bra|d psi>.

    The state and the bra are carried back through the inverse gates (Jones and Gacon, 2020,
    arXiv:2009.02823).
    """
    p = parameters(exe, inputs, weights)
    angles = slots(exe, p)
    psi = state(exe, inputs, weights)
    d_phase = float(2 * np.vdot(bra, 1j * psi).real)
    d_slots = np.zeros_like(angles)
    for k in reversed(range(len(exe.opcode))):
        row, wires, own = gate_at(exe, k)
        inverse = row.matrix(*angles[own]).conj().T
        psi = apply(psi, inverse, wires, exe.n_qubits)
        for position, slot in enumerate(range(own.start, own.stop)):
            derivative = matrix_derivative(row, list(angles[own]), position)
            moved = apply(psi, derivative, wires, exe.n_qubits)
            d_slots[slot] = 2 * np.vdot(bra, moved).real
        bra = apply(bra, inverse, wires, exe.n_qubits)
    return pull_back(exe, p, d_slots, d_phase)


def pull_back(exe: Executable, p: Real, d_slots: Real, d_phase: float) -> tuple[Real, Real]:
    """From derivatives by slots and global phase to derivatives by inputs and weights."""
    d_p = np.zeros_like(p)
    np.add.at(d_p, exe.phase_row.indices, d_phase * exe.phase_row.data)
    for slot, derivative in enumerate(d_slots):
        columns, data = csr_row(exe.a_indptr, exe.a_indices, exe.a_data, slot)
        np.add.at(d_p, columns, derivative * data)
    _pull_back_classical(exe, p, d_p)
    split = exe.n_inputs + exe.n_weights
    return d_p[: exe.n_inputs], d_p[exe.n_inputs : split]


def _pull_back_classical(exe: Executable, p: Real, d_p: Real) -> None:
    """Add to `d_p` what reaches parameters through the derived ones, last op first."""
    program = exe.classical
    first = exe.n_inputs + exe.n_weights
    for op in reversed(range(len(program))):
        name = program.op_names[program.opcode[op]]
        arguments = classical_arguments(exe, op, p)
        slopes = [slope(*arguments) for slope in DERIVATIVES[name]]
        for argument, slope in zip(
            range(program.arg_ptr[op], program.arg_ptr[op + 1]), slopes, strict=True
        ):
            columns, data = csr_row(program.indptr, program.indices, program.data, argument)
            np.add.at(d_p, columns, d_p[first + op] * slope * data)


def finite_difference(
    function: Callable[[Real], ArrayLike], at: ArrayLike, step: float = 1e-5
) -> Real:
    """Central differences: the Jacobian of shape (outputs, inputs) of `function` at a vector."""
    point = np.asarray(at, np.float64).ravel()
    columns = []
    for i in range(len(point)):
        shift = np.zeros_like(point)
        shift[i] = step
        difference = np.asarray(function(point + shift)) - np.asarray(function(point - shift))
        columns.append(difference.ravel() / (2 * step))
    return np.stack(columns, axis=-1) if columns else np.zeros((0, 0))
