"""Ops and the records that define them.

An `OpDef` is one row of an op table ("dialect"): plain data about an op kind. A `Gate` is the row
of a unitary gate and holds everything any part of the compiler wants to know about it, so adding a
gate means adding a row. An `Op` is one use of a row inside a function; it is immutable by
convention and `replace` keeps its result values, so changing one gate touches no other op.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Flag, auto
from typing import TYPE_CHECKING, Any, Protocol

from q_store.qir.angle import Angle
from q_store.qir.location import Location
from q_store.qir.values import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from q_store.qir.observables import Observation


class Trait(Flag):
    """Facts about an op kind that passes ask for."""

    NONE = 0
    HERMITIAN = auto()
    """Its own inverse."""
    DIAGONAL = auto()
    """Diagonal in the computational basis for every angle."""
    CLIFFORD = auto()
    """Maps Pauli words to Pauli words (gates without angles only)."""
    PERMUTATION = auto()
    """Permutes basis states without phases."""
    SYMMETRIC = auto()
    """Unchanged when its wires are exchanged in any way."""
    ROTATION = auto()
    """One angle t and U(t) = exp(-i t/2 P) for the Pauli word `pauli`: angles add, period 4*pi."""
    FENCE = auto()
    """Nothing may move across it."""


class AffineNumber(Protocol):
    """What gate rules may do with an angle: floats, `Angle`s, arrays, affine rows all allow it."""

    def __add__(self, other: Any, /) -> Any: ...
    def __sub__(self, other: Any, /) -> Any: ...
    def __mul__(self, factor: float, /) -> Any: ...
    def __neg__(self) -> Any: ...


Step = tuple[str, tuple[int, ...], tuple[Any, ...]]
"""One gate of a rule: mnemonic, wire positions within the gate, angles."""

Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpDef:
    """One row of an op table. Rows are compared by identity."""

    name: str
    """Dialect and mnemonic, `q.rx`."""
    doc: str
    """One sentence for documentation."""
    wires: int | None = 0
    """Number of qubit operands; `None` for any number."""
    angle_names: tuple[str, ...] = ()
    """One name per angle, in order."""
    traits: Trait = Trait.NONE

    @property
    def dialect(self) -> str:
        return self.name.partition(".")[0]

    @property
    def mnemonic(self) -> str:
        """The name without its dialect, `rx`."""
        return self.name.partition(".")[2]

    def has(self, trait: Trait) -> bool:
        return trait in self.traits

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], OpDef], tuple[str]]:
        from q_store.qir.registry import op_def

        return op_def, (self.name,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Gate(OpDef):
    """A unitary gate: one record from which everything about it follows.

    Angles are radians. Rules (`inverse`, `decompose`) are functions of the angles that return
    steps in time order and use only `+`, `-` and scaling by a number, so one rule serves floats,
    `Angle`s, arrays and rows of an affine map. A global phase is the step `("phase", (), (t,))`.
    """

    matrix: Callable[..., NDArray[np.complex128]]
    """`matrix(*angles)`, complex128 of shape (..., 2**wires, 2**wires) for angles of shape (...);
    the first wire is the most significant bit."""
    inverse: Callable[..., Steps]
    """Steps of the inverse gate."""
    decompose: Callable[..., Steps] | None = None
    """An exactly equal sequence of simpler gates, global phase included; `None` for primitives."""
    pauli: str | None = None
    """For rotations: the Pauli word P of exp(-i t/2 P), one letter per wire."""
    frequencies: tuple[tuple[float, ...], ...] = ()
    """Per angle: the positive frequencies of any expectation value as a function of that angle
    (differences of the generator's eigenvalues); they determine the parameter-shift rule."""
    controls: int = 0
    """How many leading wires are controls; the rest is the gate `base`."""
    base: str | None = None
    """Mnemonic of the gate that is controlled."""
    aliases: tuple[str, ...] = ()
    """Other mnemonics the frontends accept."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Spelling elsewhere: keys `qasm2 qasm3 qiskit cirq pennylane ionq`; absent where there is no
    single counterpart equal to the phase."""


class Op:
    """One op of a function. Immutable by convention; never change a field after construction."""

    __slots__ = ("angles", "defn", "loc", "observations", "operands", "regions", "results")

    defn: OpDef
    operands: tuple[Value, ...]
    angles: tuple[Angle, ...]
    results: tuple[Value, ...]
    regions: tuple[Region, ...]
    """Bodies of structured ops (`q.if`: then, else)."""
    observations: tuple[Observation, ...]
    """What `m.observe` yields, one per result."""
    loc: Location | None
    """Where the user wrote it, when known."""

    def __init__(
        self,
        defn: OpDef,
        operands: tuple[Value, ...] = (),
        angles: tuple[Angle, ...] = (),
        results: tuple[Value, ...] = (),
        *,
        regions: tuple[Region, ...] = (),
        observations: tuple[Observation, ...] = (),
        loc: Location | None = None,
    ) -> None:
        self.defn = defn
        self.operands = operands
        self.angles = angles
        self.results = results
        self.regions = regions
        self.observations = observations
        self.loc = loc

    def replace(
        self,
        *,
        operands: tuple[Value, ...] | None = None,
        angles: tuple[Angle, ...] | None = None,
        results: tuple[Value, ...] | None = None,
        regions: tuple[Region, ...] | None = None,
        observations: tuple[Observation, ...] | None = None,
    ) -> Op:
        """A copy with some parts exchanged; results and location are kept unless given."""
        return Op(
            self.defn,
            self.operands if operands is None else operands,
            self.angles if angles is None else angles,
            self.results if results is None else results,
            regions=self.regions if regions is None else regions,
            observations=self.observations if observations is None else observations,
            loc=self.loc,
        )

    @property
    def is_gate(self) -> bool:
        return isinstance(self.defn, Gate)

    def __repr__(self) -> str:
        angles = f"({', '.join(map(repr, self.angles))})" if self.angles else ""
        return f"<{self.defn.name}{angles} on {len(self.operands)} operands>"

    def __getstate__(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in Op.__slots__])

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        for name, part in zip(Op.__slots__, state, strict=True):
            setattr(self, name, part)


class Region:
    """The body of a structured op: its own arguments, ops and results; no values leak out or in
    except parameters, which any depth may read."""

    __slots__ = ("args", "ops", "results")

    def __init__(
        self, args: tuple[Value, ...], ops: tuple[Op, ...], results: tuple[Value, ...]
    ) -> None:
        self.args = args
        self.ops = ops
        self.results = results

    def __getstate__(self) -> tuple[Any, ...]:
        return (self.args, self.ops, self.results)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.args, self.ops, self.results = state
