"""Write every gate in a basis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from q_store.passes.analysis import all_ops
from q_store.passes.base import FuncPass
from q_store.passes.bases import Rule, missing, read_basis, ways
from q_store.passes.phases import collect_phases
from q_store.qir.angle import as_angle
from q_store.qir.diagnostics import Diagnostic, QStoreError
from q_store.qir.ops import Gate, Op, Region
from q_store.qir.printer import print_op
from q_store.qir.registry import gate
from q_store.qir.types import QUBIT
from q_store.qir.values import Value

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func


@dataclass(frozen=True, slots=True)
class Decompose(FuncPass):
    """Replaces gates outside a basis, exactly, the global phase included.

    A basis is a name (`rotations-cx`, `rotations-cz`, `rotations-rxx`, `rotations-rzz`, `sx-cx`,
    `sx-cz`, `u-cx`, `clifford-t`) or a list of gates; the global phase always belongs to it.
    """

    name: ClassVar[str] = "decompose"

    basis: tuple[str, ...] = ("rotations-cx",)

    def on_func(self, func: Func, ctx: Context) -> Func:
        """Each gate by the cheapest way in the gate table. Raises `QS408` for a gate that the
        basis cannot express and `QS409` for an unknown basis."""
        basis = read_basis(self.basis)
        if all(_within(op, basis) for op in all_ops(func.ops)):
            return func
        emission = Expansion(basis, ways(basis))
        ops = emission.block(func.ops)
        results = emission.resolve(func.results)
        return collect_phases(func.replace(ops=ops, results=results))


def _within(op: Op, basis: frozenset[str]) -> bool:
    return not isinstance(op.defn, Gate) or op.defn.mnemonic in basis


class Expansion:
    """Writes out, in blocks of ops, every gate that is not in a basis."""

    def __init__(self, basis: frozenset[str], ways: Mapping[str, Rule]) -> None:
        self.basis = basis
        self.ways = ways
        """For each gate outside the basis, the steps it becomes; those may be outside as well."""
        self.now: dict[Value, Value] = {}
        """What carries on from a wire that an expanded gate defined."""

    def resolve(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The values that stand for these now."""
        return tuple([self.now.get(value, value) for value in values])

    def block(self, ops: tuple[Op, ...]) -> tuple[Op, ...]:
        """The ops of a block, in the basis."""
        result: list[Op] = []
        for op in ops:
            operands = self.resolve(op.operands)
            if not _within(op, self.basis):
                wires = self.steps(op, op.defn.mnemonic, operands, op.angles, result)
                self.now.update(zip(op.results, wires, strict=True))
                continue
            regions = tuple([self.region(region) for region in op.regions])
            if operands != op.operands or regions:
                op = op.replace(operands=operands, regions=regions)
            result.append(op)
        return tuple(result)

    def region(self, region: Region) -> Region:
        ops = self.block(region.ops)
        return Region(region.args, ops, self.resolve(region.results))

    def steps(
        self,
        op: Op,
        name: str,
        wires: tuple[Value, ...],
        angles: tuple[Any, ...],
        result: list[Op],
    ) -> tuple[Value, ...]:
        """Append one gate of the expansion of `op`, itself expanded; returns the wires after it."""
        if name in self.basis:
            given = tuple([Value(QUBIT, wire.name) for wire in wires])
            numbers = tuple(map(as_angle, angles))
            result.append(Op(gate(name), wires, numbers, given, loc=op.loc))
            return given
        way = self.ways.get(name)
        if way is None:
            raise self.refusal(op)
        now = list(wires)
        for step, at, step_angles in way(*angles):
            taken = tuple([now[place] for place in at])
            for place, value in zip(
                at, self.steps(op, step, taken, step_angles, result), strict=True
            ):
                now[place] = value
        return tuple(now)

    def refusal(self, op: Op) -> QStoreError:
        name = op.defn.mnemonic
        shown = ", ".join(sorted(self.basis - {"phase"}))
        wanted = missing(self.basis, name)
        span = op.loc.span() if op.loc is not None else None
        return QStoreError(
            Diagnostic(
                "QS408",
                f"`{name}` cannot be written with {shown}",
                span,
                notes=() if span else (f"the gate is {print_op(op)}",),
                help=f"add one of {', '.join(wanted)} to the basis" if wanted else "",
            )
        )
