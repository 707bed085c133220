"""A function as a list of steps on numbered wires: what exports to other libraries walk over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from q_store.qir import dialects
from q_store.qir.angle import ZERO, Angle
from q_store.qir.diagnostics import error
from q_store.qir.func import Func
from q_store.qir.observables import Expval, Observation, Probs, Sample
from q_store.qir.ops import Gate, Op, OpDef, Step
from q_store.qir.registry import all_gates, gate
from q_store.qir.values import Value


@dataclass(frozen=True, slots=True)
class FlatStep:
    """One op with the wires it acts on; classical ops and allocations are not among the steps."""

    row: OpDef
    wires: tuple[int, ...]
    angles: tuple[Angle, ...] = ()
    bit: str | None = None
    """The bit a measurement writes or a conditional reads."""
    bodies: tuple[tuple[FlatStep, ...], ...] = ()
    """Of a conditional: what runs when the bit is 1, and what runs when it is 0."""


@dataclass(frozen=True, slots=True)
class FlatFunc:
    """The steps of a function whose wires end in order, and its classical ops in order."""

    func: Func
    n_qubits: int
    steps: tuple[FlatStep, ...]
    scalars: tuple[Op, ...]

    @property
    def observations(self) -> tuple[Observation, ...]:
        last = self.func.observe
        return last.observations if last else ()


def flatten(func: Func) -> FlatFunc:
    """Number the wires. Wires that end in another order are swapped into place.

    Raises `QS340` for a function that takes qubits or bits or does not end with all its wires.
    """
    return _Flattening(func).run()


class _Flattening:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.wires: dict[Value, int] = {}
        self.bits: dict[Value, str] = {}
        self.scalars: list[Op] = []
        self.allocated = 0

    def run(self) -> FlatFunc:
        for value in self.func.args:
            if value.type.kind != "f64":
                raise error("QS340", f"@{self.func.name} takes %{value.name}: {value.type}")
        steps = list(self.ops(self.func.ops))
        last = self.func.observe
        final = last.operands if last else self.func.results
        order = [self.wires.get(value, -1) for value in final]
        if sorted(order) != list(range(self.allocated)):
            raise error("QS340", f"@{self.func.name} must end by observing or returning every wire")
        steps += _restored(order)
        return FlatFunc(self.func, self.allocated, tuple(steps), tuple(self.scalars))

    def ops(self, ops: Sequence[Op]) -> Iterator[FlatStep]:
        for op in ops:
            if op.defn is dialects.ALLOC:
                for value in op.results:
                    self.wires[value] = self.allocated
                    self.allocated += 1
            elif isinstance(op.defn, dialects.Scalar):
                self.scalars.append(op)
            elif op.defn is not dialects.OBSERVE:
                yield self.step(op)

    def step(self, op: Op) -> FlatStep:
        operands = op.operands[1:] if op.defn is dialects.IF else op.operands
        wires = tuple([self.wires[value] for value in operands])
        bit: str | None = None
        bodies: tuple[tuple[FlatStep, ...], ...] = ()
        if op.defn is dialects.MEASURE:
            bit = self.new_bit(op.results[1])
        elif op.defn is dialects.IF:
            bit = self.bits[op.operands[0]]
            bodies = tuple([self.body(region, wires) for region in op.regions])
        for value, wire in zip(op.results, wires, strict=False):
            self.wires[value] = wire
        return FlatStep(op.defn, wires, op.angles, bit, bodies)

    def body(self, region: Any, wires: tuple[int, ...]) -> tuple[FlatStep, ...]:
        self.wires |= dict(zip(region.args, wires, strict=True))
        steps = tuple(self.ops(region.ops))
        order = [self.wires[value] for value in region.results]
        back = [wires.index(wire) for wire in order]
        return steps + tuple(
            [
                FlatStep(step.row, tuple([wires[wire] for wire in step.wires]))
                for step in _restored(back)
            ]
        )

    def new_bit(self, value: Value) -> str:
        """The hint of the bit, made unique."""
        taken = set(self.bits.values())
        name, number = value.name, 0
        while name in taken:
            number += 1
            name = f"{value.name}_{number}"
        self.bits[value] = name
        return name


def _restored(order: list[int]) -> list[FlatStep]:
    """Swaps that bring wire `order[i]` to place i."""
    steps, swap = [], gate("swap")
    for place in range(len(order)):
        source = order[place]
        if source != place:
            steps.append(FlatStep(swap, (place, source)))
            order[order.index(place)] = source
            order[place] = place
    return steps


# --- angles -----------------------------------------------------------------------------------


class Expressions:
    """Angles as expressions of another library.

    `symbol(value, index)` makes the expression of a parameter's element, and `functions` those of
    the `f.*` ops by mnemonic.
    """

    def __init__(
        self,
        flat: FlatFunc,
        symbol: Callable[[Value, tuple[int, ...]], Any],
        functions: Mapping[str, Callable[..., Any]],
    ) -> None:
        self._symbol = symbol
        self._known: dict[tuple[Value, tuple[int, ...]], Any] = {}
        for op in flat.scalars:
            args = [self.angle(angle) for angle in op.angles]
            made = _number_of(op, args)
            if made is None:
                made = args[0] if op.defn is dialects.AFFINE else functions[op.defn.mnemonic](*args)
            self._known[op.results[0], ()] = made

    def angle(self, angle: Angle) -> Any:
        """A float, or an expression where the angle depends on a parameter."""
        total: Any = None
        const = angle.const
        for (value, index), coef in angle.terms:
            part = self._element(value, index)
            if isinstance(part, float):
                const += coef * part
                continue
            part = part if coef == 1.0 else part * _plain(coef)
            total = part if total is None else total + part
        if total is None:
            return const
        return total if const == 0.0 else total + const

    def _element(self, value: Value, index: tuple[int, ...]) -> Any:
        key = (value, index)
        if key not in self._known:
            self._known[key] = self._symbol(value, index)
        return self._known[key]


def _number_of(op: Op, args: Sequence[Any]) -> float | None:
    """The value of a function of numbers, which other libraries' functions do not take; `None`
    where an argument is an expression. Raises `QS356` where it has no value."""
    if not isinstance(op.defn, dialects.Scalar) or not all(isinstance(a, float) for a in args):
        return None
    with np.errstate(all="ignore"):
        value = float(getattr(np, op.defn.numpy)(*args))
    if not np.isfinite(value):
        shown = ", ".join(map(repr, args))
        raise error("QS356", f"`{op.defn.name}` of {shown} is no number that can be written")
    return value


def _plain(number: float) -> float | int:
    """Whole numbers as integers, which other libraries print without a point."""
    return int(number) if number.is_integer() and abs(number) < 1e9 else number


# --- gates ------------------------------------------------------------------------------------


def parts(step: FlatStep) -> Iterator[FlatStep]:
    """The steps a gate decomposes into by its row's rule."""
    assert isinstance(step.row, Gate) and step.row.decompose is not None  # noqa: PT018
    rule: tuple[Step, ...] = step.row.decompose(*step.angles)
    rows = all_gates()
    for name, at, angles in rule:
        stored = tuple([a if isinstance(a, Angle) else ZERO + a for a in angles])
        yield FlatStep(rows[name], tuple([step.wires[p] for p in at]), stored)


def observation_note(observation: Observation) -> str:
    """An observation as one line of text: `expval 0.5*X0 Z2`, `probs 0 1`, `sample 0`, `state`."""
    if isinstance(observation, Expval):
        return f"expval {observation.paulis!r}"
    if isinstance(observation, Probs | Sample):
        kind = "probs" if isinstance(observation, Probs) else "sample"
        return " ".join([kind, *map(str, observation.qubits)])
    return "state"


def cannot(library: str, step: FlatStep, why: str) -> Exception:
    """The error that an op has no counterpart in a library."""
    wires = ", ".join(map(str, step.wires))
    return error("QS356", f"`{step.row.name}` on wires {wires} cannot be given to {library}: {why}")
