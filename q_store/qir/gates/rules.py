"""Building blocks of gate rules: inverses, written-out sequences, diagonal synthesis.

Rules return steps in time order and treat angles as opaque numbers that can be added and scaled,
so one rule serves floats, `Angle`s, arrays and rows of an affine map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from math import pi
from typing import Any

from q_store.qir.ops import Step, Steps

Rule = Callable[..., Steps]


def seq(text: str) -> Steps:
    """Steps without angles from text such as `"h 1, cx 0 1, h 1"`."""
    steps: list[Step] = []
    for part in text.split(","):
        name, *wires = part.split()
        steps.append((name, tuple(map(int, wires)), ()))
    return tuple(steps)


def always(text: str) -> Rule:
    """A rule of a gate without angles."""
    steps = seq(text)
    return lambda: steps


def same(name: str, wires: int) -> Rule:
    """The inverse of a gate that is its own inverse for every angle."""
    return lambda *angles: ((name, tuple(range(wires)), angles),)


def negate(name: str, wires: int) -> Rule:
    """The inverse of a gate whose inverse has all angles negated."""
    return lambda *angles: ((name, tuple(range(wires)), tuple([-a for a in angles])),)


def undo(steps: Iterable[Step]) -> Steps:
    """The inverse of a sequence, step by step from the end."""
    from q_store.qir.registry import all_gates

    result: list[Step] = []
    for name, wires, angles in reversed(tuple(steps)):
        for inverse, positions, inverse_angles in all_gates()[name].inverse(*angles):
            result.append((inverse, tuple([wires[p] for p in positions]), inverse_angles))
    return tuple(result)


def on(wires: Sequence[int], steps: Iterable[Step]) -> Steps:
    """The same steps on other wires: position p becomes `wires[p]`."""
    return tuple([(name, tuple([wires[p] for p in at]), angles) for name, at, angles in steps])


def conjugated(text: str, *middle: Step) -> Steps:
    """`text`, the middle steps, and `text` undone."""
    before, after = _frame(text)
    return (*before, *middle, *after)


@cache
def _frame(text: str) -> tuple[Steps, Steps]:
    steps = seq(text)
    return steps, undo(steps)


def spelled(name: str = "", where: str = "", **others: str) -> Mapping[str, str]:
    """The `names` of a row: one name that several SDKs share, then the others by keyword."""
    return dict.fromkeys(where.split(), name) | others


def canonical(xx: Any, yy: Any, zz: Any) -> Steps:
    """exp(-i/2 (xx XX + yy YY + zz ZZ)) on wires 0 and 1 with three CX (Vatan and Williams, 2004,
    arXiv:quant-ph/0308006)."""
    return (
        ("rz", (1,), (-pi / 2,)),
        ("cx", (1, 0), ()),
        ("rz", (0,), (zz + pi / 2,)),
        ("ry", (1,), (-xx - pi / 2,)),
        ("cx", (0, 1), ()),
        ("ry", (1,), (yy + pi / 2,)),
        ("cx", (1, 0), ()),
        ("rz", (0,), (pi / 2,)),
        ("phase", (), (pi / 4,)),
    )


def multiplexed(axis: str, controls: Sequence[int], target: int, angles: Sequence[Any]) -> Steps:
    """A rotation of `target` about `axis` (`ry` or `rz`) by `angles[k]` when the controls read k.

    `2**len(controls)` rotations and as many CX, in Gray-code order (Möttönen et al., 2004,
    arXiv:quant-ph/0404089). The first control is the most significant bit of k.
    """
    n, size = len(controls), 2 ** len(controls)
    steps: list[Step] = []
    for position in range(size):
        gray = position ^ (position >> 1)
        angle = _signed_mean(angles, gray)
        flipped = (gray ^ _gray(position + 1, size)).bit_length() - 1
        steps.append((axis, (target,), (angle,)))
        steps.append(("cx", (controls[n - 1 - flipped], target), ()))
    return tuple(steps)


def _gray(position: int, size: int) -> int:
    position %= size
    return position ^ (position >> 1)


def _signed_mean(values: Sequence[Any], mask: int) -> Any:
    """Walsh coefficient: the mean of values[k] with sign (-1)**popcount(k & mask)."""
    total = values[0]
    for k in range(1, len(values)):
        total = total - values[k] if (k & mask).bit_count() % 2 else total + values[k]
    return total * (1.0 / len(values))


def diagonal_steps(wires: Sequence[int], phases: Sequence[Any]) -> Steps:
    """The diagonal gate exp(i phases[k]) on basis state k: `2**n - 2` CX.

    The first wire is the most significant bit of k. The last wire is rotated under every reading
    of the others; what is left is a diagonal gate on the others (Bullock and Markov, 2003,
    arXiv:quant-ph/0303039).
    """
    if not wires:
        return (("phase", (), (phases[0],)),)
    half = range(0, len(phases), 2)
    differences = [phases[k + 1] - phases[k] for k in half]
    means = [(phases[k] + phases[k + 1]) * 0.5 for k in half]
    rest = diagonal_steps(wires[:-1], means)
    if len(wires) == 1:
        return (("rz", (wires[0],), (differences[0],)), *rest)
    return (*multiplexed("rz", wires[:-1], wires[-1], differences), *rest)


def controlled_phase(wires: Sequence[int], angle: Any) -> Steps:
    """exp(i angle) on the state in which every wire is 1: `2**n - 2` CX."""
    zero = angle * 0.0
    return diagonal_steps(wires, [*[zero] * (2 ** len(wires) - 1), angle])
