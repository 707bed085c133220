"""Gates on three and more qubits; controls come first."""

from __future__ import annotations

from math import pi
from typing import Final

from q_store.qir.gates import one_qubit, two_qubit
from q_store.qir.gates.matrices import (
    controlled,
    dense,
    diagonal,
    embed,
    expi,
    fixed,
    permutation,
    rotation,
)
from q_store.qir.gates.rules import (
    always,
    controlled_phase,
    diagonal_steps,
    negate,
    same,
    spelled,
    undo,
)
from q_store.qir.ops import Gate, Steps, Trait

_ONCE: Final = (1.0,)
_RCCX: Final = "h 2, t 2, cx 1 2, tdg 2, cx 0 2, t 2, cx 1 2, tdg 2, h 2"
_RCCCX: Final = (
    "h 3, t 3, cx 2 3, tdg 3, h 3, cx 0 3, t 3, cx 1 3, tdg 3, cx 0 3, t 3, cx 1 3, tdg 3, "
    "h 3, t 3, cx 2 3, tdg 3, h 3"
)
_CARRY: Final = "ccx 1 2 3, cx 1 2, ccx 0 2 3"
_AND: Final = "h 2, t 2, cx 1 2, tdg 2, cx 0 2, t 2, cx 1 2, tdg 2, h 2, sdg 2"


def _between_h(wires: int, angle: float) -> Steps:
    """Controlled X**(angle/pi) on the last wire."""
    last = ("h", (wires - 1,), ())
    return (last, *controlled_phase(range(wires), angle), last)


