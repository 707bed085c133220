"""Circuits written out in TensorFlow's own operations, for SavedModels and for XLA.

Slower than the engine, but nothing here calls back into Python, so the result runs wherever
TensorFlow does. States are complex (B, 2**n), qubit 0 most significant. Multi-wire gates are
decomposed into gates on at most two wires; fixed ones are constants, the others Pauli rotations.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import tensorflow as tf

from q_store.passes.context import Context
from q_store.passes.decompose import Decompose
from q_store.qir.diagnostics import error
from q_store.qir.gates.matrices import pauli_word
from q_store.qir.ops import Trait
from q_store.qir.registry import all_gates
from q_store.runtime.slots import AngleMap, AnyFunction
from q_store.runtime.tf_arithmetic import TENSORFLOW
from q_store.targets.executable import Output
from q_store.targets.lower import lower

_maps: weakref.WeakKeyDictionary[AnyFunction, AngleMap] = weakref.WeakKeyDictionary()

_PAULIS: Final = {letter: pauli_word(letter) for letter in "XYZ"}


@cache
def _plain_gates() -> tuple[str, ...]:
    """Gates this module applies: fixed ones and Pauli rotations, on one or two wires."""
    return tuple(
        name
        for name, row in all_gates().items()
        if row.wires in (1, 2) and (not row.angle_names or row.has(Trait.ROTATION))
    )


def _angle_map(function: AnyFunction) -> AngleMap:
    found = _maps.get(function)
    if found is None:
        simple = Decompose(_plain_gates()).on_func(function.func, Context())
        executable = lower(simple)
        if executable.effects:
            raise _not_plain(executable.effects[0])
        found = _maps[function] = AngleMap(executable, function.dtype)
    return found


def _not_plain(effect: str) -> Exception:
    return error(
        "QS540",
        f"plain TensorFlow operations, for exports and XLA, cannot run `{effect}`",
        help="run the layer in Python, or export the circuit without noise",
    )


def values(function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """Expectation values and probabilities (B, width), as `CircuitFunction.forward` gives them."""
    exe = _angle_map(function).executable
    psi = _amplitudes(function, inputs, weights)
    parts = []
    if exe.n_observables:
        found = [_expval(function, psi, index) for index in range(exe.n_observables)]
        parts.append(tf.stack(found, axis=1))
    parts += [_probs(psi, output, exe.n_qubits) for output in exe.outputs if output.kind == "probs"]
    return tf.concat(parts, axis=1)


def state(function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """States (B, 2**n), global phase included."""
    angles = _angle_map(function)
    params = angles.parameters(TENSORFLOW, inputs, weights)
    phase = TENSORFLOW.affine(*angles.phase_row, params)
    return _amplitudes(function, inputs, weights) * tf.complex(tf.cos(phase), tf.sin(phase))


def samples(function: AnyFunction, inputs: Any, weights: Any, shots: int) -> Any:
    """Measured bits (B, shots, k), uint8, drawn by TensorFlow's generator."""
    exe = _angle_map(function).executable
    output = next(out for out in exe.outputs if out.kind == "sample")
    probs = _probs(_amplitudes(function, inputs, weights), output, exe.n_qubits)
    outcomes = tf.random.categorical(tf.math.log(probs), shots)
    places = tf.constant(np.arange(len(output.qubits))[::-1].copy(), tf.int64)
    bits = tf.bitwise.bitwise_and(tf.bitwise.right_shift(outcomes[..., None], places), 1)
    return tf.cast(bits, tf.uint8)


def sample_width(function: AnyFunction) -> int:
    """How many qubits a sample of this function has."""
    return next(len(out.qubits) for out in function.executable.outputs if out.kind == "sample")


# --- gates -------------------------------------------------------------------------------------


