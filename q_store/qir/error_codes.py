"""Every diagnostic code with the text `qstorec explain CODE` prints.

Ranges: 10x and 11x reading IR text, 12x to 14x the text language (`error_codes_dsl`), 2xx
verifying, 3xx building circuits, 4xx passes and pipelines, 5xx executables and engines, 6xx
framework layers, 7xx the command line, 8xx missing extras.
"""

from __future__ import annotations

from typing import Final

from q_store.qir.error_codes_backends import BACKENDS
from q_store.qir.error_codes_dsl import TEXT_LANGUAGE
from q_store.qir.error_codes_exchange import EXCHANGE
from q_store.qir.error_codes_formats import FORMATS
from q_store.qir.error_codes_gradients import GRADIENTS
from q_store.qir.error_codes_ionq import IONQ
from q_store.qir.error_codes_ionq_local import IONQ_LOCAL
from q_store.qir.error_codes_ionq_service import IONQ_SERVICE
from q_store.qir.error_codes_noise import NOISE_MODELS, NOISE_TARGETS
from q_store.qir.error_codes_passes import PASSES
from q_store.qir.explanation import Explanation

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
    **TEXT_LANGUAGE,
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
    "QS303": Explanation("wire not an integer", "Wires come before angles and are integers."),
    "QS304": Explanation(
        "bad number", "Numbers of qubits, controls and repetitions are whole and not negative."
    ),
    "QS305": Explanation(
        "wrong number of wires",
        "The op acts on another number of wires; `qstorec gates` shows how many. Sequences of "
        "wires and angles in one call, one item for each gate, have one length.",
        'circuit.append("cx", [0])',
        'circuit.append("cx", [0, 1])',
    ),
    "QS306": Explanation(
        "wrong angles of a gate",
        "Every angle of the gate is given once: as a number of radians, as an expression of "
        "symbols, or as the name of a parameter.",
        "circuit.rx(0)",
        'circuit.rx(0, param="theta")',
    ),
    "QS307": Explanation("number not finite", "NaN and infinities are no angles."),
    "QS308": Explanation(
        "bad numbers of a channel",
        "Probabilities of noise channels are plain numbers from 0 to 1, those of events that "
        "exclude each other at most 1 together. Kraus operators preserve the trace: K†K adds up to "
        "the identity. Each row of a matrix of confusion adds up to 1.",
        "circuit.kraus(0, [[[1, 0], [0, 0.9]]])",
        "circuit.kraus(0, [[[1, 0], [0, 0.8]], [[0, 0.6], [0, 0]]])",
    ),
    "QS309": Explanation(
        "angles given twice",
        "A gate takes either angles or the names of parameters.",
        'circuit.rx(0, 0.5, param="theta")',
        'circuit.rx(0, param="theta")',
    ),
    "QS310": Explanation(
        "symbol used as a number",
        "While a circuit is built, parameters are symbols without a value. Functions of `math` and "
        "`float()` need a value; numpy's functions of symbols give new symbols.",
        "circuit.rx(0, math.sin(x[0]))",
        "circuit.rx(0, np.sin(x[0]))",
    ),
    "QS311": Explanation(
        "symbol compared or tested",
        "A circuit is written down once for all samples, so Python cannot branch on a parameter. "
        "Branch on measured bits with `if_bit`.",
        "if x[0] > 0: circuit.x(0)",
        "circuit.rx(0, np.pi * x[0])",
    ),
    "QS312": Explanation(
        "unsupported function of a symbol",
        "Symbols have + - * / **, abs, and the numpy functions listed. Each is differentiable.",
    ),
    "QS313": Explanation(
        "bad name of a parameter",
        "Names are letters, digits and `_`; elements are written 'w[3]' or 'w[1,2]'. Arithmetic "
        "is not read from text.",
        'circuit.rx(0, param="2*theta")',
        'circuit.rx(0, 2 * scalar("theta"))',
    ),
    "QS314": Explanation(
        "one name for two parameters",
        "A name stands for one scalar or one array of one shape in the whole circuit.",
    ),
    "QS315": Explanation(
        "bad index of a symbol",
        "Indices are integers within the shape. Arrays without one grow with use, up to a limit.",
    ),
    "QS316": Explanation(
        "size of an array not known",
        "Iteration, `len`, negative indices and open slices need the size of the array.",
        'for angle in vector("w"): ...',
        'for angle in vector("w", 4): ...',
    ),
    "QS317": Explanation(
        "shapes do not fit", "Arithmetic of arrays is elementwise, with equal shapes or a scalar."
    ),
    "QS318": Explanation(
        "expression too deep", "Functions of functions of symbols are limited in depth."
    ),
    "QS320": Explanation(
        "unknown or missing parameter", "The circuit has no such parameter, or it has no value."
    ),
    "QS321": Explanation(
        "bad value of a parameter",
        "A scalar is bound to a number or an expression, an array to a sequence of its shape.",
        "circuit.bind(w=0.5)",
        "circuit.bind(w=[0.5, 0.1])",
    ),
    "QS322": Explanation(
        "function without a value", "Such as log(0), sqrt(-1) or a division by zero."
    ),
    "QS323": Explanation(
        "step that is no gate",
        "Measurements, resets, channels and conditionals have no inverse and no controlled form.",
    ),
    "QS324": Explanation(
        "power not exact",
        "Integer powers always work. A fraction is exact only for commuting rotations and phases.",
        "circuit.h(0).power(0.5)",
        "circuit.rx(0, t).power(0.5)",
    ),
    "QS325": Explanation(
        "gate after a measurement",
        "`measure(q)` stands at the end. To go on, measure into a bit.",
        "circuit.measure(0).x(0)",
        'circuit.measure(0, bit="c").x(0)',
    ),
    "QS326": Explanation(
        "unknown bit",
        "Conditionals read a bit that was measured before them in the same circuit.",
        'circuit.if_bit("c", flip)',
        'circuit.measure(0, bit="c").if_bit("c", flip)',
    ),
    "QS327": Explanation(
        "circuits do not fit",
        "A circuit is put on as many wires as it has; bodies of `if_bit` have the full width.",
        "QuantumCircuit(3).compose(QuantumCircuit(2), qubits=[0])",
        "QuantumCircuit(3).compose(QuantumCircuit(2), qubits=[0, 2])",
    ),
    "QS328": Explanation("unknown drawing format", "Circuits are drawn as 'text' or 'svg'."),
    "QS329": Explanation(
        "bad matrix of a unitary",
        "The matrix of a gate on n qubits has 2**n rows and columns of numbers, the first qubit "
        "most significant, and is unitary: no entry of U†U is further than 1e-8 from the "
        "identity. Numbers that were rounded to single precision are not; "
        "`np.linalg.svd` gives the nearest unitary, the product of its outer factors. Phases of a "
        "diagonal and amplitudes of a state are 2**n numbers, amplitudes with norm 1 to 1e-8.",
        "circuit.unitary([[1, 1], [1, -1]], 0)",
        "circuit.unitary(np.array([[1, 1], [1, -1]]) / np.sqrt(2), 0)",
    ),
    "QS330": Explanation(
        "unclear arguments of a circuit function",
        "Arguments are told by name: circuit, qc, c | inputs, x, features, data | weights, params, "
        "theta, w, or a key of `weight_shapes` | n_qubits, num_qubits, wires. Two arguments with "
        "other names are (inputs, weights), three are (circuit, inputs, weights).",
        "def circuit_fn(angles): ...",
        "def circuit_fn(weights): ...",
    ),
    "QS331": Explanation(
        "bad shape of weights",
        "`weight_shapes` gives positive integers, one shape per parameter that is there.",
    ),
    "QS332": Explanation(
        "not a circuit",
        "A circuit function returns a circuit, IR, or (circuit, observables), or fills in the "
        "circuit it is given and returns nothing.",
    ),
    "QS333": Explanation(
        "number of qubits missing or different",
        "`n_qubits` is needed where the circuit does not say it, and must agree where it does.",
    ),
    "QS335": Explanation(
        "observations contradict each other",
        "Observables are given in one place, and go with output='expval'.",
    ),
    "QS336": Explanation("unknown output", "Outputs are expval, probs, samples and state."),
    "QS337": Explanation(
        "bad option of the built-in circuit",
        "`depth` is a positive integer, `entanglement` linear, circular or full.",
    ),
    "QS338": Explanation(
        "no such data parameter", "`input_params` lists names of parameters, or is their prefix."
    ),
    "QS339": Explanation(
        "bad encoding",
        "Encodings are angle, iqp, amplitude (at most 2**n_qubits features) and basis (at most "
        "n_qubits features).",
    ),
    "QS340": Explanation(
        "function is no circuit",
        "A circuit allocates its qubits, takes only numbers, and observes or returns every wire.",
    ),
    "QS341": Explanation("file cannot be used", "It is missing, or may not be read or written."),
    "QS350": Explanation(
        "instruction without a counterpart",
        "The message names the instruction of the other library's circuit and its index. Gates are "
        "read through a table, their definition or their matrix; what has none of these, such as "
        "`while` loops, real-time variables and most noise on several qubits, is refused.",
    ),
    "QS351": Explanation(
        "expression without a counterpart",
        "Angles are real expressions of parameters with + - * / ** and the functions of the `f.*` "
        "ops. Complex numbers, piecewise and unknown functions are refused.",
    ),
    "QS352": Explanation(
        "not a circuit that can be read",
        "The object is no circuit of that library, has no qubits, or has qudits with more than two "
        "levels; or a name in `inputs` or `qubits` is not in it.",
    ),
    "QS353": Explanation(
        "condition that cannot be read",
        "Conditions are functions of measured bits. A bit measured under a condition is known "
        "there only.",
    ),
    "QS354": Explanation(
        "circuit too large to unfold",
        "Loops, nested definitions and conditions are unfolded up to a limit.",
    ),
    "QS355": Explanation(
        "observable without a counterpart",
        "Observables are real sums of Pauli words on the circuit's qubits. Complex coefficients "
        "and qubits the circuit has not are refused.",
    ),
    "QS356": Explanation(
        "not expressible in the other library",
        "The message names the op, such as noise in a Qiskit circuit or a measurement under a "
        "condition in a Cirq circuit. Take it out, or export to another library.",
    ),
    **EXCHANGE,
    **FORMATS,
    **PASSES,
    **IONQ,
    "QS500": Explanation(
        "not a valid executable",
        "The file is damaged, was changed by hand, or is no executable: its arrays do not fit "
        "together. Compile the circuit again and save it anew.",
    ),
    "QS501": Explanation(
        "executable cannot be read or written",
        "The operating system refused to read or write the file. Nothing was written.",
    ),
    "QS502": Explanation(
        "gate that the engine cannot run",
        "The batched engine runs its primitive gates and every gate with a decomposition into "
        "them.",
    ),
    "QS503": Explanation(
        "executable from a newer version",
        "The file's format number is higher than this q-store knows. Upgrade q-store, or compile "
        "the circuit again with this one.",
    ),
    "QS504": Explanation(
        "unknown classical op",
        "The executable computes a derived parameter with an op that the engine has no rule for.",
    ),
    "QS505": Explanation(
        "number of qubits",
        "Circuits have at least one qubit, and each backend has a largest number; the embedded "
        "engine runs up to 48, as memory allows.",
    ),
    "QS510": Explanation(
        "not enough memory",
        "A state of n qubits takes 2**n complex numbers for each of the samples simulated "
        "together, and gradients take two such states per thread. Use fewer qubits, a smaller "
        "batch, fewer threads or float32.",
    ),
    "QS511": Explanation(
        "number of threads",
        "The argument `threads` and the variable QSTORE_NUM_THREADS take a positive integer.",
        "QSTORE_NUM_THREADS=all",
        "QSTORE_NUM_THREADS=4",
    ),
    "QS512": Explanation(
        "unsupported dtype", "The batched engine calculates in float32 or float64."
    ),
    "QS520": Explanation(
        "not unitary",
        "Executables, unitaries and adjoints come from circuits that only measure at their end. "
        "The message names the op that measures, resets, branches or adds noise before that.",
    ),
    "QS521": Explanation(
        "parameter of the wrong shape",
        "A parameter was given with another shape than its type in the function has.",
    ),
    "QS530": Explanation(
        "wrong shape of inputs or weights",
        "Inputs are (batch, inputs); weights are (weights,) for the whole batch, or (batch, "
        "weights) with one row for each sample.",
        "program.expvals(x[0], w)",
        "program.expvals(x[:1], w)",
    ),
    "QS531": Explanation(
        "wrong shape of a cotangent or saved state",
        "A cotangent has the shape of the values it belongs to. A saved state goes back to "
        "`backward` together with the arguments of the `forward` that made it.",
    ),
    "QS532": Explanation(
        "wrong qubits", "Probabilities and samples take distinct qubits of the circuit."
    ),
    "QS533": Explanation("number of shots", "Shots are a non-negative integer."),
    "QS534": Explanation(
        "sampling from parameters that are not finite",
        "A parameter of the named sample is NaN or infinite, so there are no probabilities to "
        "draw from. Expectation values and probabilities give NaN for such a sample.",
    ),
    **NOISE_TARGETS,
    "QS601": Explanation(
        "wrong number of features",
        "The last axis of a layer's inputs holds the features of one sample; the circuit reads as "
        "many as the largest index it uses, plus one.",
        "layer(torch.rand(32, 3)) for a circuit that reads inputs[3]",
        "layer(torch.rand(32, 4))",
    ),
    "QS602": Explanation(
        "unusable argument of a layer",
        "The message names the argument, what it may be and what came.",
        "QuantumLayer(circuit_fn, 4, output='expvals')",
        "QuantumLayer(circuit_fn, 4, output='expval')",
    ),
    "QS603": Explanation(
        "unknown backend", "`auto` and `batched` are always there; see docs/architecture.md."
    ),
    "QS604": Explanation(
        "backend not available",
        "The backend is known but this installation has no loader for it, and `strict=True` "
        "forbids to fall back to the embedded engine.",
    ),
    "QS606": Explanation(
        "configuration of a newer version",
        "Saved models hold a format number for the settings or weights of a quantum layer. This "
        "version reads its own and older formats.",
        "load_model on a file that a newer q-store wrote",
        "pip install --upgrade q-store",
    ),
    "QS607": Explanation(
        "saved weights of another shape",
        "The weights in the file belong to a circuit with other parameters. The message names the "
        "weights, their shape in the circuit and that in the file.",
    ),
    **NOISE_MODELS,
    **BACKENDS,
    **GRADIENTS,
    "QS701": Explanation(
        "file cannot be read",
        "The operating system refused: the file is missing, is a directory, or may not be read.",
    ),
    "QS702": Explanation(
        "not a text file",
        "IR text is UTF-8. The file holds something else; saved executables (`.npz`) go to "
        "`qstorec run`.",
    ),
    "QS703": Explanation(
        "no such object in a Python file",
        "After the colon stands the name of a circuit, or of a function that gives one, as the "
        "file defines it.",
        "qstorec compile model.py",
        "qstorec compile model.py:circuit",
    ),
    "QS704": Explanation(
        "exception in a Python file",
        "`FILE.py:NAME` executes the file and calls the function. The place is the innermost line "
        "of that file; run it with Python for the whole traceback.",
    ),
    "QS705": Explanation(
        "not a circuit",
        "The object is no QuantumCircuit, Func or Module, and no function that gives one.",
    ),
    "QS706": Explanation(
        "file cannot be written",
        "Files are written beside their place and then moved there, so that nothing is ever half "
        "written. The operating system refused.",
    ),
    "QS707": Explanation(
        "outputs in each other's way",
        "Each kind of `--emit` goes to the file named after `=`, else to the file of `-o`, else to "
        "standard output. A place takes one kind, and standard output takes text only.",
        "qstorec compile bell.qir --emit ir,stats",
        "qstorec compile bell.qir --emit ir=out.qir,stats",
    ),
    "QS708": Explanation(
        "unknown diagnostic code", "`qstorec explain` without a code lists all codes."
    ),
    "QS711": Explanation(
        "parameter without a value",
        "Every parameter needs a number before a circuit can run.",
        "qstorec run bell.qir",
        "qstorec run bell.qir --bind theta=0.3 --bind 'w=[0.1,0.2]'",
    ),
    "QS712": Explanation(
        "unknown parameter", "The circuit has no parameter, and no element of one, of this name."
    ),
    "QS713": Explanation(
        "unusable value of a parameter",
        "A value is a finite number, a list of such numbers, or a JSON or `.npy` file with them, "
        "given once.",
        "qstorec run bell.qir --bind theta=pi",
        "qstorec run bell.qir --bind theta=3.141592653589793",
    ),
    "QS714": Explanation(
        "value of another shape",
        "A value has as many numbers, nested in the same way, as its parameter has elements.",
    ),
    **IONQ_SERVICE,
    **IONQ_LOCAL,
    "QS801": Explanation(
        "missing extra",
        "Frameworks are optional. The message names the extra to install.",
        "import q_store.torch in an environment without torch",
        "pip install 'q-store[torch]'",
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
