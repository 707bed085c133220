"""Codes of passes, pipelines and plugins, QS401 to QS418."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

PASSES: Final[dict[str, Explanation]] = {
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
        "That is a mistake in the pass; `--reproducer FILE` keeps what it was given.",
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
    "QS412": Explanation(
        "unusable pass",
        "A pass is a frozen dataclass with a kebab-case `name` that no other pass has, and its "
        "fields are options of types that pipelines can spell.",
        '@register_pass\nclass Mine(FuncPass):\n    name = "cancel"',
        "@register_pass\n@dataclass(frozen=True)\nclass Mine(FuncPass):\n"
        '    name: ClassVar[str] = "mine"',
    ),
    "QS413": Explanation(
        "which candidate a pass kept",
        "Some passes compile in several ways and keep the cheapest. The note says which one it was "
        "and what each of them costs; `--print-after` shows the passes of every candidate.",
    ),
    "QS414": Explanation(
        "unusable limit of passes",
        "The number of passes to run is a whole number from 0 up. `--pass-limit 0` runs none; each "
        "pass that comes to run is a line with its number on standard error.",
        "PassManager(pass_limit=-1)",
        "PassManager(pass_limit=0)",
    ),
    "QS415": Explanation(
        "unusable options of `route`",
        "`coupling` lists chains of different qubits that can interact, each with the next: "
        "`0-1-2-3` is a line. `trials` is a positive number.",
        "route{coupling=0:1}",
        "route{coupling=0-1}",
    ),
    "QS416": Explanation(
        "no place on the machine",
        "The circuit has more qubits than the machine has in one connected piece. A function that "
        "returns its n qubits or observes its state is routed on the first n of the machine.",
        "route{coupling=0-1,2-3}",
        "route{coupling=0-1-2-3}",
    ),
    "QS417": Explanation(
        "a function that `route` cannot route",
        "`route` takes functions that allocate their qubits, with gates on one and two of them and "
        "bodies on one.",
    ),
    "QS418": Explanation(
        "unusable gate",
        "A registered gate has a name of its own, one to eight wires, names for its angles, and a "
        "decomposition into gates that are there: a circuit, or a function of the angles that "
        "returns steps. Angles can be added, subtracted and multiplied by numbers. What is said "
        "about it is checked against its matrix.",
        'register_gate("h", lambda: [("x", 0)])',
        'register_gate("turn", lambda t: [("h", 0), ("rz", 0, t)])',
    ),
}
