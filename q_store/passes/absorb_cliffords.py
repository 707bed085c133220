"""Clifford gates at the end become other observables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from q_store.passes.base import FuncPass, Relation
from q_store.passes.gadgets.reading import Reading, is_rotation, quarter_turns_only, read
from q_store.passes.gadgets.words import LETTERS, Word, word
from q_store.qir.observables import Expval, PauliSum

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func
    from q_store.qir.observables import Word as Letters
    from q_store.qir.ops import Op
    from q_store.qir.values import Value

_NAMES = {number: letter for letter, number in LETTERS.items()}


@dataclass(frozen=True, slots=True)
class AbsorbCliffords(FuncPass):
    """Takes Clifford gates that nothing else follows off the end, and observes C^-1 P C in place
    of each Pauli word P.

    For functions that observe expectation values only. A word stays one word, of other length.
    """

    name: ClassVar[str] = "absorb-cliffords"
    relation: ClassVar[Relation] = "observed"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One walk back from the observation."""
        observe = func.observe
        if observe is None:
            return func
        sums = [seen.paulis for seen in observe.observations if isinstance(seen, Expval)]
        absorbed = _last_cliffords(func)
        if len(sums) < len(observe.observations) or not absorbed:
            return func
        reading = read([op for op in func.ops if op in absorbed])
        frame = _Frame(reading, observe.operands)
        seen = tuple([Expval(frame.pulled(paulis)) for paulis in sums])
        last = observe.replace(operands=frame.operands, observations=seen)
        return func.replace(ops=(*[op for op in func.ops[:-1] if op not in absorbed], last))


def _last_cliffords(func: Func) -> set[Op]:
    """Clifford gates after which only such gates are on their qubits."""
    found: set[Op] = set()
    used: set[Value] = set()
    for op in reversed(func.ops[:-1]):
        clifford = is_rotation(op) and quarter_turns_only(op)
        if clifford and used.isdisjoint(op.results):
            found.add(op)
        else:
            used.update(op.operands)
    return found


class _Frame:
    """The observed wires without the gates that were read, and words as those gates leave them."""

    def __init__(self, reading: Reading, operands: tuple[Value, ...]) -> None:
        self.gathering = reading.gathering
        self.qubits = {
            position: reading.places[value]
            for position, value in enumerate(operands)
            if value in reading.places
        }
        """The qubit of the reading at each observed position."""
        self.positions = {qubit: position for position, qubit in self.qubits.items()}
        self.operands = tuple(
            [
                reading.starts[self.qubits[position]] if position in self.qubits else value
                for position, value in enumerate(operands)
            ]
        )

    def pulled(self, paulis: PauliSum) -> PauliSum:
        return PauliSum(tuple([self._term(coef, letters) for coef, letters in paulis.terms]))

    def _term(self, coef: float, letters: Letters) -> tuple[float, Letters]:
        inside = {self.qubits[q]: LETTERS[name] for q, name in letters if q in self.qubits}
        image: Word = self.gathering.pulled(word(inside))
        made = {q: name for q, name in letters if q not in self.qubits}
        for qubit, position in self.positions.items():
            letter = (image.x >> qubit & 1) | (image.z >> qubit & 1) << 1
            if letter:
                made[position] = _NAMES[letter]
        return -coef if image.is_negative else coef, tuple(sorted(made.items()))
