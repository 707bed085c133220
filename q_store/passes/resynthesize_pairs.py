"""Numeric gates on one pair of qubits by their product, with as few entanglers as it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from q_store.passes.base import FuncPass
from q_store.passes.ionq.emission import Emission, is_run_gate, rewritten
from q_store.qir import dialects
from q_store.qir.ops import Gate, Op
from q_store.qir.unitary import steps_matrix

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.passes.ionq.weyl import PairForm
    from q_store.qir.func import Func
    from q_store.qir.ops import Step
    from q_store.qir.values import Value

COST: Final = {"cx": 1, "cy": 1, "cz": 1, "ch": 1, "ecr": 1, "swap": 0, "cp": 1, "ct": 1, "ctdg": 1}
"""Entanglers in gates on two wires; rotations are one, other gates count as three."""
ONE: Final = frozenset({"rxx", "ryy", "rzz", "rzx", "ms", "zz", "crx", "cry", "crz"})


@dataclass(frozen=True, slots=True)
class ResynthesizePairs(FuncPass):
    """Replaces gates without parameters on one pair of qubits where fewer entanglers do.

    At most three rotations of any angle are ever needed, and a swap counts as none unless qubits
    are `placed`. Write gates with `expand-entanglers` first and take swaps out with
    `relabel-swaps` afterwards.
    """

    name: ClassVar[str] = "resynthesize-pairs"
    idempotent: ClassVar[bool] = False

    equal: bool = False
    """Whether to replace also where two and more entanglers stay as many."""
    placed: bool = False
    """Whether qubits have places on the machine, so that no swaps are made."""

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One sweep; exact, the global phase included."""
        return rewritten(func, _Emission(self.equal, self.placed))


@dataclass(slots=True)
class _Block:
    """Numeric gates on two wires, or on one before its partner is known."""

    wires: list[Value]
    """The last wires of the source."""
    ops: list[Op] = field(default_factory=list)
    places: list[tuple[int, ...]] = field(default_factory=list)

    def add(self, op: Op) -> None:
        places = tuple([self.wires.index(value) for value in op.operands])
        self.ops.append(op)
        self.places.append(places)
        for place, value in zip(places, op.results, strict=True):
            self.wires[place] = value


class _Emission(Emission):
    def __init__(self, equal: bool, placed: bool) -> None:
        super().__init__()
        self.equal = equal
        self.placed = placed
        self.blocks: dict[Value, _Block] = {}
        self.forms: dict[tuple[Step, ...], PairForm | None] = {}
        """Of blocks so far; layers repeat."""

    def inner(self) -> _Emission:
        return _Emission(self.equal, self.placed)

    def take(self, op: Op) -> None:
        if not _is_numeric(op):
            if op.defn is not dialects.ALLOC:
                self.end(op.operands)
            self.keep(op)
            return
        block = self.block_for(op)
        for value in block.wires:
            self.blocks.pop(value, None)
        block.add(op)
        self.blocks.update(dict.fromkeys(block.wires, block))

    def block_for(self, op: Op) -> _Block:
        """The block the op belongs to, made or joined if need be."""
        found = [self.blocks.get(value) for value in op.operands]
        if is_run_gate(op):
            return found[0] or _Block(list(op.operands))
        if found[0] is not None and found[0] is found[1]:
            return found[0]
        joined = _Block(list(op.operands))
        for place, block in enumerate(found):
            if block is None:
                continue
            if len(block.wires) == 2:
                self.close(block)
                continue
            del self.blocks[block.wires[0]]
            joined.ops += block.ops
            joined.places += [(place,)] * len(block.ops)
        return joined

    def end(self, wires: Sequence[Value]) -> None:
        for value in wires:
            block = self.blocks.get(value)
            if block is not None:
                self.close(block)

    def close(self, block: _Block) -> None:
        """Write a block as it was, or anew where that is better."""
        for value in block.wires:
            del self.blocks[value]
        form = self.better(block)
        if form is None:
            for op in block.ops:
                self.keep(op)
            return
        starts = self.starts(block)
        wires = [self.wire(value) for value in starts]
        for name, at, angles in form.steps:
            if at:
                given = self.gate(name, [wires[p] for p in at], angles, block.ops[0].loc)
                for place, wire in zip(at, given, strict=True):
                    wires[place] = wire
            else:
                self.phase(*angles)
        self.now.update(zip(block.wires, wires, strict=True))

    def starts(self, block: _Block) -> list[Value]:
        """The wires of the source on which the block begins."""
        found: dict[int, Value] = {}
        for op, places in zip(block.ops, block.places, strict=True):
            for place, value in zip(places, op.operands, strict=True):
                found.setdefault(place, value)
        return [found[place] for place in range(len(block.wires))]

    def better(self, block: _Block) -> PairForm | None:
        if len(block.wires) < 2:
            return None
        before = sum([_entanglers(op) for op in block.ops if len(op.operands) == 2])
        if before < 2:
            return None
        steps = tuple(
            [
                (op.defn.mnemonic, places, tuple([angle.const for angle in op.angles]))
                for op, places in zip(block.ops, block.places, strict=True)
            ]
        )
        if steps not in self.forms:
            from q_store.passes.ionq.weyl import pair_form

            self.forms[steps] = pair_form(steps_matrix(steps, 2), swaps=not self.placed)
        form = self.forms[steps]
        if form is None or form.entanglers > before:
            return None
        return form if form.entanglers < before or self.equal else None


def _entanglers(op: Op) -> int:
    name = op.defn.mnemonic
    return 1 if name in ONE else COST.get(name, 3)


def _is_numeric(op: Op) -> bool:
    return (
        type(op.defn) is Gate
        and len(op.operands) in (1, 2)
        and all(not angle.terms for angle in op.angles)
    )
