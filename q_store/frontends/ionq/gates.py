"""Gates of IonQ's JSON as instructions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from math import pi
from typing import Final

from q_store.frontends import transform
from q_store.frontends.instruction import Instruction
from q_store.frontends.ionq.node import Node
from q_store.qir.diagnostics import counted, did_you_mean
from q_store.qir.ionq_names import ALIASES, native_gates, qis_gates
from q_store.qir.registry import all_gates

TURN: Final = 2 * pi
MAX_CONTROLS: Final = 12
MAX_TERMS: Final = 1_000
_ROTATED_PHASES: Final = frozenset({"z"})
"""Fixed gates that tools write with a rotation: then they are that phase on |1>."""
_QIS_FIELDS: Final = ("gate", "target", "targets", "control", "controls", "rotation")
_NATIVE_FIELDS: Final = ("gate", "target", "targets", "phase", "phases", "angle")
_EXP_FIELDS: Final = ("gate", "targets", "terms", "coefficients", "time")
_ISING: Final = {"XX": "rxx", "YY": "ryy", "ZZ": "rzz"}
_TO_Z: Final = {"X": ("h", "h"), "Y": ("sx", "sxdg"), "Z": None}
"""What turns a letter into Z, before and after."""


def qis_gate(node: Node, qubits: int) -> list[Instruction]:
    """One gate of the `qis` set on wires below `qubits`."""
    name = node.need("gate").text()
    if name == "pauliexp":
        return pauliexp(node, qubits)
    node.known(_QIS_FIELDS)
    name = ALIASES.get(name, name)
    controls = _wires(node, "control", "controls", qubits)
    if name == "cnot":
        if not controls:
            raise node.fail("`cnot` needs a `control`")
        name = "x"
    row = qis_gates().get(name)
    if row is None:
        near = did_you_mean(name, (*qis_gates(), "pauliexp"))
        raise node.get("gate").fail(f"unknown gate `{name}` of the gate set `qis`", near)
    angles: tuple[float, ...] = ()
    rotation = node.get("rotation")
    if row.angle_names:
        angles = (node.need("rotation").number(),)
    elif rotation and name in _ROTATED_PHASES:
        rotation.deviates(f"`{name}` has no rotation; tools mean a phase gate by it")
        row, angles = all_gates()["p"], (rotation.number(),)
    elif rotation:
        raise rotation.fail(f"`{name}` has no rotation")
    targets = _targets(node, row.wires or 0, qubits)
    _check_distinct(node, (*controls, *targets))
    step = Instruction(row, targets, angles)
    return transform.controlled([step], controls) if controls else [step]


def native_gate(node: Node, qubits: int) -> list[Instruction]:
    """One native gate; phases and angles of the document are turns."""
    node.known(_NATIVE_FIELDS)
    name = node.need("gate").text()
    row = native_gates().get(name)
    if row is None:
        near = did_you_mean(name, native_gates())
        raise node.get("gate").fail(f"unknown gate `{name}` of the gate set `native`", near)
    if node.get("controls").value or node.get("control"):
        raise node.fail("native gates have no controls")
    targets = _targets(node, row.wires or 0, qubits)
    _check_distinct(node, targets)
    if name == "ms":
        phases = [part.number() for part in node.need("phases").items()]
        if len(phases) != 2:
            raise node.get("phases").fail(f"`ms` takes 2 phases, got {len(phases)}")
        angle = node.get("angle")
        turns = (*phases, angle.number() if angle else 0.25)
    elif name == "zz":
        turns = (_zz_angle(node).number(),)
    else:
        turns = (node.need("phase").number(),)
    return [Instruction(row, targets, tuple([TURN * turn for turn in turns]))]


def _zz_angle(node: Node) -> Node:
    """cirq-ionq writes the angle as `phase`, which can mean nothing else."""
    if not node.get("angle") and node.get("phase"):
        node.get("phase").deviates("`zz` has no phase; its field is `angle`")
        return node.get("phase")
    return node.need("angle")


def _wires(node: Node, single: str, several: str, qubits: int) -> tuple[int, ...]:
    one, many = node.get(single), node.get(several)
    if one and many.value:
        raise node.fail(f"`{single}` and `{several}` are both given")
    if one:
        return (one.integer(0, qubits - 1),)
    if not many:
        return ()
    found = tuple([part.integer(0, qubits - 1) for part in many.items()])
    if single == "control" and len(found) > MAX_CONTROLS:
        raise many.fail(f"{len(found)} controls, the limit is {MAX_CONTROLS}")
    return found


def _targets(node: Node, count: int, qubits: int) -> tuple[int, ...]:
    targets = _wires(node, "target", "targets", qubits)
    if len(targets) != count:
        name = node.get("gate").value
        raise node.fail(f"`{name}` acts on {counted(count, 'target')}, got {len(targets)}")
    return targets


def _check_distinct(node: Node, wires: Sequence[int]) -> None:
    if len(set(wires)) != len(wires):
        raise node.fail(f"a qubit occurs twice among {list(wires)}")


# --- exponentials -----------------------------------------------------------------------------


def pauliexp(node: Node, qubits: int) -> list[Instruction]:
    """exp(-i time sum_k c_k P_k), the last letter of P_k on the first target.

    The terms must commute: what the service makes of others is an approximation of its own.
    """
    node.known(_EXP_FIELDS)
    node.deviates("the published format has no fields for `pauliexp`")
    targets = _wires(node, "target", "targets", qubits)
    _check_distinct(node, targets)
    terms = list(node.need("terms").items())
    words = [_word(term, len(targets)) for term in terms]
    coefficients = [part.number() for part in node.need("coefficients").items()]
    if len(words) != len(coefficients) or len(words) > MAX_TERMS:
        raise node.fail(
            f"{len(words)} terms and {len(coefficients)} coefficients: there must be as many, "
            f"and at most {MAX_TERMS}"
        )
    for (i, left), (j, right) in combinations(enumerate(words), 2):
        if sum(a != b and a != "I" and b != "I" for a, b in zip(left, right, strict=True)) % 2:
            raise node.get("terms").fail(
                f"terms {i} and {j} do not commute, so the gate is no product of rotations",
                "write one gate for each term, in the order meant",
            )
    time = node.need("time").number()
    steps: list[Instruction] = []
    for word, coefficient in zip(words, coefficients, strict=True):
        steps += _rotation(word, targets, 2 * time * coefficient)
    return steps


def _word(term: Node, count: int) -> str:
    """Letters by target."""
    text = term.text()
    if len(text) != count or set(text) - set("IXYZ"):
        raise term.fail(f"expected {counted(count, 'letter')} of I, X, Y, Z, got {text!r}")
    return text[::-1]


def _rotation(word: str, targets: Sequence[int], angle: float) -> list[Instruction]:
    """exp(-i angle/2 P)."""
    rows = all_gates()
    acting = [(letter, wire) for letter, wire in zip(word, targets, strict=True) if letter != "I"]
    wires = tuple([wire for _, wire in acting])
    letters = "".join(letter for letter, _ in acting)
    if not acting:
        return [Instruction(rows["phase"], (), (-angle / 2,))]
    if len(acting) == 1:
        return [Instruction(rows[f"r{letters.lower()}"], wires, (angle,))]
    if letters in _ISING:
        return [Instruction(rows[_ISING[letters]], wires, (angle,))]
    before, after = _frame(acting)
    ladder = [Instruction(rows["cx"], pair) for pair in pairwise(wires)]
    middle = Instruction(rows["rz"], wires[-1:], (angle,))
    return [*before, *ladder, middle, *reversed(ladder), *after]


def _frame(acting: Sequence[tuple[str, int]]) -> tuple[list[Instruction], list[Instruction]]:
    before, after = [], []
    for letter, wire in acting:
        turn = _TO_Z[letter]
        if turn is not None:
            before.append(Instruction(all_gates()[turn[0]], (wire,)))
            after.append(Instruction(all_gates()[turn[1]], (wire,)))
    return before, after