def _amplitudes(function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """The final state without its global phase."""
    exe = _angle_map(function).executable
    dtype = np.result_type(function.dtype, np.complex64)
    zero = np.zeros((1, 2**exe.n_qubits), dtype)
    zero[0, 0] = 1.0
    psi = tf.tile(tf.constant(zero), [tf.shape(inputs)[0], 1])
    rotations = _rotations(function, inputs, weights)
    for k, code in enumerate(exe.opcode):
        wires = exe.wires[exe.wire_ptr[k] : exe.wire_ptr[k + 1]].tolist()
        matrix = rotations.get(k)
        if matrix is None:
            row = all_gates()[exe.op_names[code]]
            matrix = row.matrix(*exe.b[exe.slot_ptr[k] : exe.slot_ptr[k + 1]])
        psi = _apply(psi, matrix, wires, exe.n_qubits)
    return psi


def _rotations(function: AnyFunction, inputs: Any, weights: Any) -> dict[int, Any]:
    """Matrices (B, d, d) of the gates that depend on parameters, by position in the circuit.

    Those of one Pauli word are made together, which keeps graphs small.
    """
    angle_map = _angle_map(function)
    exe = angle_map.executable
    params = angle_map.parameters(TENSORFLOW, inputs, weights)
    half = TENSORFLOW.affine(*angle_map.live_rows, params) / 2
    gates = np.searchsorted(exe.slot_ptr, angle_map.live, side="right") - 1
    words: dict[str, list[int]] = {}
    for column, k in enumerate(gates.tolist()):
        words.setdefault(all_gates()[exe.op_names[exe.opcode[k]]].pauli or "", []).append(column)
    found: dict[int, Any] = {}
    for word, columns in words.items():
        angles = tf.gather(half, columns, axis=1)[..., None, None]
        pauli = pauli_word(word)
        matrices = _times(tf.cos(angles), np.eye(len(pauli))) + _times(tf.sin(angles), -1j * pauli)
        found.update(zip(gates[columns].tolist(), tf.unstack(matrices, axis=1), strict=True))
    return found


def _times(real: Any, matrix: Any) -> Any:
    """A real tensor times a constant complex matrix."""
    dtype = real.dtype.as_numpy_dtype
    parts = [real * tf.constant(part.astype(dtype)) for part in (matrix.real, matrix.imag)]
    return tf.complex(*parts)


def _apply(psi: Any, matrix: Any, wires: Sequence[int], n_qubits: int) -> Any:
    """A matrix, (d, d) or (B, d, d), on one or two wires, the first one most significant in it."""
    shape = [-1]
    before = 0
    for place in sorted(wires):
        shape += [2 ** (place - before), 2]
        before = place + 1
    shape.append(2 ** (n_qubits - before))
    matrix = tf.convert_to_tensor(matrix, psi.dtype)
    batch = "b" if matrix.shape.rank == 3 else ""
    if len(wires) == 1:
        equation = f"{batch}xi,blir->blxr"
    else:
        matrix = tf.reshape(matrix, [-1] * len(batch) + [2] * 4)
        letters = "xyij" if wires[0] < wires[1] else "yxji"
        equation = f"{batch}{letters},blimjr->blxmyr"
    after = tf.einsum(equation, matrix, tf.reshape(psi, shape))
    return tf.reshape(after, [-1, 2**n_qubits])


# --- observations ------------------------------------------------------------------------------


def _expval(function: AnyFunction, psi: Any, index: int) -> Any:
    """Expectation value (B,) of one Pauli sum."""
    exe = _angle_map(function).executable
    total = tf.zeros(tf.shape(psi)[:1], function.dtype)
    for term in range(exe.term_ptr[index], exe.term_ptr[index + 1]):
        moved = psi
        for qubit in range(exe.n_qubits):
            bit = 1 << (exe.n_qubits - 1 - qubit)
            x, z = int(exe.term_x[term]) & bit, int(exe.term_z[term]) & bit
            if x or z:
                letter = "Y" if x and z else "X" if x else "Z"
                moved = _apply(moved, _PAULIS[letter], [qubit], exe.n_qubits)
        overlap = tf.math.real(tf.reduce_sum(tf.math.conj(psi) * moved, axis=1))
        total += float(exe.term_coef[term]) * overlap
    return total


def _probs(psi: Any, output: Output, n_qubits: int) -> Any:
    """Probabilities (B, 2**k), the first listed qubit most significant."""
    probs = tf.math.real(psi * tf.math.conj(psi))
    kept = list(range(n_qubits))
    for qubit in range(n_qubits):
        if qubit not in output.qubits:
            place = kept.index(qubit)
            split = tf.reshape(probs, [-1, 2**place, 2, 2 ** (len(kept) - place - 1)])
            probs = tf.reduce_sum(split, axis=2)
            kept.remove(qubit)
    probs = tf.reshape(probs, [-1, 2 ** len(kept)])
    order = np.arange(2 ** len(kept)).reshape((2,) * len(kept))
    order = order.transpose([kept.index(qubit) for qubit in output.qubits]).ravel()
    return tf.gather(probs, tf.constant(order), axis=1)
