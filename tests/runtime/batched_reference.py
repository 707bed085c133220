"""An independent simulator for the engine's tests: plain numpy, one sample at a time.

Matrices are written out here, gates are applied with tensordot, expectations use dense Pauli
products and gradients finite differences. It shares no code with the engine.
"""

from __future__ import annotations

import cmath
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import cos, pi, sin
from typing import Any

import numpy as np

from q_store.targets.executable import AffineRow, ClassicalProgram, Executable, Output

I2 = np.eye(2, dtype=complex)
X = np.array([[0, 1], [1, 0]], complex)
Y = np.array([[0, -1j], [1j, 0]])
Z = np.diag([1, -1]).astype(complex)
PAULIS = {"X": X, "Y": Y, "Z": Z}


def rx(t: float) -> np.ndarray:
    return np.array([[cos(t / 2), -1j * sin(t / 2)], [-1j * sin(t / 2), cos(t / 2)]])


def ry(t: float) -> np.ndarray:
    return np.array([[cos(t / 2), -sin(t / 2)], [sin(t / 2), cos(t / 2)]], complex)


def rz(t: float) -> np.ndarray:
    return np.diag([cmath.exp(-0.5j * t), cmath.exp(0.5j * t)])


def controlled(u: np.ndarray, controls: int = 1) -> np.ndarray:
    size = len(u) << controls
    full = np.eye(size, dtype=complex)
    full[size - len(u) :, size - len(u) :] = u
    return full


def word_rotation(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    return cos(t / 2) * np.eye(4) - 1j * sin(t / 2) * np.kron(a, b)


SWAP = np.eye(4, dtype=complex)[[0, 2, 1, 3]]
ISWAP = np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]])
SX = 0.5 * np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]])
CSWAP = np.eye(8, dtype=complex)[[0, 1, 2, 3, 4, 6, 5, 7]]

FIXED: dict[str, np.ndarray] = {
    "id": I2,
    "x": X,
    "y": Y,
    "z": Z,
    "h": (X + Z) / np.sqrt(2),
    "s": np.diag([1, 1j]),
    "sdg": np.diag([1, -1j]),
    "t": np.diag([1, cmath.exp(0.25j * pi)]),
    "tdg": np.diag([1, cmath.exp(-0.25j * pi)]),
    "sx": SX,
    "sxdg": SX.conj().T,
    "cx": controlled(X),
    "cy": controlled(Y),
    "cz": controlled(Z),
    "swap": SWAP,
    "iswap": ISWAP,
    "ccx": controlled(X, 2),
    "ccz": controlled(Z, 2),
    "cswap": CSWAP,
}
ROTATIONS: dict[str, Any] = {
    "rx": rx,
    "ry": ry,
    "rz": rz,
    "p": lambda t: np.diag([1, cmath.exp(1j * t)]),
    "rxx": lambda t: word_rotation(X, X, t),
    "ryy": lambda t: word_rotation(Y, Y, t),
    "rzz": lambda t: word_rotation(Z, Z, t),
    "rzx": lambda t: word_rotation(Z, X, t),
    "cp": lambda t: np.diag([1, 1, 1, cmath.exp(1j * t)]),
    "crx": lambda t: controlled(rx(t)),
    "cry": lambda t: controlled(ry(t)),
    "crz": lambda t: controlled(rz(t)),
    "phase": lambda t: np.array([[cmath.exp(1j * t)]]),
}


def wires_of(name: str) -> int:
    matrix = FIXED[name] if name in FIXED else ROTATIONS[name](0.0)
    return len(matrix).bit_length() - 1


@dataclass
class Angle:
    """const + sum(coef * p[index]) over [inputs | weights | derived]."""

    const: float = 0.0
    terms: dict[int, float] = field(default_factory=dict)

    def value(self, p: Sequence[float]) -> float:
        return self.const + sum(c * p[i] for i, c in self.terms.items())


@dataclass
class Circuit:
    """Gates (name, wires, angle or None) and observables [[(coef, {qubit: letter}), ...], ...]."""

    n: int
    gates: list[tuple[str, tuple[int, ...], Angle | None]]
    n_inputs: int = 0
    n_weights: int = 0
    observables: list[list[tuple[float, dict[int, str]]]] = field(default_factory=list)
    phase: Angle = field(default_factory=Angle)
    classical: ClassicalProgram = field(default_factory=ClassicalProgram)

    def state(self, p: Sequence[float]) -> np.ndarray:
        psi = np.zeros((2,) * self.n, complex)
        psi[(0,) * self.n] = 1
        for name, wires, angle in self.gates:
            u = FIXED[name] if angle is None else ROTATIONS[name](angle.value(p))
            psi = apply(u, wires, psi)
        return psi.reshape(-1) * cmath.exp(1j * self.phase.value(p))

    def expvals(self, p: Sequence[float]) -> np.ndarray:
        psi = self.state(p).reshape((2,) * self.n)
        values = []
        for terms in self.observables:
            total = 0.0
            for coef, word in terms:
                phi = psi
                for qubit, letter in word.items():
                    phi = apply(PAULIS[letter], (qubit,), phi)
                total += coef * np.vdot(psi, phi).real
            values.append(total)
        return np.array(values)

    def probs(self, p: Sequence[float], qubits: Sequence[int]) -> np.ndarray:
        chances = np.abs(self.state(p).reshape((2,) * self.n)) ** 2
        rest = tuple(q for q in range(self.n) if q not in qubits)
        kept = sorted(qubits)
        marginal = chances.sum(axis=rest)
        return marginal.transpose([kept.index(q) for q in qubits]).reshape(-1)

    def executable(self) -> Executable:
        return pack(self)


