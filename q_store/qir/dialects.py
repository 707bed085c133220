"""The op tables beside the gates: `q` control, `n` noise, `m` observation, `f` maths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from q_store.qir.ops import OpDef, Trait

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Channel(OpDef):
    """A noise channel; its angles are probabilities in [0, 1], constant numbers."""

    kraus: Callable[..., list[NDArray[np.complex128]]]
    """Kraus operators for given probabilities, first wire most significant."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Scalar(OpDef):
    """A real function of angles that defines a fresh `f64`. `numpy` names the ufunc it is."""

    numpy: str


def _weighted_paulis(weights: dict[str, float]) -> list[NDArray[np.complex128]]:
    import numpy as np

    paulis = {
        "I": np.eye(2, dtype=np.complex128),
        "X": np.array([[0, 1], [1, 0]], dtype=np.complex128),
        "Y": np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
        "Z": np.array([[1, 0], [0, -1]], dtype=np.complex128),
    }
    operators = []
    for word, weight in weights.items():
        operator: NDArray[np.complex128] = np.eye(1, dtype=np.complex128)
        for letter in word:
            operator = np.kron(operator, paulis[letter]).astype(np.complex128)
        operators.append(np.sqrt(max(weight, 0.0)) * operator)
    return operators


def _depolarizing(p: float) -> list[NDArray[np.complex128]]:
    return _weighted_paulis({"I": 1 - p, "X": p / 3, "Y": p / 3, "Z": p / 3})


def _depolarizing2(p: float) -> list[NDArray[np.complex128]]:
    words = [a + b for a in "IXYZ" for b in "IXYZ"]
    return _weighted_paulis({w: 1 - p if w == "II" else p / 15 for w in words})


def _amplitude_damping(gamma: float) -> list[NDArray[np.complex128]]:
    import numpy as np

    keep = np.array([[1, 0], [0, np.sqrt(1 - gamma)]], dtype=np.complex128)
    return [keep, np.array([[0, np.sqrt(gamma)], [0, 0]], dtype=np.complex128)]


def _phase_damping(gamma: float) -> list[NDArray[np.complex128]]:
    import numpy as np

    keep = np.array([[1, 0], [0, np.sqrt(1 - gamma)]], dtype=np.complex128)
    return [keep, np.array([[0, 0], [0, np.sqrt(gamma)]], dtype=np.complex128)]


def _misread(p01: float, p10: float) -> list[NDArray[np.complex128]]:
    import numpy as np

    entries = ((0, 0, 1 - p01), (1, 0, p01), (0, 1, p10), (1, 1, 1 - p10))
    operators = [np.zeros((2, 2), np.complex128) for _ in entries]
    for operator, (row, column, chance) in zip(operators, entries, strict=True):
        operator[row, column] = np.sqrt(chance)
    return operators


ALLOC: Final = OpDef(name="q.alloc", doc="Fresh qubits in |0>, one per result.")
BARRIER: Final = OpDef(
    name="q.barrier", doc="No gate moves across it.", wires=None, traits=Trait.FENCE
)
MEASURE: Final = OpDef(
    name="q.measure", doc="Measures in the computational basis; yields the wire and a bit.", wires=1
)
RESET: Final = OpDef(name="q.reset", doc="Puts the qubit into |0>.", wires=1)
IF: Final = OpDef(
    name="q.if", doc="Runs one of two bodies on the wires, by a measured bit.", wires=None
)
OBSERVE: Final = OpDef(
    name="m.observe", doc="Ends a function: consumes every wire and yields results.", wires=None
)

_PROBABILITY: Final = ("p",)

NOISE: Final = (
    Channel(
        name="n.depolarizing",
        doc="X, Y or Z, each with probability p/3.",
        wires=1,
        angle_names=_PROBABILITY,
        kraus=_depolarizing,
    ),
    Channel(
        name="n.depolarizing2",
        doc="One of the 15 two-qubit Pauli words, each with probability p/15.",
        wires=2,
        angle_names=_PROBABILITY,
        kraus=_depolarizing2,
    ),
    Channel(
        name="n.bit_flip",
        doc="X with probability p.",
        wires=1,
        angle_names=_PROBABILITY,
        kraus=lambda p: _weighted_paulis({"I": 1 - p, "X": p}),
    ),
    Channel(
        name="n.phase_flip",
        doc="Z with probability p.",
        wires=1,
        angle_names=_PROBABILITY,
        kraus=lambda p: _weighted_paulis({"I": 1 - p, "Z": p}),
    ),
    Channel(
        name="n.pauli",
        doc="X, Y, Z with probabilities px, py, pz.",
        wires=1,
        angle_names=("px", "py", "pz"),
        kraus=lambda px, py, pz: _weighted_paulis(
            {"I": 1 - px - py - pz, "X": px, "Y": py, "Z": pz}
        ),
    ),
    Channel(
        name="n.amplitude_damping",
        doc="Decay |1> to |0> with probability gamma.",
        wires=1,
        angle_names=("gamma",),
        kraus=_amplitude_damping,
    ),
    Channel(
        name="n.phase_damping",
        doc="Loss of coherence with probability gamma.",
        wires=1,
        angle_names=("gamma",),
        kraus=_phase_damping,
    ),
)

READOUT: Final = Channel(
    name="n.readout",
    doc="Reading errs: 0 gives 1 with p01, 1 gives 0 with p10. Last on its wire.",
    wires=1,
    angle_names=("p01", "p10"),
    kraus=lambda p01, p10: _misread(p01, p10),
)
"""What any observation afterwards gets wrong, in whatever basis it measures; the Kraus operators
are those for the computational basis."""

_UNARY: Final = {
    "sin": ("sin", "sin(a)"),
    "cos": ("cos", "cos(a)"),
    "tan": ("tan", "tan(a)"),
    "asin": ("arcsin", "asin(a)"),
    "acos": ("arccos", "acos(a)"),
    "atan": ("arctan", "atan(a)"),
    "sinh": ("sinh", "sinh(a)"),
    "cosh": ("cosh", "cosh(a)"),
    "tanh": ("tanh", "tanh(a)"),
    "exp": ("exp", "e**a"),
    "log": ("log", "the natural logarithm of a"),
    "sqrt": ("sqrt", "the square root of a"),
    "abs": ("absolute", "|a|"),
}
_BINARY: Final = {
    "mul": ("multiply", "a*b"),
    "div": ("true_divide", "a/b"),
    "pow": ("power", "a**b"),
    "atan2": ("arctan2", "the angle of the point (b, a)"),
}

AFFINE: Final = Scalar(
    name="f.affine", doc="Names an affine angle.", angle_names=("a",), numpy="positive"
)

CLASSICAL: Final = (
    AFFINE,
    *(
        Scalar(name=f"f.{name}", doc=f"Defines {text}.", angle_names=names, numpy=ufunc)
        for table, names in ((_UNARY, ("a",)), (_BINARY, ("a", "b")))
        for name, (ufunc, text) in table.items()
    ),
)

ROWS: Final[tuple[OpDef, ...]] = (
    ALLOC,
    BARRIER,
    MEASURE,
    RESET,
    IF,
    OBSERVE,
    *NOISE,
    READOUT,
    *CLASSICAL,
)
