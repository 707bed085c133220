"""Codes of the text language: QS120 and up, below QS201."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

TEXT_LANGUAGE: Final[dict[str, Explanation]] = {
    "QS120": Explanation(
        "syntax error in a program",
        "The text does not follow the grammar of docs/dsl.md at the caret. A statement ends with "
        "its line or with `;`; a line inside brackets goes on after an operator or a comma.",
        "rx 0.3 q[0]",
        "rx(0.3) q[0]",
    ),
    "QS121": Explanation(
        "unknown name",
        "Names are declared above their use. A gate sees its own angles and wires, and those names "
        "of the circuit that are declared above it.",
        "rx(theta) q[0]",
        "weight theta; rx(theta) q[0]",
    ),
    "QS122": Explanation(
        "unknown gate, channel, function or modifier",
        "Gates are those of docs/gates.md and those the program defines; channels follow the word "
        "`noise`; modifiers are ctrl, negctrl, inv and pow.",
        "rotx(0.3) q[0]",
        "rx(0.3) q[0]",
    ),
    "QS123": Explanation(
        "name is taken",
        "A name is declared once where it can be seen. `pi` and the names of gates are taken, and "
        "constants cannot be called X0 or Z, which are Pauli letters in observables.",
    ),
    "QS124": Explanation(
        "wrong number of arguments",
        "The gate, channel, function or modifier takes another number of arguments.",
        "rx q[0]",
        "rx(0.3) q[0]",
    ),
    "QS125": Explanation(
        "wrong number of qubits",
        "A gate is followed by as many operands as it has wires, controls first. An operand may be "
        "a whole register: then the gate is applied to each of its qubits.",
        "cx q[0]",
        "cx q[0], q[1]",
    ),
    "QS126": Explanation(
        "bad index",
        "Indices are integers from 0 up to the size, which is not included, and as many as there "
        "are dimensions. `/` gives an integer only where nothing is left over; see `floor`.",
        "qubits q[2]; h q[2]",
        "qubits q[2]; h q[1]",
    ),
    "QS127": Explanation(
        "sizes do not fit",
        "Groups of qubits are taken in step, so they have one size; single qubits are repeated. A "
        "vector of angles has one angle for each turn.",
        "cx q[0..2], q[2..5]",
        "cx q[0..2], q[2..4]",
    ),
    "QS128": Explanation(
        "qubit used twice by one gate", "A gate acts on distinct qubits.", "cx q[0], q[0]", "x q[0]"
    ),
    "QS129": Explanation(
        "wrong kind of thing",
        "A register is no number, a matrix needs indices to be an angle, and observables stand in "
        "`expect` only.",
        "rx(q[0]) q[1]",
        "rx(0.3) q[1]",
    ),
    "QS130": Explanation(
        "number needed that is known now",
        "Sizes, indices, bounds, exponents and probabilities are known when the program is read; "
        "inputs and weights are not.",
        "input x; for i in 0..x { h q[i] }",
        "const n = 3; for i in 0..n { h q[i] }",
    ),
    "QS131": Explanation(
        "number without a value",
        "A division by zero, a function outside of its domain, or a number that is too large.",
        "rx(1/0) q[0]",
        "rx(1/2) q[0]",
    ),
    "QS132": Explanation(
        "program too large",
        "Loops and gates are unrolled; the number of steps, qubits and parameters, the nesting of "
        "blocks, brackets and gates, and the number of added controls have limits.",
    ),
    "QS133": Explanation(
        "statement out of place",
        "`circuit` comes first. Registers, parameters and gates are declared outside of blocks. "
        "Gates hold gates only. Observations stand at the end, and no step follows them or a "
        "measurement without a bit.",
        "measure q[0]; x q[0]",
        "measure q[0] -> c; x q[0]",
    ),
    "QS134": Explanation(
        "bad observable",
        "An observable is a sum of products of numbers and Pauli letters, with an index after each "
        "letter. Products of letters on one qubit are multiplied out and must be Hermitian.",
        "expect X0 Y0",
        "expect X0 Y1",
    ),
    "QS135": Explanation(
        "bad loop", "Steps are not 0, and numbers of turns are not negative.", "0..4 step 0", "0..4"
    ),
    "QS136": Explanation(
        "bad bit",
        "A bit is measured before it is read, by the same name, and is 0 or 1. Bits measured under "
        "an `if` are known there only. A register is measured into bits c[0], c[1], ….",
        "if c { x q[1] }",
        "measure q[0] -> c; if c { x q[1] }",
    ),
    "QS137": Explanation(
        "bad value from outside",
        "`-D n=6` and `defines={'n': 6}` give values to the settings of `circuit name(n=4)` and to "
        "constants outside of blocks. A setting without `=` needs one.",
    ),
    "QS138": Explanation("no qubits", "A program declares its qubits: `qubits q[2]`."),
    "QS140": Explanation(
        "not expressible as a program",
        "Parameters need names that are no words of the language, and a program has qubits.",
    ),
}
