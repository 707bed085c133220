"""The op tables beside the gates: `q` control, `n` noise, `m` observation, `f` maths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from q_store.qir.channels import (
    CHANNELS,
    CONFUSION,
    KRAUS,
    NOISE,
    READING,
    READOUT,
    Channel,
    Listed,
)
from q_store.qir.ops import OpDef, Trait

__all__ = [
    "AFFINE",
    "ALLOC",
    "BARRIER",
    "CHANNELS",
    "CLASSICAL",
    "CONFUSION",
    "IF",
    "KRAUS",
    "MEASURE",
    "NOISE",
    "OBSERVE",
    "READING",
    "READOUT",
    "RESET",
    "ROWS",
    "Channel",
    "Listed",
    "Scalar",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Scalar(OpDef):
    """A real function of angles that defines a fresh `f64`. `numpy` names the ufunc it is."""

    numpy: str


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
    *CHANNELS,
    *CLASSICAL,
)
