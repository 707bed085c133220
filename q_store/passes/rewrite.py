"""Rewriting: one forward sweep with rules that look back.

Wires are linear, so the neighbours of an op are data: a rule only has to look at what produced the
wires it got. The sweep copies a function forward and offers each op to the rules of its kind. A
rule answers with wires that stand for the op's results, with another op (which is offered again),
or not at all, and it may retract what it looked at. H X X H collapses in one sweep that way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import TYPE_CHECKING, Final

from q_store.passes.analysis import wires
from q_store.passes.context import RuleCount
from q_store.passes.look_back import Runs, row_axes
from q_store.qir.diagnostics import error
from q_store.qir.func import Func
from q_store.qir.ops import Gate, Op, OpDef, Region
from q_store.qir.values import Value

if TYPE_CHECKING:
    from q_store.passes.context import Context

Answer = Op | tuple[Value, ...] | None
"""A replacement op, replacement wires, or `None` when the rule does not apply."""

Match = Callable[["Sweep", Op], Answer]

_MAX_REENTRIES: Final = 100_000


class Rule:
    """A rewrite rule and where it is defined."""

    __slots__ = ("applies", "match", "name", "site")

    def __init__(self, match: Match, applies: Callable[[OpDef], bool]) -> None:
        self.match = match
        self.applies = applies
        """Which rows the rule wants to see."""
        self.name = match.__name__.strip("_").replace("_", "-")
        code = match.__code__
        self.site = f"{code.co_filename}:{code.co_firstlineno}"

    def __or__(self, other: Rule | RuleSet) -> RuleSet:
        return RuleSet((self,)) | other

    def __repr__(self) -> str:
        return f"<rule {self.name} at {self.site}>"


def rule(*names: str, where: Callable[[OpDef], bool] | None = None) -> Callable[[Match], Rule]:
    """Make a function a rule for the ops with these full names or the rows that satisfy `where`."""

    def applies(row: OpDef) -> bool:
        return row.name in names or (where is not None and where(row))

    return lambda match: Rule(match, applies)


def gates_where(predicate: Callable[[Gate], bool]) -> Callable[[OpDef], bool]:
    """A condition for `rule(where=...)` on gate rows alone."""
    return lambda row: isinstance(row, Gate) and predicate(row)


class RuleSet:
    """Rules indexed by the rows they apply to; earlier rules are asked first. `|` joins."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(dict.fromkeys(rules))
        self._by_row: dict[OpDef, tuple[Rule, ...]] = {}

    def __or__(self, other: Rule | RuleSet) -> RuleSet:
        more = (other,) if isinstance(other, Rule) else other.rules
        return RuleSet((*self.rules, *more))

    def of(self, row: OpDef) -> tuple[Rule, ...]:
        """The rules that want to see ops of this row; found out when the row first occurs."""
        found = self._by_row.get(row)
        if found is None:
            found = self._by_row[row] = tuple(r for r in self.rules if r.applies(row))
        return found

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)


class Offers(dict[OpDef, tuple[tuple[Match, RuleCount], ...]]):
    """The rules of each row with their statistics, filled in row by row."""

    def __init__(self, rules: RuleSet, counts: dict[Rule, RuleCount]) -> None:
        super().__init__()
        self._rules = rules
        self._counts = counts

    def __missing__(self, row: OpDef) -> tuple[tuple[Match, RuleCount], ...]:
        pairs = [(r.match, self._counts.setdefault(r, RuleCount())) for r in self._rules.of(row)]
        self[row] = tuple(pairs)
        return self[row]


