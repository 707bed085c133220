"""The circuits that every backend must run: deterministic, small, and with nothing symmetric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from q_store.qir.angle import Angle
from q_store.qir.builder import FuncBuilder
from q_store.qir.observables import Expval, PauliSum
from q_store.qir.registry import all_gates
from q_store.qir.types import f64
from q_store.targets.executable import Executable
from q_store.targets.lower import lower

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Case:
    """A circuit with arguments: inputs (B, F), weights (P,)."""

    name: str
    executable: Executable
    inputs: Real
    weights: Real

    @property
    def per_sample(self) -> Real:
        """Weights (B, P), another row for every sample."""
        rows = np.arange(len(self.inputs))[:, None]
        found: Real = self.weights + 0.1 * rows
        return found


def _observables(n_qubits: int) -> list[Expval]:
    """Words of every letter, sums, and a constant."""
    texts = ["Z0", f"X0 + 0.5*Y{n_qubits - 1} - 0.25"]
    if n_qubits > 1:
        texts += [f"Y0 X{n_qubits - 1}", "0.3*Z0 Z1 - X1"]
    return [Expval(PauliSum.parse(text)) for text in texts]


def _case(name: str, builder: FuncBuilder, batch: int, observables: Sequence[Expval]) -> Case:
    executable = lower(builder.finish(observables))
    rng = np.random.default_rng(len(name) + 7 * executable.n_weights)
    inputs = rng.uniform(-2, 2, (batch, executable.n_inputs))
    return Case(name, executable, inputs, rng.uniform(-3, 3, executable.n_weights))


def _spread(builder: FuncBuilder, seed: int) -> None:
    """A generic product state with some entanglement."""
    n = len(builder.wires)
    angles = np.random.default_rng(seed).uniform(-2, 2, (n, 2)).tolist()
    for wire, (turn, phase) in enumerate(angles):
        builder.gate("ry", [wire], [turn])
        builder.gate("rz", [wire], [phase])
    for wire in range(n - 1):
        builder.gate("cx", [wire, wire + 1])


@cache
def gate_case(mnemonic: str) -> Case:
    """One gate of the table on wires in falling order, each of its angles a weight."""
    row = all_gates()[mnemonic]
    wires = max(row.wires or 1, 1) + (1 if (row.wires or 1) < 3 else 0)
    builder = FuncBuilder(f"one_{mnemonic}", wires)
    angles = [Angle.of(builder.param(name)) for name in row.angle_names]
    _spread(builder, 3)
    on = list(range(wires))[::-1][: row.wires] if row.wires else []
    builder.gate(row, on, angles)
    _spread(builder, 4)
    return _case(mnemonic, builder, 1, _observables(wires))


@cache
def layers(n_qubits: int, depth: int, batch: int) -> Case:
    """Data, weights, shared and scaled parameters, sums and products of them."""
    builder = FuncBuilder("layers", n_qubits)
    x = builder.param("x", f64(n_qubits), "input")
    w = builder.param("w", f64(2 * depth * n_qubits))
    product = builder.scalar("mul", [Angle.of(x, 0), Angle.of(w, 0)])
    curve = builder.scalar("sin", [Angle.of(w, 1) * 2.0 + 0.5])
    for wire in range(n_qubits):
        builder.gate("ry", [wire], [Angle.of(x, wire)])
    for layer in range(depth):
        for wire in range(n_qubits):
            at = 2 * (layer * n_qubits + wire)
            builder.gate("rx", [wire], [Angle.of(w, at) + Angle.of(x, wire) * 0.5])
            builder.gate("rz", [wire], [Angle.of(w, at + 1) * -2.0])
        for wire in range(n_qubits - 1):
            builder.gate("cx", [wire, wire + 1])
        builder.gate("crz", [n_qubits - 1, 0], [Angle.of(product)])
        builder.gate("p", [0], [Angle.of(curve)])
        builder.gate("rxx", [0, n_qubits - 1], [Angle.of(w, 0)])
    return _case(f"layers{n_qubits}", builder, batch, _observables(n_qubits))


@cache
def plain(n_qubits: int = 2) -> Case:
    """No parameter at all."""
    builder = FuncBuilder("plain", n_qubits)
    _spread(builder, 5)
    return _case("plain", builder, 3, _observables(n_qubits))


@cache
def empty() -> Case:
    """No gate at all."""
    return _case("empty", FuncBuilder("empty", 2), 3, _observables(2))


@cache
def single() -> Case:
    """One qubit, one angle that is an input."""
    builder = FuncBuilder("single", 1)
    x = builder.param("x", f64(1), "input")
    builder.gate("rx", [0], [Angle.of(x, 0)])
    builder.gate("h", [0])
    return _case("single", builder, 4, _observables(1))


@cache
def idle() -> Case:
    """Qubits without a gate around one with some; the last is not observed either."""
    builder = FuncBuilder("idle", 4)
    x, w = builder.param("x", f64(1), "input"), builder.param("w")
    builder.gate("ry", [1], [Angle.of(x, 0)])
    builder.gate("rx", [1], [Angle.of(w)])
    words = ("X1", "Z1 - 0.5*Y1", "Z0", "0.5*X0 + Z2", "X1 Y2", "Z0 Z1 Z2")
    return _case("idle", builder, 3, [Expval(PauliSum.parse(text)) for text in words])


def cases() -> list[Case]:
    """All circuits but those of single gates."""
    return [layers(3, 2, 5), layers(5, 1, 3), plain(), empty(), single(), idle()]


def cotangent(rows: int, columns: int) -> Real:
    """A generic cotangent (rows, columns)."""
    return np.random.default_rng(rows * 31 + columns).uniform(-1, 1, (rows, columns))


def tuples(n_qubits: int) -> list[tuple[int, ...]]:
    """Some choices of qubits: all, the first, the last ones in falling order."""
    found: list[Any] = [tuple(range(n_qubits)), (0,), tuple(range(n_qubits))[::-1]]
    return list(dict.fromkeys([*found, tuple(range(n_qubits))[:-3:-1]]))
