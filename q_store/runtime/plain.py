"""Circuits written out in a framework's own operations, for what leaves this process.

Slower than the engine, but nothing here calls back into Python, so an exported model runs wherever
its framework does. States are complex (B, 2**n), qubit 0 most significant. Multi-wire gates are
decomposed into gates on at most two wires; fixed ones are constants, the others Pauli rotations.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, Final, Protocol

import numpy as np

from q_store.passes.context import Context
from q_store.passes.decompose import Decompose
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.gates.matrices import pauli_word
from q_store.qir.ops import Trait
from q_store.qir.registry import all_gates, built_in_gates
from q_store.runtime.slots import AngleMap, AnyFunction, Arithmetic
from q_store.targets.executable import Output
from q_store.targets.lower import lower

_maps: weakref.WeakKeyDictionary[AnyFunction, AngleMap] = weakref.WeakKeyDictionary()

_PAULIS: Final = {letter: pauli_word(letter) for letter in "XYZ"}

WRITERS: Final = ("keras.src.export.", "tf_keras.src.export.", "tensorflow.python.saved_model.")
"""Modules that trace functions in order to write them down for another process."""

_plain: ContextVar[bool] = ContextVar("q_store_plain_operations", default=False)


@contextmanager
def plain_operations() -> Iterator[None]:
    """Functions traced here hold circuits as plain operations of their framework.

    Such functions can be saved and run where q-store is not installed. Keras' `export`, saving a
    TensorFlow model and `tf.function(jit_compile=True)` need no `with`; `jax.export`,
    `torch.export` and a `tf.function` that is traced first and saved later do.
    """
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def is_wanted() -> bool:
    """Whether this runs inside `plain_operations()`."""
    return _plain.get()


def is_written_down() -> bool:
    """Whether a caller further up writes a model down.

    Frameworks do not tell a layer that it is being exported, so the callers are asked; tracing is
    rare, and eager code never gets as far as looking.
    """
    frame = inspect.currentframe()
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith(WRITERS):
            return True
        frame = frame.f_back
    return False


class Operations(Protocol):
    """What a framework must offer."""

    arithmetic: Arithmetic

    def einsum(self, equation: str, *arrays: Any) -> Any:
        """As in numpy."""

    def reshape(self, array: Any, shape: Sequence[int]) -> Any:
        """As in numpy; one extent may be -1."""

    def joined(self, parts: Sequence[Any]) -> Any:
        """Arrays side by side, along axis 1."""

    def columns(self, array: Any, index: Sequence[int]) -> Any:
        """The chosen entries of axis 1."""

    def cos_sin(self, array: Any) -> tuple[Any, Any]:
        """Cosine and sine."""

    def complex(self, real: Any, imag: Any) -> Any:
        """A complex array of its parts."""

    def conj_real(self, array: Any) -> tuple[Any, Any]:
        """The conjugate of a complex array, and its real part."""

    def constant(self, array: Any, like: Any) -> Any:
        """A numpy array as an array of the dtype of `like`."""

    def repeated(self, row: Any, like: Any) -> Any:
        """A numpy array (1, n) repeated for every row of `like`."""


@cache
def _plain_gates() -> tuple[str, ...]:
    """Gates this module applies: fixed ones and Pauli rotations, on one or two wires."""
    return tuple(
        name
        for name, row in built_in_gates().items()
        if row.wires in (1, 2) and (not row.angle_names or row.has(Trait.ROTATION))
    )


def angle_map(function: AnyFunction) -> AngleMap:
    """The circuit in plain gates and the map from parameters to their angles, once per circuit.

    Raises `QS540` for a circuit with noise.
    """
    found = _maps.get(function)
    if found is None:
        simple = Decompose(_plain_gates()).on_func(function.func, Context())
        executable = lower(simple)
        if executable.effects:
            raise _not_plain(executable.effects[0])
        if executable.misreads:
            raise _not_plain("n.readout")
        found = _maps[function] = AngleMap(executable, function.dtype)
    return found


def _not_plain(effect: str) -> QStoreError:
    return error(
        "QS540",
        f"plain operations of a framework, for exports and XLA, cannot run `{effect}`",
        help="run the layer in Python, or export the circuit without noise",
    )


def values(ops: Operations, function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """Expectation values and probabilities (B, width), as `CircuitFunction.forward` gives them."""
    exe = angle_map(function).executable
    psi = _amplitudes(ops, function, inputs, weights)
    parts = [_expval(ops, function, psi, index) for index in range(exe.n_observables)]
    parts += [_probs(ops, psi, out, exe.n_qubits) for out in exe.outputs if out.kind == "probs"]
    return parts[0] if len(parts) == 1 else ops.joined(parts)


def state(ops: Operations, function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """States (B, 2**n), global phase included."""
    angles = angle_map(function)
    params = angles.parameters(ops.arithmetic, inputs, weights)
    phase = ops.arithmetic.affine(*angles.phase_row, params)
    return _amplitudes(ops, function, inputs, weights) * ops.complex(*ops.cos_sin(phase))


def sampled_probs(ops: Operations, function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """Probabilities (B, 2**k) of the outcomes of the first `sample` output."""
    exe = angle_map(function).executable
    output = next(out for out in exe.outputs if out.kind == "sample")
    return _probs(ops, _amplitudes(ops, function, inputs, weights), output, exe.n_qubits)


def sample_width(function: AnyFunction) -> int:
    """How many qubits a sample of this function has."""
    return next(len(out.qubits) for out in function.executable.outputs if out.kind == "sample")


# --- gates -------------------------------------------------------------------------------------


def _amplitudes(ops: Operations, function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """The final state without its global phase."""
    exe = angle_map(function).executable
    zero = np.zeros((1, 2**exe.n_qubits), np.result_type(function.dtype, np.complex64))
    zero[0, 0] = 1.0
    psi = ops.repeated(zero, inputs)
    rotations = _rotations(ops, function, inputs, weights)
    for k, code in enumerate(exe.opcode):
        wires = exe.wires[exe.wire_ptr[k] : exe.wire_ptr[k + 1]].tolist()
        matrix = rotations.get(k)
        if matrix is None:
            row = all_gates()[exe.op_names[code]]
            fixed = row.matrix(*exe.b[exe.slot_ptr[k] : exe.slot_ptr[k + 1]])
            matrix = ops.constant(np.asarray(fixed), psi)
        psi = _apply(ops, psi, matrix, wires, exe.n_qubits)
    return psi


def _rotations(ops: Operations, function: AnyFunction, inputs: Any, weights: Any) -> dict[int, Any]:
    """Matrices (B, d, d) of the gates that depend on parameters, by position in the circuit.

    Those of one Pauli word are made together, which keeps graphs small.
    """
    angles = angle_map(function)
    exe = angles.executable
    params = angles.parameters(ops.arithmetic, inputs, weights)
    half = ops.arithmetic.affine(*angles.live_rows, params) / 2
    gates = np.searchsorted(exe.slot_ptr, angles.live, side="right") - 1
    words: dict[str, list[int]] = {}
    for column, k in enumerate(gates.tolist()):
        words.setdefault(all_gates()[exe.op_names[exe.opcode[k]]].pauli or "", []).append(column)
    found: dict[int, Any] = {}
    for word, columns in words.items():
        matrices = _rotation(ops, ops.columns(half, columns)[..., None, None], pauli_word(word))
        found.update({int(gates[column]): matrices[:, i] for i, column in enumerate(columns)})
    return found


def _rotation(ops: Operations, half: Any, pauli: Any) -> Any:
    """cos(half) - i sin(half) P, where `half` is (..., 1, 1)."""
    cos, sin = ops.cos_sin(half)
    turned = -1j * pauli
    identity = ops.constant(np.eye(len(pauli)), half)
    real = cos * identity + sin * ops.constant(turned.real, half)
    return ops.complex(real, sin * ops.constant(turned.imag, half))


def _apply(ops: Operations, psi: Any, matrix: Any, wires: Sequence[int], n_qubits: int) -> Any:
    """A matrix, (d, d) or (B, d, d), on one or two wires, the first one most significant in it."""
    shape = [-1]
    before = 0
    for place in sorted(wires):
        shape += [2 ** (place - before), 2]
        before = place + 1
    shape.append(2 ** (n_qubits - before))
    batch = "b" if len(matrix.shape) == 3 else ""
    if len(wires) == 1:
        equation = f"{batch}xi,blir->blxr"
    else:
        matrix = ops.reshape(matrix, [-1] * len(batch) + [2] * 4)
        letters = "xyij" if wires[0] < wires[1] else "yxji"
        equation = f"{batch}{letters},blimjr->blxmyr"
    after = ops.einsum(equation, matrix, ops.reshape(psi, shape))
    return ops.reshape(after, [-1, 2**n_qubits])


# --- observations ------------------------------------------------------------------------------


def _expval(ops: Operations, function: AnyFunction, psi: Any, index: int) -> Any:
    """Expectation values (B, 1) of one Pauli sum."""
    exe = angle_map(function).executable
    conjugate, real = ops.conj_real(psi)
    total = 0.0 * ops.einsum("bi->b", real)
    for term in range(exe.term_ptr[index], exe.term_ptr[index + 1]):
        moved = psi
        for qubit in range(exe.n_qubits):
            bit = 1 << (exe.n_qubits - 1 - qubit)
            x, z = int(exe.term_x[term]) & bit, int(exe.term_z[term]) & bit
            if x or z:
                letter = "Y" if x and z else "X" if x else "Z"
                pauli = ops.constant(_PAULIS[letter], psi)
                moved = _apply(ops, moved, pauli, [qubit], exe.n_qubits)
        overlap = ops.conj_real(ops.einsum("bi,bi->b", conjugate, moved))[1]
        total = total + float(exe.term_coef[term]) * overlap
    return total[:, None]


def _probs(ops: Operations, psi: Any, output: Output, n_qubits: int) -> Any:
    """Probabilities (B, 2**k), the first listed qubit most significant."""
    probs = ops.conj_real(psi * ops.conj_real(psi)[0])[1]
    kept = list(range(n_qubits))
    for qubit in range(n_qubits):
        if qubit not in output.qubits:
            place = kept.index(qubit)
            shape = [-1, 2**place, 2, 2 ** (len(kept) - place - 1)]
            probs = ops.einsum("blxr->blr", ops.reshape(probs, shape))
            kept.remove(qubit)
    probs = ops.reshape(probs, [-1, 2 ** len(kept)])
    order = np.arange(2 ** len(kept)).reshape((2,) * len(kept))
    order = order.transpose([kept.index(qubit) for qubit in output.qubits]).ravel()
    return ops.columns(probs, order.tolist())
