"""An executable as a tape of the gates that a simulator knows, its angles as numbered slots.

Gates a simulator lacks are written with simpler ones by the rules of the gate table. An angle that
depends on parameters becomes a slot of its own, so that every slot occurs in one gate only and
gradients by slot are those of one gate each. Angles are affine in the parameters, before and after.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from q_store.qir.diagnostics import error
from q_store.qir.registry import all_gates
from q_store.runtime.backends.table import BACKENDS
from q_store.runtime.batched.affine import Row
from q_store.runtime.batched.plan import parameter_positions, slot_rows
from q_store.targets.executable import Executable

Array = NDArray[Any]
_MAX_STEPS = 64


@dataclass(frozen=True, slots=True)
class GateSet:
    """What a simulator knows: mnemonics with any constant angles, and those of them whose angle
    may be a slot."""

    backend: str
    names: frozenset[str]
    live: frozenset[str]

    def knows(self, name: str, rows: Collection[Row]) -> bool:
        """Whether the gate goes onto the tape as it is."""
        wanted = self.live if any(row.terms for row in rows) else self.names
        return name in wanted


@dataclass(frozen=True, slots=True)
class TapeOp:
    """A gate by mnemonic. Angle k is slot `slots[k]`, or `angles[k]` radians where that is -1."""

    name: str
    wires: tuple[int, ...]
    angles: tuple[float, ...] = ()
    slots: tuple[int, ...] = ()


class Affine:
    """Rows `const + sum(data * p[indices])` over many samples at once, and their transpose."""

    def __init__(self, rows: list[Row], n_params: int) -> None:
        self.n_params = n_params
        self.const = np.array([row.const for row in rows], np.float64)
        lengths = np.array([len(row.terms) for row in rows], np.intp)
        self._row_of = np.repeat(np.arange(len(rows)), lengths)
        self._indices = np.array([index for row in rows for index in row.terms], np.intp)
        self._data = np.array([c for row in rows for c in row.terms.values()], np.float64)
        self._order = np.argsort(self._indices, kind="stable")
        self._columns, self._starts = np.unique(self._indices[self._order], return_index=True)
        filled = np.flatnonzero(lengths)
        self._filled, self._begins = filled, (np.cumsum(lengths) - lengths)[filled]

    def __call__(self, params: Array) -> Array:
        """Values (B, rows) at parameters (B, n_params)."""
        values = np.tile(self.const, (len(params), 1))
        if len(self._indices) and len(params):
            terms = params[:, self._indices] * self._data
            values[:, self._filled] += np.add.reduceat(terms, self._begins, axis=1)
        return values

    def transposed(self, gradient: Array) -> Array:
        """Gradients (B, n_params) from those of the rows (B, rows)."""
        found = np.zeros((len(gradient), self.n_params))
        if len(self._indices) and len(gradient):
            terms = (gradient[:, self._row_of] * self._data)[:, self._order]
            found[:, self._columns] = np.add.reduceat(terms, self._starts, axis=1)
        return found


class Tape:
    """The gates in time order, and the maps from parameters to slots and to the global phase.

    Parameters stand in the order [inputs | derived | weights].
    """

    def __init__(self, executable: Executable, gates: GateSet) -> None:
        self.n_qubits = executable.n_qubits
        self.ops: list[TapeOp] = []
        self._gates = gates
        self._rows: list[Row] = []
        self._phase = Row()
        position = parameter_positions(executable)
        self._walk(executable, slot_rows(executable, position))
        row = executable.phase_row
        for index, coef in zip(row.indices.tolist(), row.data.tolist(), strict=True):
            self._phase = self._phase + Row(0.0, {position[index]: coef})
        self._phase = self._phase + row.const
        self.slots = Affine(self._rows, len(position))
        self.phase = Affine([self._phase], len(position))

    @property
    def n_slots(self) -> int:
        return len(self._rows)

    @cached_property
    def depth(self) -> int:
        """Moments of the tape."""
        return max(self.moments(), default=-1) + 1

    def moments(self) -> list[int]:
        """The earliest moment of every op."""
        free = [0] * self.n_qubits
        found = []
        for op in self.ops:
            at = max((free[wire] for wire in op.wires), default=0)
            found.append(at)
            for wire in op.wires:
                free[wire] = at + 1
        return found

    def _walk(self, exe: Executable, rows: list[Row]) -> None:
        if len(exe.conditions.literals):
            raise unsupported("q.if", self._gates.backend)
        wires, wire_ptr, slot_ptr = exe.wires.tolist(), exe.wire_ptr.tolist(), exe.slot_ptr.tolist()
        for k, code in enumerate(exe.opcode.tolist()):
            here = tuple(wires[wire_ptr[k] : wire_ptr[k + 1]])
            own = tuple(rows[slot_ptr[k] : slot_ptr[k + 1]])
            self._add(exe.op_names[code], here, own, 0)

    def _add(self, name: str, wires: tuple[int, ...], rows: tuple[Row, ...], depth: int) -> None:
        if name == "phase":
            self._phase = self._phase + rows[0]
        elif name == "id":
            pass
        elif self._gates.knows(name, rows):
            self.ops.append(TapeOp(name, wires, *self._angles(rows)))
        else:
            for inner, at, angles in self._steps(name, rows, depth):
                self._add(inner, tuple([wires[p] for p in at]), angles, depth + 1)

    def _angles(self, rows: tuple[Row, ...]) -> tuple[tuple[float, ...], tuple[int, ...]]:
        slots = []
        for row in rows:
            slots.append(len(self._rows) if row.terms else -1)
            if row.terms:
                self._rows.append(row)
        return tuple([row.const for row in rows]), tuple(slots)

    def _steps(
        self, name: str, rows: tuple[Row, ...], depth: int
    ) -> Iterator[tuple[str, tuple[int, ...], tuple[Row, ...]]]:
        row = all_gates().get(name)
        rule = row.decompose if row is not None else None
        if rule is None or depth > _MAX_STEPS:
            raise unsupported(name, self._gates.backend)
        for inner, at, angles in rule(*rows):
            yield inner, at, tuple([a if isinstance(a, Row) else Row(float(a)) for a in angles])


def unsupported(op: str, backend: str, help: str = "") -> Exception:
    """The error that a backend cannot run an op, naming those that can."""
    who = [row.name for row in BACKENDS.values() if row.name != backend and not row.missing()]
    return error(
        "QS625",
        f"backend {backend!r} cannot run `{op}`",
        help=help or f"backends here that may: {', '.join(who)}",
    )
