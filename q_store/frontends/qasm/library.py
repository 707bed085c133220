"""The gates that OpenQASM programs find in `qelib1.inc` and `stdgates.inc`, as rows of the table.

Phases follow the OpenQASM 3 specification: its `U(theta, phi, lam)` is exp(i theta/2) times the
matrix that OpenQASM 2, Qiskit and Cirq call `U` or `u3`, and its `u3` and `u2` have determinant 1.
That matters under a control only. With the convention `qiskit`, and for everything `qelib1.inc`
defines, the three are the older matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import pi
from typing import Any, Final, Literal

from q_store.qir.ops import Step, Steps
from q_store.qir.registry import all_gates

Convention = Literal["spec", "qiskit"]


@dataclass(frozen=True, slots=True)
class Library:
    """One gate of a library: its size, and its steps in terms of the gate table."""

    wires: int
    angles: int
    steps: Callable[..., Steps]


def library_row(name: str) -> Library:
    """A row of the gate table as a library gate."""
    row = all_gates()[name]
    wires = tuple(range(row.wires or 0))
    return Library(len(wires), len(row.angle_names), lambda *angles: ((name, wires, angles),))


def _turned(theta: Any, phi: Any, lam: Any, phase: Any) -> Steps:
    u: Step = ("u", (0,), (theta, phi, lam))
    return (u, ("phase", (), (phase,)))


_SAME: Final = """
    x y z h s sdg t tdg sx rx ry rz cx cy cz ch crx cry crz p cp swap ccx cswap cu id
"""
_PLAIN: Final = {
    **{name: name for name in _SAME.split()},
    "u1": "p",
}
"""In both libraries."""
_NEW: Final = {"CX": "cx", "phase": "p", "cphase": "cp"}
_OLD: Final = {
    **{"u": "u", "u2": "u2", "u3": "u", "cu1": "cp", "cu3": "cu3", "sxdg": "sxdg", "csx": "csx"},
    **{"rxx": "rxx", "rzz": "rzz", "rccx": "rccx", "rc3x": "rcccx", "c3x": "c3x", "c4x": "c4x"},
    **{"c3sqrtx": "c3sx"},
}

_SPEC: Final = {
    "u3": Library(1, 3, lambda t, p, m: _turned(t, p, m, (p + m) * -0.5)),
    "u2": Library(1, 2, lambda p, m: _turned(pi / 2, p, m, (p + m) * -0.5)),
}
_SPEC_U: Final = Library(1, 3, lambda t, p, m: _turned(t, p, m, t * 0.5))


def built_in(version: int, u: Convention) -> dict[str, Library]:
    """Gates that need no `include`."""
    old = version == 2 or u == "qiskit"
    return {
        "U": library_row("u") if old else _SPEC_U,
        **({"CX": library_row("cx")} if version == 2 else {}),
    }


def included(file: str, u: Convention) -> Mapping[str, Library] | None:
    """The gates of a library file, or `None` for another file."""
    if file == "stdgates.inc":
        own = {"u2": library_row("u2"), "u3": library_row("u")} if u == "qiskit" else _SPEC
        return {**{name: library_row(row) for name, row in (_PLAIN | _NEW).items()}, **own}
    if file == "qelib1.inc":
        idle = Library(1, 1, lambda _: (("id", (0,), ()),))
        return {**{name: library_row(row) for name, row in (_PLAIN | _OLD).items()}, "u0": idle}
    return None


EVERY_NAME: Final = frozenset({*_PLAIN, *_NEW, *_OLD, "u0", "u2", "u3"})
"""Names either library has, to tell a missing `include` from a mistake."""
