"""Inverse, controlled and powered circuits, step by step from the rules of the gate table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import pi
from typing import Any, Final, cast

from q_store.frontends.expr import Expr, as_expr
from q_store.frontends.instruction import Instruction, StoredAngle, failure
from q_store.qir import dialects
from q_store.qir.diagnostics import QStoreError
from q_store.qir.gates.rules import controlled_phase, on, undo
from q_store.qir.location import Location
from q_store.qir.ops import Gate, Step, Steps, Trait
from q_store.qir.registry import all_gates, find_controlled

MAX_REPEATED: Final = 2_000_000
"""Steps of a power."""

_CONJUGATED: Final[dict[str, tuple[str, str, str]]] = {
    "x": ("h", "z", "h"),
    "y": ("sdg", "x", "s"),
    "sx": ("h", "s", "h"),
    "sxdg": ("h", "sdg", "h"),
    "rx": ("h", "rz", "h"),
}
"""Primitives as a middle gate between two that undo each other; only the middle needs controls."""

_PHASES: Final = {"z": pi, "s": pi / 2, "sdg": -pi / 2, "t": pi / 4, "tdg": -pi / 4}
"""Primitives that are a phase on |1>."""


def inverse(steps: Iterable[Instruction], loc: Location | None = None) -> list[Instruction]:
    """The steps that undo these. Raises `QS323` for a step that cannot be undone."""
    result: list[Instruction] = []
    for step in reversed(tuple(steps)):
        if step.row is dialects.BARRIER:
            result.append(step)
        else:
            row = _unitary(step, "inverted", loc)
            result += _steps(step, row.inverse(*step.angles), step.wires)
    return result


def _unitary(step: Instruction, what: str, loc: Location | None) -> Gate:
    if not isinstance(step.row, Gate):
        raise failure(
            loc or step.loc,
            "QS323",
            f"`{step.name}` on wires {', '.join(map(str, step.wires))} cannot be {what}: "
            "it is no unitary gate",
        )
    return step.row


def _steps(step: Instruction, steps: Steps, wires: Sequence[int]) -> list[Instruction]:
    """Steps of a rule as instructions; positions become `wires`, the location stays."""
    rows = all_gates()
    return [
        Instruction(rows[name], tuple([wires[p] for p in at]), _stored(angles), step.loc)
        for name, at, angles in steps
    ]


def _stored(angles: Sequence[Any]) -> tuple[StoredAngle, ...]:
    return tuple([a.const if isinstance(a, Expr) and not a.terms else a for a in angles])


def controlled(
    steps: Iterable[Instruction], controls: Sequence[int], loc: Location | None = None
) -> list[Instruction]:
    """The steps, done only when every control reads 1. Raises `QS323`."""
    result: list[Instruction] = []
    for step in steps:
        if step.row is dialects.BARRIER:
            result.append(step)
            continue
        row = _unitary(step, "controlled", loc)
        one = (row.mnemonic, step.wires, step.angles)
        last = max((*controls, *step.wires)) + 1
        result += _steps(step, tuple(_under_control(one, tuple(controls))), range(last))
    return result


def _under_control(step: Step, controls: tuple[int, ...]) -> list[Step]:
    """One gate with more controls: its row if the table has it, else its parts."""
    name, wires, angles = step
    row = all_gates()[name]
    found = find_controlled(name, len(controls))
    if found is not None:
        return [(found.mnemonic, (*controls, *wires), angles)]
    if name == "id":
        return []
    if name == "phase":
        return list(on(controls, controlled_phase(range(len(controls)), angles[0])))
    if row.base is not None:
        base = (row.base, wires[row.controls :], angles)
        return _under_control(base, (*controls, *wires[: row.controls]))
    if row.decompose is not None:
        return _parts_under_control(list(on(wires, row.decompose(*angles))), controls)
    return _primitive_under_control(step, controls)


def _primitive_under_control(step: Step, controls: tuple[int, ...]) -> list[Step]:
    name, wires, angles = step
    if name in _PHASES:
        return _under_control(("phase", (), (_PHASES[name],)), (*controls, *wires))
    if name in _CONJUGATED:
        before, middle, after = _CONJUGATED[name]
        inner = _under_control((middle, wires, angles), controls)
        return [(before, wires, ()), *inner, (after, wires, ())]
    if name == "h":
        inner = _under_control(("z", wires, ()), controls)
        return [("ry", wires, (-pi / 4,)), *inner, ("ry", wires, (pi / 4,))]
    # ry, rz: half a turn forth and half a turn back, which X turns round.
    half = angles[0] * 0.5
    flip = _under_control(("x", wires, ()), controls)
    return [(name, wires, (half,)), *flip, (name, wires, (-half,)), *flip]


def _parts_under_control(steps: list[Step], controls: tuple[int, ...]) -> list[Step]:
    """In `A B A**-1` only B needs the controls."""
    for last in range(len(steps) - 1, 0, -1):
        later = {wire for _, wires, _ in steps[last + 1 :] for wire in wires}
        if later.isdisjoint(steps[last][1]) and _undoes(steps[last], steps[0]):
            middle = steps[1:last] + steps[last + 1 :]
            return [steps[0], *_parts_under_control(middle, controls), steps[last]]
    return [part for step in steps for part in _under_control(step, controls)]


def _undoes(step: Step, other: Step) -> bool:
    name, wires, angles = step
    inverse = undo((other,))
    return (
        wires != ()
        and [part[:2] for part in inverse] == [(name, wires)]
        and list(map(as_expr, inverse[0][2])) == list(map(as_expr, angles))
    )


def power(
    steps: Sequence[Instruction], exponent: float, loc: Location | None = None
) -> list[Instruction]:
    """The steps to a power: repeated for an integer, with scaled angles for a fraction.

    A fraction is exact only where each gate is exp(i angle G) for a fixed G and all gates commute;
    the power is the one that is continuous in the angles. Raises `QS324` otherwise, `QS323`, and
    `QS354` for too many steps.
    """
    if float(exponent).is_integer():
        if abs(exponent) * len(steps) > MAX_REPEATED:
            raise failure(
                loc,
                "QS354",
                f"{len(steps)} steps to the power {exponent:g} are more than {MAX_REPEATED} steps",
            )
        once = list(steps) if exponent >= 0 else inverse(steps, loc)
        for step in steps if exponent != 1 else ():
            if step.row is not dialects.BARRIER:
                _unitary(step, "raised to a power", loc)
        return once * abs(int(exponent))
    gates = [step for step in steps if step.row is not dialects.BARRIER]
    for step in gates:
        if not _is_exponential(_unitary(step, "raised to a power", loc)):
            raise _not_exact(step, exponent, loc)
    for left, right in combinations(gates, 2):
        if not _commute(left, right):
            raise _not_exact(right, exponent, loc, f"it does not commute with `{left!r}`")
    return [
        step.mapped(lambda wire: wire, lambda angle: cast(StoredAngle, angle * exponent))
        for step in steps
    ]


def _not_exact(
    step: Instruction, exponent: float, loc: Location | None, why: str = ""
) -> QStoreError:
    return failure(
        loc or step.loc,
        "QS324",
        f"the power {exponent} of this circuit is not exact: `{step!r}` "
        + (why or "is not a rotation by one angle"),
        "integer powers always work",
    )


def _is_exponential(row: Gate) -> bool:
    """Whether the matrix is exp(i angle G) with a fixed G."""
    root = all_gates()[row.base] if row.base else row
    return len(row.angle_names) == 1 and (root.has(Trait.ROTATION) or root.mnemonic == "phase")


def _commute(left: Instruction, right: Instruction) -> bool:
    shared = set(left.wires) & set(right.wires)
    if not shared or (left.row.has(Trait.DIAGONAL) and right.row.has(Trait.DIAGONAL)):
        return True
    if left.row is right.row and left.wires == right.wires:
        return True
    words = [
        dict(zip(step.wires, row.pauli, strict=True))
        for step in (left, right)
        if isinstance(row := step.row, Gate) and row.pauli
    ]
    return len(words) == 2 and sum(words[0][w] != words[1][w] for w in shared) % 2 == 0
