"""Codes of OpenQASM and PennyLane, QS370 to QS385."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

EXCHANGE: Final[dict[str, Explanation]] = {
    "QS370": Explanation(
        "syntax error in OpenQASM",
        "The text does not follow the grammar of OpenQASM at the caret. OpenQASM 3's keywords are "
        "ordinary names in programs that begin with `OPENQASM 2.0;`.",
        "qubit[2] q\nx q;",
        "qubit[2] q;\nx q;",
    ),
    "QS371": Explanation(
        "unknown version of OpenQASM",
        "Versions 2 and 3 are read. A program without a version is OpenQASM 3, or 2 if it includes "
        "qelib1.inc.",
    ),
    "QS372": Explanation(
        "unknown name in OpenQASM",
        "Names are declared before they are used, gates as well. The gates of the libraries need "
        '`include "stdgates.inc";` in OpenQASM 3 and `include "qelib1.inc";` in OpenQASM 2.',
    ),
    "QS373": Explanation(
        "program too large to be unrolled",
        "Loops are unrolled and gates expanded while a program is read, so a short text can stand "
        "for a huge circuit. The message names the limit that it passes.",
    ),
    "QS374": Explanation(
        "unsupported OpenQASM statement",
        "Calibrations, extern functions, opaque gates and types without a use in circuits are "
        "not supported. Inputs are floats, angles and arrays of them; others get a value by "
        "`constants`.",
    ),
    "QS375": Explanation(
        "wrong number of operands in OpenQASM",
        "Gates and subroutines take as many parameters and qubits as they are defined with, "
        "controls come first, and registers in one statement have the same size.",
    ),
    "QS376": Explanation(
        "name declared twice in OpenQASM",
        "A block declares a name once. A definition may take the place of a library's gate, not "
        "of another definition.",
    ),
    "QS377": Explanation(
        "wrong value in OpenQASM",
        "An expression has a value of another kind than its place needs. Sizes, indices, loop "
        "bounds and conditions must be known while the program is read; angles may depend on "
        "inputs.",
    ),
    "QS378": Explanation(
        "index out of range in OpenQASM",
        "Indices count from 0, negative ones from the end.",
    ),
    "QS379": Explanation(
        "value that depends on a measurement",
        "Bits that are measured have no value while the program is read. `if` and `switch` may "
        "depend on them; angles, loops and variables may not, and a bit that is written under "
        "such a condition cannot be read after it.",
    ),
    "QS380": Explanation(
        "file that cannot be included",
        "qelib1.inc and stdgates.inc are known. Other files must stand beside the program's file.",
    ),
    "QS381": Explanation(
        "unusable argument of an exchange function",
        "The message names the argument and what it may be.",
    ),
    "QS382": Explanation(
        "parameters in OpenQASM 2",
        "OpenQASM 2 has no parameters. Bind them to numbers, or write OpenQASM 3.",
        "to_qasm2(circuit)",
        "to_qasm2(circuit.bind(theta=0.3)) or to_qasm3(circuit)",
    ),
    "QS383": Explanation(
        "operator of PennyLane that is not understood",
        "The message names the operator and its place on the tape: it is no gate and cannot be "
        "decomposed into gates, with symbols in the place of its parameters at least.",
    ),
    "QS384": Explanation(
        "measurement of PennyLane that is not understood",
        "expval, probs, sample, counts and state are understood, of wires and of observables whose "
        "basis all measurements share.",
    ),
    "QS385": Explanation(
        "unusable PennyLane function or tape",
        "The message names the argument, shape or wire that does not fit.",
        "from_pennylane(qnode) for a function that takes an array",
        "from_pennylane(qnode, shapes={'weights': (2, 3)})",
    ),
}
