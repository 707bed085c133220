"""Ways data enters a circuit that has no data parameter of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, Final

from q_store.frontends.arrays import Handle
from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.expr import apply
from q_store.frontends.symbols import array
from q_store.qir import dialects
from q_store.qir.diagnostics import did_you_mean, error
from q_store.qir.func import Func
from q_store.qir.gates.rules import multiplexed
from q_store.qir.values import Value

_AXES: Final = ("ry", "rz", "rx")
_TINY: Final = 1e-12


def angle_encoding(n_qubits: int, x: Handle) -> QuantumCircuit:
    """Feature i is an angle on qubit i mod n: RY in the first round over the qubits, then RZ, RX,
    RY, … until all features are used. 32 features on 4 qubits take 8 rounds."""
    circuit = QuantumCircuit(n_qubits)
    for position, feature in enumerate(x):
        axis = _AXES[position // n_qubits % len(_AXES)]
        circuit.append(axis, position % n_qubits, feature)
    return circuit


def iqp_encoding(n_qubits: int, x: Handle) -> QuantumCircuit:
    """H on every qubit, RZ(x_i) on qubit i and RZZ(x_i x_j) on every pair, in rounds of n features.

    The feature map of Havlíček et al. (2019), arXiv:1804.11326, in one repetition per round.
    """
    circuit = QuantumCircuit(n_qubits)
    for start in range(0, len(x), n_qubits):
        features = list(x[start : start + n_qubits])
        for qubit in range(n_qubits):
            circuit.h(qubit)
        for qubit, feature in enumerate(features):
            circuit.rz(qubit, feature)
        for i, j in combinations(range(len(features)), 2):
            circuit.rzz(i, j, features[i] * features[j])
    return circuit


def amplitude_encoding(n_qubits: int, x: Handle | list[Any]) -> QuantumCircuit:
    """The state with amplitudes x / |x|, zeros at the end; exact and differentiable.

    Qubit by qubit, multiplexed RY gates by twice the arctangent of the ratio of partial norms
    (Möttönen et al., 2004, arXiv:quant-ph/0407010). 1e-12 is added where a norm could be zero, so a
    zero vector gives some state instead of NaN; its derivatives are finite but mean nothing, and
    features should be well above 1e-12. Raises `QS339` for more than 2**n_qubits features.
    """
    if len(x) > 2**n_qubits:
        raise error(
            "QS339",
            f"amplitude encoding of {len(x)} features needs {(len(x) - 1).bit_length()} qubits, "
            f"got {n_qubits}",
        )
    circuit = QuantumCircuit(n_qubits)
    for qubit, angles in enumerate(_tree_angles(list(x), n_qubits)):
        controls = list(range(qubit))
        steps = multiplexed("ry", controls, qubit, angles) if qubit else (("ry", (0,), angles),)
        for name, wires, given in steps:
            circuit.append(name, wires, *given)
    return circuit


def basis_encoding(n_qubits: int, x: Handle) -> QuantumCircuit:
    """Feature i, 0 or 1, is the basis state of qubit i: RX(pi x_i), up to global phase.

    Between 0 and 1 the qubit is in between, so features have gradients. Raises `QS339` for more
    features than qubits.
    """
    if len(x) > n_qubits:
        raise error(
            "QS339", f"basis encoding of {len(x)} features needs {len(x)} qubits, got {n_qubits}"
        )
    circuit = QuantumCircuit(n_qubits)
    for qubit, feature in enumerate(x):
        circuit.rx(qubit, math.pi * feature)
    return circuit


def _tree_angles(leaves: list[Any], n_qubits: int) -> list[list[Any]]:
    """For every qubit, one angle per reading of the qubits before it."""
    nodes: list[Any] = leaves + [0.0] * (2**n_qubits - len(leaves))
    lefts = [left + _TINY for left in nodes[::2]]
    levels = [[_angle(r, left) for left, r in zip(lefts, nodes[1::2], strict=True)]]
    squares = [_square(node) for node in nodes]
    for _ in range(n_qubits - 1):
        squares = [left + right for left, right in zip(squares[::2], squares[1::2], strict=True)]
        norms = [_norm(square) for square in squares]
        levels.append([_angle(r, left) for left, r in zip(norms[::2], norms[1::2], strict=True)])
    return levels[::-1]


def _square(node: Any) -> Any:
    return node * node


def _norm(square: Any) -> Any:
    return apply("sqrt", square + _TINY * _TINY)


def _angle(right: Any, left: Any) -> Any:
    return apply("arctan2", right, left) * 2.0


ENCODINGS: Final[dict[str, Callable[[int, Handle], QuantumCircuit]]] = {
    "angle": angle_encoding,
    "iqp": iqp_encoding,
    "amplitude": amplitude_encoding,
    "basis": basis_encoding,
}


def encoding_circuit(
    n_qubits: int, n_features: int, kind: str = "angle", *, name: str = "x"
) -> QuantumCircuit:
    """The circuit that encodes the vector `name` of `n_features` numbers.

    `kind` is `angle`, `iqp`, `amplitude` or `basis`. Raises `QS339` for another one or no features.
    """
    if kind not in ENCODINGS:
        raise error(
            "QS339",
            f"unknown encoding {kind!r}: expected {', '.join(ENCODINGS)}",
            help=did_you_mean(str(kind), ENCODINGS),
        )
    if isinstance(n_features, bool) or not isinstance(n_features, int) or n_features < 1:
        raise error("QS339", f"n_features must be a positive integer, got {n_features!r}")
    return ENCODINGS[kind](n_qubits, array(name, (n_features,)))


def prepend_encoding(func: Func, n_features: int, kind: str = "angle", *, name: str = "x") -> Func:
    """The function with an encoding of `n_features` numbers in front.

    The vector becomes the first argument, of role input; it is called `name`, with `_` added while
    the function has an argument of that name. Raises `QS339`, and `QS340` for a function that
    takes qubits.
    """
    taken = {arg.name for arg in func.args}
    while name in taken:
        name += "_"
    wires = [wire for op in func.ops if op.defn is dialects.ALLOC for wire in op.results]
    if any(arg.type.linear for arg in func.args) or not wires:
        raise error("QS340", f"@{func.name} does not allocate its qubits itself")
    front = encoding_circuit(len(wires), n_features, kind, name=name).to_ir(input_params=[name])
    rest = tuple([op for op in func.ops if op.defn is not dialects.ALLOC])
    return func.replace(
        args=(*front.args, *func.args),
        roles=(*front.roles, *func.roles),
        ops=(*_ending_in(front, wires), *rest),
    )


def _ending_in(front: Func, wires: Sequence[Value]) -> list[Any]:
    """The ops of a function, with its last wire values replaced by given ones."""
    image = dict(zip(front.results, wires, strict=True))
    return [
        op.replace(results=tuple([image.get(value, value) for value in op.results]))
        for op in front.ops
    ]
