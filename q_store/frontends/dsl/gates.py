"""Uses of gates and channels: counts, modifiers, broadcasting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from q_store.frontends import transform
from q_store.frontends.dsl.evaluator import Evaluator
from q_store.frontends.dsl.scope import MAX_STEPS
from q_store.frontends.dsl.syntax import Apply, Block, Call, Node, Operand, Token
from q_store.frontends.dsl.tables import tables
from q_store.frontends.expr import Expr
from q_store.frontends.instruction import Instruction, StoredAngle
from q_store.qir import dialects
from q_store.qir.diagnostics import counted, did_you_mean
from q_store.qir.installed import load_installed
from q_store.qir.location import TextLocation
from q_store.qir.ops import Gate, OpDef
from q_store.qir.registry import all_gates, find_controlled, find_gate

MAX_CONTROLS: Final = 10
"""Controls of one use of a gate: without a row of their own they cost two steps to this power."""

_MODIFIERS: Final = {"ctrl": True, "negctrl": True, "inv": False, "pow": True}
"""Names of modifiers, and whether they take an argument."""


@dataclass(frozen=True)
class Macro:
    """A gate that the program defines."""

    name: Token
    parameters: tuple[str, ...]
    wires: tuple[str, ...]
    body: Block
    horizon: int
    """How many names of the circuit the body sees."""


class Modifier(NamedTuple):
    kind: str
    value: float
    """Number of controls, or the exponent."""

    @property
    def controls(self) -> int:
        return int(self.value) if self.kind in ("ctrl", "negctrl") else 0


Expand = Callable[[Macro, Sequence[StoredAngle], Sequence[int], Node], None]


class GateUses:
    """Turns uses of gates into steps. What the program defines is in `macros`."""

    def __init__(self, evaluator: Evaluator, emit: Callable[[Instruction, Node], None]) -> None:
        self.evaluator = evaluator
        self.emit = emit
        self.macros: dict[str, Macro | None] = {}
        """`None` for a gate whose definition is broken."""
        self._rows: dict[str, Gate | None] = {}

    def row(self, name: str) -> Gate | None:
        """The gate of the table with this name or alias."""
        if name not in self._rows:
            self._rows[name] = find_gate(name) if "." not in name else None
        return self._rows[name]

    def find(self, call: Call) -> Gate | Macro | None:
        """The gate a call is about, `None` for one that is broken. Raises `QS122`."""
        name = call.name.text
        row = self.row(name)
        if row is not None:
            return row
        if name in self.macros:
            return self.macros[name]
        if load_installed():
            self._rows.clear()
            return self.find(call)
        self.macros[name] = None
        rows = all_gates()
        own = [other for other, macro in self.macros.items() if macro is not None]
        words = [text for text in tables().literals if text.isalpha()]
        aliases = [alias for row in rows.values() for alias in row.aliases]
        channels = [channel.mnemonic for channel in dialects.CHANNELS]
        help = did_you_mean(name, [*aliases, *rows, *words, *own])
        if name in channels:
            help = f"channels are written `noise {name}(...) q[0]`"
        elif name in _MODIFIERS:
            help = "modifiers are followed by `@`: `ctrl @ x q[0], q[1]`"
        place = Node(call.name.start, call.name.end)
        self.evaluator.fail(place, "QS122", f"unknown gate `{name}`", help)

    # --- arguments ----------------------------------------------------------------------------

    def angles(
        self, call: Call, names: Sequence[str]
    ) -> list[float | Expr | tuple[int | float | Expr, ...]]:
        """The arguments of a gate or channel. Raises `QS124` for a wrong number."""
        given = call.arguments or []
        if len(given) != len(names):
            listed = f" ({', '.join(names)})" if names else ""
            wanted = counted(len(names), "angle") + listed
            self.evaluator.fail(
                call, "QS124", f"`{call.name.text}` takes {wanted}, got {len(given)}"
            )
        return [self.evaluator.angle(argument) for argument in given]

    def groups(
        self, node: Node, call: Call, operands: Sequence[Operand], wanted: int, controls: int = 0
    ) -> list[list[int]]:
        """The qubits of every operand. Raises `QS125` for a wrong number of operands."""
        if len(operands) != wanted + controls:
            name, found = call.name.text, len(operands)
            detail = f", {controls} of them controls" if controls else ""
            self.evaluator.fail(
                node if not operands else Node(operands[0].start, operands[-1].end),
                "QS125",
                f"`{name}` acts on {counted(wanted + controls, 'qubit')}{detail}, got {found}",
                "" if operands or not wanted else f"write the qubits after it: `{name} q[0]`",
            )
        return [self.evaluator.wires(operand) for operand in operands]

    def turns(
        self,
        node: Node,
        groups: Sequence[Sequence[int]],
        angles: Sequence[float | Expr | tuple[int | float | Expr, ...]],
    ) -> int:
        """How often a gate is applied: groups of one qubit go with every turn of the others.

        Raises `QS127` when sizes differ, and `QS128` for a qubit that a turn would use twice.
        """
        sizes = {len(group) for group in groups} - {1}
        if len(sizes) > 1:
            listed = ", ".join(str(len(group)) for group in groups)
            self.evaluator.fail(
                node,
                "QS127",
                f"the groups of qubits have different sizes: {listed}",
                "groups are taken in step; single qubits are repeated",
            )
        count = sizes.pop() if sizes else 1
        for angle in angles:
            if isinstance(angle, tuple) and len(angle) != count:
                self.evaluator.fail(
                    node,
                    "QS127",
                    f"a vector of {counted(len(angle), 'angle')} for {counted(count, 'turn')} "
                    "of the gate",
                    "a vector has one angle for each qubit that the gate is applied to",
                )
        self.evaluator.budget.spend(count, node)
        return count

    def distinct(self, node: Node, wires: Sequence[int]) -> None:
        if len(set(wires)) != len(wires):
            shown = ", ".join(map(str, wires))
            self.evaluator.fail(node, "QS128", f"one gate uses a qubit twice: qubits {shown}")

    # --- uses ---------------------------------------------------------------------------------

    def apply(self, node: Apply, expand: Expand) -> None:
        """A gate, with its modifiers, on each turn of its operands."""
        found = self.find(node.call)
        modifiers = [self.modifier(call) for call in node.modifiers] if node.modifiers else []
        controls = sum([modifier.controls for modifier in modifiers])
        if isinstance(found, Gate):
            names, wanted = found.angle_names, found.wires or 0
        elif found is not None:
            names, wanted = found.parameters, len(found.wires)
        else:
            return
        angles = self.angles(node.call, names)
        groups = self.groups(node, node.call, node.operands, wanted, controls)
        loc = TextLocation(self.evaluator.source, node.start, node.end)
        for turn in range(self.turns(node, groups, angles)):
            wires, stored = at_turn(turn, groups, angles)
            if len(wires) > 1:
                self.distinct(node, wires)
            if modifiers:
                self._modified(node, found, stored, wires, modifiers, expand)
            elif isinstance(found, Gate):
                self.emit(Instruction(found, wires, stored, loc), node)
            else:
                expand(found, stored, wires, node)

    def modifier(self, call: Call) -> Modifier:
        """Raises `QS122` for an unknown modifier, `QS124` for wrong arguments, `QS132`."""
        name, given = call.name.text, call.arguments
        evaluator = self.evaluator
        if name not in _MODIFIERS:
            help = did_you_mean(name, _MODIFIERS) or f"modifiers: {', '.join(_MODIFIERS)}"
            evaluator.fail(call, "QS122", f"unknown modifier `{name}`", help)
        if len(given or ()) > _MODIFIERS[name] or (name == "pow" and not given):
            wanted = "one exponent" if name == "pow" else "one number at most"
            wanted = "no argument" if name == "inv" else wanted
            evaluator.fail(call, "QS124", f"`{name}` takes {wanted}, got {len(given or ())}")
        if name == "pow" and given:
            return Modifier(name, evaluator.constant(given[0], "an exponent"))
        count = evaluator.integer(given[0], "the number of controls") if given else 1
        if name != "inv" and not 1 <= count <= MAX_CONTROLS:
            evaluator.fail(
                call, "QS132", f"a gate has 1 to {MAX_CONTROLS} added controls, got {count}"
            )
        return Modifier(name, count)

    def _modified(
        self,
        node: Apply,
        found: Gate | Macro,
        angles: tuple[StoredAngle, ...],
        wires: tuple[int, ...],
        modifiers: Sequence[Modifier],
        expand: Expand,
    ) -> None:
        """Controls come first in the order written; the modifier next to the gate acts first."""
        loc = TextLocation(self.evaluator.source, node.start, node.end)
        controls = sum([modifier.controls for modifier in modifiers])
        outer, steps = self.emit, list[Instruction]()
        if isinstance(found, Gate):
            steps.append(Instruction(found, wires[controls:], angles, loc))
        else:
            self.emit = lambda step, _: steps.append(step)
            try:
                expand(found, angles, wires[controls:], node)
            finally:
                self.emit = outer
        for modifier in reversed(modifiers):
            first = controls - modifier.controls
            steps = self._with(node, steps, modifier, wires[first:controls], loc)
            controls = first
        self.evaluator.budget.spend(len(steps), node)
        for step in steps:
            outer(step, node)

    def _with(
        self,
        node: Node,
        steps: list[Instruction],
        modifier: Modifier,
        controls: tuple[int, ...],
        loc: TextLocation,
    ) -> list[Instruction]:
        """Steps under one modifier. Raises `QS323`, `QS324`, `QS132`."""
        kind, value = modifier
        if kind == "inv":
            return transform.inverse(steps, loc)
        if kind == "pow":
            if value == int(value):
                self.evaluator.budget.spend(int(abs(value)) * len(steps), node)
            return transform.power(steps, value, loc)
        cost = sum(_control_cost(step.row, len(controls)) for step in steps)
        if cost > MAX_STEPS // 10:
            self.evaluator.fail(
                node,
                "QS132",
                f"{counted(len(controls), 'control')} on {counted(len(steps), 'step')} take too "
                "many gates",
                "control a part that is smaller",
            )
        result = transform.controlled(steps, controls, loc)
        if kind == "negctrl":
            flips = [Instruction(all_gates()["x"], (wire,), (), loc) for wire in controls]
            return [*flips, *result, *flips]
        return result


def _control_cost(row: OpDef, controls: int) -> int:
    """Roughly how many gates a row becomes under so many more controls."""
    if not isinstance(row, Gate) or find_controlled(row.mnemonic, controls) is not None:
        return 1
    parts = 2 * len(row.decompose(*[0.0] * len(row.angle_names))) if row.decompose else 4
    return int(parts << (controls + row.controls))


def at_turn(
    turn: int,
    groups: Sequence[Sequence[int]],
    angles: Sequence[float | Expr | tuple[int | float | Expr, ...]],
) -> tuple[tuple[int, ...], tuple[StoredAngle, ...]]:
    """The wires and angles of one turn."""
    wires = tuple([group[turn if len(group) > 1 else 0] for group in groups])
    stored: list[StoredAngle] = []
    for angle in angles:
        one = angle[turn] if isinstance(angle, tuple) else angle
        stored.append(float(one) if isinstance(one, int) else one)
    return wires, tuple(stored)