CCX: Final = Gate(
    name="q.ccx",
    doc="Toffoli: X on wire 2 when wires 0 and 1 are both 1.",
    wires=3,
    traits=Trait.HERMITIAN | Trait.PERMUTATION,
    matrix=fixed(lambda: controlled(one_qubit.X.matrix(), 2)),
    inverse=same("ccx", 3),
    decompose=always("h 2, ccz 0 1 2, h 2"),
    controls=2,
    base="x",
    aliases=("toffoli", "ccnot"),
    names=spelled("ccx", "qasm2 qasm3 qiskit", cirq="CCX", pennylane="Toffoli(wires)"),
)
CCY: Final = Gate(
    name="q.ccy",
    doc="Y on wire 2 when wires 0 and 1 are both 1.",
    wires=3,
    traits=Trait.HERMITIAN,
    matrix=fixed(lambda: controlled(one_qubit.Y.matrix(), 2)),
    inverse=same("ccy", 3),
    decompose=always("sdg 2, ccx 0 1 2, s 2"),
    controls=2,
    base="y",
    names=spelled(cirq="CCY", pennylane="ctrl(Y(wires[2]), wires[:2])"),
)
CCZ: Final = Gate(
    name="q.ccz",
    doc="The sign -1 on |111>.",
    wires=3,
    traits=Trait.HERMITIAN | Trait.DIAGONAL | Trait.SYMMETRIC,
    matrix=fixed(lambda: controlled(one_qubit.Z.matrix(), 2)),
    inverse=same("ccz", 3),
    decompose=always(
        "cx 1 2, tdg 2, cx 0 2, t 2, cx 1 2, tdg 2, cx 0 2, t 2, t 1, cx 0 1, tdg 1, cx 0 1, t 0"
    ),
    controls=2,
    base="z",
    names=spelled(qiskit="ccz", cirq="CCZ", pennylane="CCZ(wires)"),
)
CSWAP: Final = Gate(
    name="q.cswap",
    doc="Fredkin: exchanges wires 1 and 2 when wire 0 is 1.",
    wires=3,
    traits=Trait.HERMITIAN | Trait.PERMUTATION,
    matrix=fixed(lambda: controlled(two_qubit.SWAP.matrix())),
    inverse=same("cswap", 3),
    decompose=always("cx 2 1, ccx 0 1 2, cx 2 1"),
    controls=1,
    base="swap",
    aliases=("fredkin",),
    names=spelled("cswap", "qasm2 qasm3 qiskit", cirq="CSWAP", pennylane="CSWAP(wires)"),
)
RCCX: Final = Gate(
    name="q.rccx",
    doc="Margolus: ccx up to phases, with three CX instead of six.",
    wires=3,
    traits=Trait.HERMITIAN,
    matrix=fixed(lambda: embed(3, ((5,), dense([[-1]])), ((6, 7), dense([[0, -1j], [1j, 0]])))),
    inverse=same("rccx", 3),
    decompose=always(_RCCX),
    names=spelled("rccx", "qasm2 qiskit"),
)
TEMPORARY_AND: Final = Gate(
    name="q.temporary_and",
    doc="Writes the conjunction of wires 0 and 1 into wire 2, which must be |0>.",
    wires=3,
    matrix=fixed(
        lambda: embed(
            3,
            ((1,), dense([[-1j]])),
            ((3,), dense([[-1j]])),
            ((5,), dense([[1j]])),
            ((6, 7), dense([[0, -1j], [1, 0]])),
        )
    ),
    inverse=lambda: undo(always(_AND)()),
    decompose=always(_AND),
    aliases=("temporaryand", "elbow"),
    names=spelled(pennylane="TemporaryAND(wires)"),
)
CCP: Final = Gate(
    name="q.ccp",
    doc="Phase exp(i theta) on |111>; Cirq's CCZ**(theta/pi).",
    wires=3,
    angle_names=("theta",),
    traits=Trait.DIAGONAL | Trait.SYMMETRIC,
    matrix=lambda theta: diagonal(*[1] * 7, expi(theta)),
    inverse=negate("ccp", 3),
    decompose=lambda theta: controlled_phase((0, 1, 2), theta),
    frequencies=(_ONCE,),
    controls=3,
    base="phase",
    names=spelled(
        cirq="CCZ**(theta/pi)",
        pennylane="ctrl(PhaseShift(theta, wires[2]), wires[:2])",
    ),
)
CCXPOW: Final = Gate(
    name="q.ccxpow",
    doc="Power of ccx: CCX**(theta/pi).",
    wires=3,
    angle_names=("theta",),
    matrix=lambda theta: controlled(expi(theta * 0.5)[..., None, None] * rotation("X", theta), 2),
    inverse=negate("ccxpow", 3),
    decompose=lambda theta: (("h", (2,), ()), ("ccp", (0, 1, 2), (theta,)), ("h", (2,), ())),
    frequencies=(_ONCE,),
    controls=1,
    base="cxpow",
    names=spelled(cirq="CCX**(theta/pi)"),
)
CCYPOW: Final = Gate(
    name="q.ccypow",
    doc="Power of ccy: CCY**(theta/pi).",
    wires=3,
    angle_names=("theta",),
    matrix=lambda theta: controlled(expi(theta * 0.5)[..., None, None] * rotation("Y", theta), 2),
    inverse=negate("ccypow", 3),
    decompose=lambda theta: (
        ("sdg", (2,), ()),
        ("ccxpow", (0, 1, 2), (theta,)),
        ("s", (2,), ()),
    ),
    frequencies=(_ONCE,),
    controls=1,
    base="cypow",
    names=spelled(cirq="CCY**(theta/pi)"),
)
QUBIT_SUM: Final = Gate(
    name="q.qubit_sum",
    doc="Adds wires 0 and 1 to wire 2 modulo 2.",
    wires=3,
    traits=Trait.HERMITIAN | Trait.CLIFFORD | Trait.PERMUTATION,
    matrix=permutation(0, 1, 3, 2, 5, 4, 6, 7),
    inverse=same("qubit_sum", 3),
    decompose=always("cx 1 2, cx 0 2"),
    aliases=("qubitsum",),
    names=spelled(pennylane="QubitSum(wires)"),
)
DIAG3: Final = Gate(
    name="q.diag3",
    doc="Phases exp(i a) to exp(i h) on the eight basis states.",
    wires=3,
    angle_names=("a", "b", "c", "d", "e", "f", "g", "h"),
    traits=Trait.DIAGONAL,
    matrix=lambda *phases: diagonal(*map(expi, phases)),
    inverse=negate("diag3", 3),
    decompose=lambda *phases: diagonal_steps((0, 1, 2), phases),
    frequencies=(_ONCE,) * 8,
    names=spelled(cirq="ThreeQubitDiagonalGate([a, b, c, d, e, f, g, h])"),
)
C3X: Final = Gate(
    name="q.c3x",
    doc="X on wire 3 when wires 0, 1 and 2 are all 1.",
    wires=4,
    traits=Trait.HERMITIAN | Trait.PERMUTATION,
    matrix=fixed(lambda: controlled(one_qubit.X.matrix(), 3)),
    inverse=same("c3x", 4),
    decompose=lambda: _between_h(4, pi),
    controls=3,
    base="x",
    names=spelled(
        qasm2="c3x",
        qiskit="mcx",
        cirq="X.controlled(3)",
        pennylane="ctrl(X(wires[3]), wires[:3])",
    ),
)
C3Z: Final = Gate(
    name="q.c3z",
    doc="The sign -1 on |1111>.",
    wires=4,
    traits=Trait.HERMITIAN | Trait.DIAGONAL | Trait.SYMMETRIC,
    matrix=fixed(lambda: controlled(one_qubit.Z.matrix(), 3)),
    inverse=same("c3z", 4),
    decompose=lambda: controlled_phase((0, 1, 2, 3), pi),
    controls=3,
    base="z",
    names=spelled(cirq="Z.controlled(3)", pennylane="ctrl(Z(wires[3]), wires[:3])"),
)
C3SX: Final = Gate(
    name="q.c3sx",
    doc="sx on wire 3 when wires 0, 1 and 2 are all 1.",
    wires=4,
    matrix=fixed(lambda: controlled(one_qubit.SX.matrix(), 3)),
    inverse=lambda: _between_h(4, -pi / 2),
    decompose=lambda: _between_h(4, pi / 2),
    controls=3,
    base="sx",
    aliases=("c3sqrtx",),
    names=spelled(
        qasm2="c3sqrtx",
        qiskit="c3sx",
        cirq="(X**0.5).controlled(3)",
        pennylane="ctrl(SX(wires[3]), wires[:3])",
    ),
)
RCCCX: Final = Gate(
    name="q.rcccx",
    doc="c3x up to phases, with six CX instead of fourteen.",
    wires=4,
    matrix=fixed(
        lambda: embed(
            4,
            ((12,), dense([[1j]])),
            ((13,), dense([[-1j]])),
            ((14, 15), dense([[0, 1], [-1, 0]])),
        )
    ),
    inverse=lambda: undo(always(_RCCCX)()),
    decompose=always(_RCCCX),
    aliases=("rc3x",),
    names=spelled(qasm2="rc3x", qiskit="rcccx"),
)
QUBIT_CARRY: Final = Gate(
    name="q.qubit_carry",
    doc="Adds wires 1 and 2 into wire 2 and the carry of wires 0, 1, 2 into wire 3.",
    wires=4,
    traits=Trait.PERMUTATION,
    matrix=permutation(0, 1, 2, 3, 6, 7, 5, 4, 8, 9, 11, 10, 15, 14, 13, 12),
    inverse=lambda: undo(always(_CARRY)()),
    decompose=always(_CARRY),
    aliases=("qubitcarry",),
    names=spelled(pennylane="QubitCarry(wires)"),
)
C4X: Final = Gate(
    name="q.c4x",
    doc="X on wire 4 when wires 0 to 3 are all 1.",
    wires=5,
    traits=Trait.HERMITIAN | Trait.PERMUTATION,
    matrix=fixed(lambda: controlled(one_qubit.X.matrix(), 4)),
    inverse=same("c4x", 5),
    decompose=lambda: _between_h(5, pi),
    controls=4,
    base="x",
    names=spelled(
        qasm2="c4x",
        qiskit="mcx",
        cirq="X.controlled(4)",
        pennylane="ctrl(X(wires[4]), wires[:4])",
    ),
)

ROWS: Final = (
    *(CCX, CCY, CCZ, CSWAP, RCCX, TEMPORARY_AND, CCP, CCXPOW, CCYPOW, QUBIT_SUM, DIAG3),
    *(C3X, C3Z, C3SX, RCCCX, QUBIT_CARRY, C4X),
)
