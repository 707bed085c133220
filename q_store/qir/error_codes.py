"""Every diagnostic code with the text `qstorec explain CODE` prints.

Ranges: 1xx reading IR text, 2xx verifying, 3xx building circuits, 4xx passes and pipelines, 5xx
executables and engines, 6xx framework layers, 7xx the command line, 8xx missing extras.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Explanation(NamedTuple):
    """A title, a paragraph, and an example of wrong and right where that helps."""

    title: str
    text: str
    wrong: str = ""
    right: str = ""


EXPLANATIONS: Final[dict[str, Explanation]] = {
    "QS101": Explanation(
        "syntax error in IR text",
        "The text does not follow the grammar at the caret. One statement stands on one line; "
        "comments start with `//`. The grammar is in docs/ir.md.",
        "%q0.1 = q.rx(0.5 %q0",
        "%q0.1 = q.rx(0.5) %q0",
    ),
    "QS102": Explanation(
        "unknown op",
        "IR text names ops with their dialect, such as `q.rx` or `m.observe`. "
        "`qstorec gates` lists the gates.",
        "%q0.1 = rx(0.5) %q0",
        "%q0.1 = q.rx(0.5) %q0",
    ),
    "QS103": Explanation(
        "unknown gate",
        "No row of the gate table has this mnemonic or alias. `qstorec gates` lists them.",
    ),
    "QS104": Explanation(
        "unknown type",
        "Types are `qubit`, `f64`, `f64[n]`, `f64[m,n]` and `bit`.",
        "func @f(%x: float)",
        "func @f(%x: f64)",
    ),
    "QS105": Explanation(
        "format version of IR text",
        "The text was written by a newer q-store, or its header was changed by hand.",
    ),
    "QS106": Explanation(
        "undefined value",
        "A value must be defined by an argument or an earlier statement of the same body. Bodies "
        "of `q.if` see parameters and bits from outside, but take qubits as arguments.",
    ),
    "QS107": Explanation(
        "malformed observable",
        "Observables are sums of Pauli words with indexed letters. Bare strings such as `ZIX` are "
        "refused because other tools read them in opposite orders.",
        'observables=["ZIX"]',
        'observables=["Z0 X2"]',
    ),
    "QS110": Explanation(
        "no such function", "The module has no function of the wanted name, or none at all."
    ),
    "QS201": Explanation(
        "wire used twice",
        "Qubit values are linear: each is consumed exactly once. An op gives back new values for "
        "the wires it acts on; go on with those. This is also how no-cloning is enforced.",
        "%q0.1 = q.h %q0\n%q0.2 = q.x %q0",
        "%q0.1 = q.h %q0\n%q0.2 = q.x %q0.1",
    ),
    "QS202": Explanation(
        "wire never consumed",
        "Every qubit value must end in an op, an `m.observe`, a `yield` or the `return`.",
    ),
    "QS203": Explanation("defined twice", "A value or function name is bound once in its scope."),
    "QS204": Explanation(
        "used before its definition", "Values are defined above the statements that use them."
    ),
    "QS205": Explanation(
        "wrong operands or results",
        "The op needs another number or another type of operands, or defines another number of "
        "values. `qstorec gates` shows how many wires a gate has.",
        "%q0.1 = q.cx %q0",
        "%q0.1, %q1.1 = q.cx %q0, %q1",
    ),
    "QS206": Explanation(
        "wrong angles",
        "The op takes another number of angles. Probabilities of noise channels are plain numbers "
        "from 0 to 1, and no more than 1 together.",
        "%q0.1 = q.rx %q0",
        "%q0.1 = q.rx(0.5) %q0",
    ),
    "QS207": Explanation(
        "index out of range",
        "An element of a vector or matrix parameter is named by as many indices as it has "
        "dimensions, each counted from 0.",
        "%w[2] for %w: f64[2]",
        "%w[1] for %w: f64[2]",
    ),
    "QS208": Explanation("angle not finite", "Angles are finite numbers of radians."),
    "QS209": Explanation(
        "misplaced observation",
        "`m.observe` consumes all wires and is the last op of a function. Use `q.measure` for "
        "measurements in the middle.",
    ),
    "QS210": Explanation(
        "observed qubit out of range",
        "The numbers in an observation are positions in the operand list of `m.observe`.",
    ),
    "QS211": Explanation(
        "malformed body", "Both bodies of a `q.if` take and yield as many qubits as the op has."
    ),
    "QS212": Explanation(
        "malformed function head",
        "Functions take qubits, bits and `f64` parameters of any shape. Parameters, and only they, "
        "have a role, `input` or `weight`. Attributes are words with a finite number or a text.",
        "func @f(%s: c128[4])",
        "func @f(%x: f64[2] input)",
    ),
    "QS301": Explanation("wire out of range", "Wires of a circuit are counted from 0."),
    "QS302": Explanation(
        "wire repeated", "A gate acts on distinct wires.", "circuit.cx(0, 0)", "circuit.cx(0, 1)"
    ),
    "QS401": Explanation(
        "malformed pipeline",
        "A pipeline is a list of passes separated by commas. Options stand in braces with spaces "
        "between them, the passes of a combinator in parentheses. `qstorec passes` lists both.",
        "fixpoint cancel merge-rotations",
        "canonicalize,fixpoint{max-iterations=5}(cancel,merge-rotations)",
    ),
    "QS402": Explanation(
        "unknown pass",
        "No pass and no named pipeline has this name. `qstorec passes` lists them.",
        "cancle",
        "cancel",
    ),
    "QS403": Explanation(
        "unknown option of a pass",
        "The pass has no such option, or the option is given twice. Options are spelled with "
        "hyphens. `qstorec passes` shows the options of every pass.",
        "cancel{lookback=8}",
        "cancel{look-back=8}",
    ),
    "QS404": Explanation(
        "bad value of an option",
        "The value has another type than the option, or a required option is missing. Lists are "
        "written with commas; text with spaces or punctuation stands in double quotes.",
        "cancel{look-back=far}",
        "cancel{look-back=8}",
    ),
    "QS405": Explanation(
        "fixpoint did not converge",
        "The passes of a `fixpoint` were still changing the module after `max-iterations` rounds. "
        "The result is correct but may not be as small as it could be.",
    ),
    "QS406": Explanation(
        "a pass broke the module",
        "With verification after each pass, a pass returned a module that breaks a rule of the IR. "
        "That is a mistake in the pass; please report it with the input.",
    ),
    "QS407": Explanation(
        "no adjoint",
        "Only unitary functions have an inverse: no measurement, reset, `q.if` or noise.",
    ),
    "QS408": Explanation(
        "not expressible in the basis",
        "A gate could not be decomposed into the gates of the basis. Add one of the gates that the "
        "message names, or use another basis.",
        "decompose{basis=rz,cx}",
        "decompose{basis=rx,rz,cx}",
    ),
    "QS409": Explanation(
        "unknown basis",
        "A basis is one of the named ones or a list of gate names separated by commas.",
        "decompose{basis=ibmq}",
        "decompose{basis=sx-cx}",
    ),
    "QS410": Explanation(
        "parameters without influence",
        "Some parameters reach no gate that the observations depend on, so their gradient is zero. "
        "That is allowed, but often a sign that an observable or an entangler is missing.",
    ),
    "QS411": Explanation(
        "a rewrite rule does not end",
        "A rule of a pass kept replacing an op by another one without end. That is a mistake in "
        "the rule; please report it with the input.",
    ),
}


def explain(code: str) -> str | None:
    """The full text about a code, or `None` for an unknown one."""
    found = EXPLANATIONS.get(code)
    if found is None:
        return None
    parts = [f"{code}: {found.title}", "", found.text]
    for name, example in (("wrong", found.wrong), ("right", found.right)):
        if example:
            indented = "\n".join(f"    {line}" for line in example.splitlines())
            parts += ["", f"  {name}:", indented]
    return "\n".join(parts)