def apply(u: np.ndarray, wires: Sequence[int], psi: np.ndarray) -> np.ndarray:
    k = len(wires)
    tensor = u.reshape((2,) * (2 * k))
    moved = np.tensordot(tensor, psi, axes=(range(k, 2 * k), wires))
    return np.moveaxis(moved, range(k), wires)


def pack(circuit: Circuit) -> Executable:
    names = tuple(sorted({name for name, _, _ in circuit.gates}))
    angles = [angle for _, _, angle in circuit.gates if angle is not None]
    masks = [
        [sum(1 << (circuit.n - 1 - q) for q, letter in word.items() if letter in letters)
         for terms in circuit.observables for _, word in terms]
        for letters in ("XY", "YZ")
    ]  # fmt: skip
    counts = [len(terms) for terms in circuit.observables]
    return Executable(
        n_qubits=circuit.n,
        op_names=names,
        opcode=np.array([names.index(name) for name, _, _ in circuit.gates], np.int32),
        wire_ptr=np.cumsum([0, *(len(w) for _, w, _ in circuit.gates)]).astype(np.int32),
        wires=np.array([q for _, w, _ in circuit.gates for q in w], np.int32),
        slot_ptr=np.cumsum([0, *(a is not None for _, _, a in circuit.gates)]).astype(np.int32),
        n_inputs=circuit.n_inputs,
        n_weights=circuit.n_weights,
        input_names=tuple(f"x[{i}]" for i in range(circuit.n_inputs)),
        weight_names=tuple(f"w[{i}]" for i in range(circuit.n_weights)),
        a_indptr=np.cumsum([0, *(len(a.terms) for a in angles)]).astype(np.int32),
        a_indices=np.array([i for a in angles for i in a.terms], np.int32),
        a_data=np.array([c for a in angles for c in a.terms.values()], np.float64),
        b=np.array([a.const for a in angles], np.float64),
        classical=circuit.classical,
        phase_row=AffineRow(
            np.array(list(circuit.phase.terms), np.int32),
            np.array(list(circuit.phase.terms.values()), np.float64),
            circuit.phase.const,
        ),
        outputs=(Output("expval", 0, len(counts)),),
        term_ptr=np.cumsum([0, *counts]).astype(np.int32),
        term_x=np.array(masks[0], np.uint64),
        term_z=np.array(masks[1], np.uint64),
        term_coef=np.array([c for terms in circuit.observables for c, _ in terms], np.float64),
    )


def random_circuit(
    rng: np.random.Generator, n: int, gates: int, n_inputs: int, n_weights: int, outputs: int = 3
) -> Circuit:
    """Gates of every kind that fits on ``n`` wires, with shared, scaled and constant angles."""
    names = [name for name in (*FIXED, *ROTATIONS) if wires_of(name) <= n]
    chosen = []
    for _ in range(gates):
        name = names[rng.integers(len(names))]
        wires = tuple(int(q) for q in rng.permutation(n)[: wires_of(name)])
        chosen.append(
            (name, wires, random_angle(rng, n_inputs + n_weights) if name in ROTATIONS else None)
        )
    observables = []
    for _ in range(outputs):
        terms = []
        for _ in range(int(rng.integers(1, 4))):
            letters = {int(q): "XYZ"[rng.integers(3)] for q in range(n) if rng.random() < 0.6}
            terms.append((float(rng.normal()), letters))
        observables.append(terms)
    phase = random_angle(rng, n_inputs + n_weights)
    return Circuit(n, chosen, n_inputs, n_weights, observables, phase)


def random_angle(rng: np.random.Generator, params: int) -> Angle:
    kind = rng.integers(4)
    if kind == 0 or not params:
        return Angle(float(rng.choice([0.0, 0.3, pi / 2, -1.1])))
    if kind == 1:
        return Angle(0.0, {int(rng.integers(params)): 1.0})
    count = int(rng.integers(1, min(3, params) + 1))
    picked = rng.permutation(params)[:count]
    return Angle(float(rng.normal()), {int(i): float(rng.choice([-1.0, 0.5, 2.0])) for i in picked})


def differences(function: Any, p: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences of a scalar function over all entries of ``p``."""
    grad = np.zeros_like(p)
    for i in np.ndindex(p.shape):
        up, down = p.copy(), p.copy()
        up[i] += step
        down[i] -= step
        grad[i] = (function(up) - function(down)) / (2 * step)
    return grad