class Sweep:
    """One pass over one block; what rules see.

    The ops emitted so far form a valid block at every moment: retracting an op rewires the op that
    used its wires, or, when none did yet, the ops to come.
    """

    def __init__(
        self, source: Func, offers: Offers, renamed: dict[Value, Value], look_back: int
    ) -> None:
        self.source = source
        self.offers = offers
        self.look_back = look_back
        """How many ops a rule may look past on its way back."""
        self.clipped = False
        """Whether a second sweep may find what this one missed."""
        self.fired = 0
        self.out: list[Op | None] = []
        """Emitted ops; retracted ones leave a hole."""
        self.made: dict[Value, int] = {}
        """Where in `out` each value was made."""
        self.used: dict[Value, int] = {}
        """Where in `out` each wire was consumed."""
        self.renamed = renamed
        """What stands for a value that is no longer made, for ops to come."""
        self.gone: dict[Value, Value] = {}
        """The wire before each retracted op, by its result."""
        self.runs = Runs(self)

    # --- what rules call ----------------------------------------------------------------------

    def producer(self, wire: Value) -> Op | None:
        """The emitted op that made this wire, whatever its kind; `None` at the block's start."""
        position = self.made.get(wire)
        return None if position is None else self.out[position]

    def retract(self, op: Op) -> None:
        """Take back an emitted op that gives back the wires it takes."""
        position = self.made[op.results[0]]
        self.out[position] = None
        masks = row_axes[op.defn] or (0,) * len(op.results)
        for wire, result, mask in zip(op.operands, op.results, masks, strict=True):
            del self.made[result]
            self.gone[result] = wire
            user = self.used.pop(result, None)
            if user is None:
                self.used.pop(wire)
                self.renamed[result] = wire
            else:
                self.used[wire] = user
                self._rewire(user, result, wire, mask)

    def emit(self, op: Op) -> None:
        """Append an op without offering it to rules."""
        position = len(self.out)
        self.out.append(op)
        for value in op.results:
            self.made[value] = position
        for value in op.operands:
            self.used[value] = position

    def resolve(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The values that stand for these now."""
        renamed = self.renamed
        found = []
        for value in values:
            while value in renamed:
                value = renamed[value]
            found.append(value)
        return tuple(found)

    def qubit(self, wire: Value) -> int:
        """The number of the qubit this wire belongs to."""
        return wires(self.source)[wire]

    # --- the driver ---------------------------------------------------------------------------

    def run(self, ops: Sequence[Op]) -> tuple[Op, ...]:
        """Sweep over the ops of a block and return what is left of them."""
        offers, renamed = self.offers, self.renamed
        out, made, used = self.out, self.made, self.used
        for op in ops:
            if renamed and not renamed.keys().isdisjoint(op.operands):
                op = op.replace(operands=self.resolve(op.operands))
            if op.regions:
                op = self._regions(op)
            for match, count in offers[op.defn]:
                count.offered += 1
                answer = match(self, op)
                if answer is not None:
                    count.fired += 1
                    kept = self._settle(op, answer)
                    break
            else:
                kept = op
            if kept is not None:
                position = len(out)
                out.append(kept)
                for value in kept.results:
                    made[value] = position
                for value in kept.operands:
                    used[value] = position
        return tuple([op for op in out if op is not None])

    def _settle(self, op: Op, answer: Op | tuple[Value, ...]) -> Op | None:
        """Offer what a rule answered again, until no rule has an answer; `None` when the op
        dissolved into wires."""
        for _ in range(_MAX_REENTRIES):
            self.fired += 1
            if isinstance(answer, tuple):
                self.renamed.update(zip(op.results, answer, strict=True))
                return None
            op = answer
            if not self.renamed.keys().isdisjoint(op.operands):
                op = op.replace(operands=self.resolve(op.operands))
            again = self._ask(op)
            if again is None:
                return op
            answer = again
        name = op.defn.name
        raise error("QS411", f"the rewrite rules for `{name}` never come to an end")

    def _ask(self, op: Op) -> Answer:
        """The first answer of the rules of this op."""
        for match, count in self.offers[op.defn]:
            count.offered += 1
            answer = match(self, op)
            if answer is not None:
                count.fired += 1
                return answer
        return None

    def _rewire(self, position: int, old: Value, new: Value, mask: int) -> None:
        op = self.out[position]
        assert op is not None
        masks = row_axes[op.defn]
        if masks and masks[op.operands.index(old)] & ~mask:
            # A run started here that now starts earlier; what is filed under it is out of sight.
            self.clipped = True
        operands = tuple([new if value is old else value for value in op.operands])
        self.out[position] = op.replace(operands=operands)

    def _regions(self, op: Op) -> Op:
        regions = tuple([self._region(region) for region in op.regions])
        same = all(new is old for new, old in zip(regions, op.regions, strict=True))
        return op if same else op.replace(regions=regions)

    def _region(self, region: Region) -> Region:
        inner = Sweep(self.source, self.offers, self.renamed, self.look_back)
        ops = inner.run(region.ops)
        self.clipped |= inner.clipped
        self.fired += inner.fired
        if not inner.fired:
            return region
        return Region(region.args, ops, inner.resolve(region.results))


def sweep(func: Func, rules: RuleSet, ctx: Context, *, look_back: int = 0) -> Func:
    """Sweep over a function; the same object when no rule fired.

    A rule that looks back at most `look_back` ops may miss what a second sweep reaches, because
    the first one took away what lay between; then the sweep is repeated.
    """
    offers = Offers(rules, ctx.rules)
    while True:
        state = Sweep(func, offers, {}, look_back)
        ops = state.run(func.ops)
        if not state.fired:
            return func
        func = func.replace(ops=ops, results=state.resolve(func.results))
        if not state.clipped:
            return func


def without(func: Func, dropped: Set[int]) -> Func:
    """The function without the ops at some positions; each must give back the wires it takes."""
    if not dropped:
        return func
    state = Sweep(func, Offers(RuleSet(()), {}), {}, 0)
    kept = []
    for position, op in enumerate(func.ops):
        operands = state.resolve(op.operands)
        if position in dropped:
            linear = [value for value in operands if value.type.linear]
            state.renamed.update(zip(op.results, linear, strict=False))
        else:
            kept.append(op if operands == op.operands else op.replace(operands=operands))
    return func.replace(ops=tuple(kept), results=state.resolve(func.results))
