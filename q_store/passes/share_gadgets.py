"""Pauli gadgets that share the entanglers which lead to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from q_store.passes.base import FuncPass
from q_store.passes.gadgets.reading import (
    NOTHING,
    WORDS,
    Reading,
    count_entanglers,
    is_rotation,
    read,
)
from q_store.passes.gadgets.words import LETTERS, settled
from q_store.passes.ionq.emission import Emission, rewritten

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.passes.gadgets.plan import Plan
    from q_store.passes.gadgets.synthesis import Rotation
    from q_store.qir.func import Func
    from q_store.qir.ops import Op
    from q_store.qir.values import Value

_NAMES: Final = {number: letter for letter, number in LETTERS.items()}
_FEW: Final = 4
"""How many searches are made for halves in the middle of what entangles."""
_EFFORT: Final = 200_000
"""How many Clifford rotations are weighed for gates in a row, some seconds' worth."""
_ROWS: Final = {word: name for name, word in WORDS.items()}


@dataclass(frozen=True, slots=True)
class ShareGadgets(FuncPass):
    """Writes rotations about Pauli words, and the Clifford gates between them, with fewer
    entanglers where that is possible.

    For machines whose entangler has any angle and on which every pair of qubits can interact.
    Angles may be symbolic. Write gates on three and more wires with `expand-entanglers` first.
    """

    name: ClassVar[str] = "share-gadgets"
    idempotent: ClassVar[bool] = False

    tries: int = 32
    """How many searches are made; fewer where there are very many gadgets."""

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One walk; exact, the global phase included. A part of the circuit is written anew only
        where that saves entanglers, so there are never more than before."""
        return rewritten(func, _Emission(self.tries))


class _Emission(Emission):
    def __init__(self, tries: int) -> None:
        super().__init__()
        self.tries = tries
        self.ops: list[Op] = []
        """Gates that are not written yet."""

    def inner(self) -> _Emission:
        return _Emission(self.tries)

    def take(self, op: Op) -> None:
        if is_rotation(op):
            self.ops.append(op)
            return
        if op.operands:
            self.end(())
        self.keep(op)

    def end(self, wires: Sequence[Value]) -> None:
        ops, self.ops = self.ops, []
        self.write(ops)

    def write(self, ops: list[Op]) -> None:
        """Append gates anew where that makes them shorter, or as they were."""
        for part in _parts(ops, self.tries, _EFFORT):
            if part.plan is None:
                for op in part.ops:
                    self.keep(op)
            else:
                self.rotations(part.reading, part.plan)

    def rotations(self, reading: Reading, plan: Plan) -> None:
        from q_store.passes.gadgets.synthesis import written

        made = written(reading.gathering, plan)
        wires = [self.wire(value) for value in reading.starts]
        for rotation in made.rotations:
            self.rotation(wires, rotation)
        self.phase(reading.phase + made.phase)
        for value, qubit in reading.places.items():
            self.now[value] = wires[made.homes[qubit]]

    def rotation(self, wires: list[Value], rotation: Rotation) -> None:
        """Append a rotation about one or two letters; Y is Rx(-pi/2) Z Rx(pi/2)."""
        at = sorted(rotation.letters, key=lambda q: _NAMES[rotation.letters[q]], reverse=True)
        word = "".join([_NAMES[rotation.letters[q]] for q in at])
        turned = at[word.index("Y")] if word in ("YX", "ZY") else None
        if turned is not None:
            (wires[turned],) = self.gate("rx", (wires[turned],), (pi / 2,))
            word = word.replace("Y", "Z")
        given = self.gate(_ROWS[word], [wires[q] for q in at], (rotation.angle,))
        for q, wire in zip(at, given, strict=True):
            wires[q] = wire
        if turned is not None:
            (wires[turned],) = self.gate("rx", (wires[turned],), (-pi / 2,))


class _Part(NamedTuple):
    """Gates in a row, what they are, and how they are written anew, if they are."""

    ops: list[Op]
    reading: Reading
    plan: Plan | None
    entanglers: int


def _parts(ops: list[Op], tries: int, effort: int) -> list[_Part]:
    """All gates as one part or both halves by themselves, whichever takes fewer entanglers.

    Half of the effort is for the whole, what it leaves for the halves.
    """
    from q_store.passes.gadgets.synthesis import shortest

    before = count_entanglers(ops)
    if before < 2 or effort <= 0:
        return [_Part(ops, NOTHING, None, before)]
    reading = read(ops)
    reading.gathering = settled(reading.gathering)
    plan, spent = shortest(reading.gathering, before, tries, effort // 2)
    whole = _Part(ops, reading, plan, before if plan is None else plan.entanglers)
    middle = _middle(reading, len(ops))
    if not middle:
        # Halves that entangle with each other get shorter less often.
        middle, tries = len(ops) // 2, min(tries, _FEW)
    rest = (effort - spent) // 2
    halves = [*_parts(ops[:middle], tries, rest), *_parts(ops[middle:], tries, rest)]
    return halves if sum([part.entanglers for part in halves]) < whole.entanglers else [whole]


def _middle(reading: Reading, count: int) -> int:
    """The cut nearest to the middle, where there is one in the middle half; 0 elsewhere."""
    inside = [cut for cut in reading.cuts if count <= 4 * cut <= 3 * count]
    return min(inside, key=lambda cut: abs(2 * cut - count), default=0)
