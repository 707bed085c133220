"""Reading IonQ's JSON: what each field means, and what is said about documents that are wrong."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from q_store.frontends.ionq import read_circuits, read_ionq_json
from q_store.frontends.ionq.gates import native_gate, qis_gate
from q_store.frontends.ionq.node import Node
from q_store.frontends.ionq.quick import quick_native, quick_qis
from q_store.qir.diagnostics import QStoreError
from q_store.qir.ionq_names import native_gates, qis_gates
from q_store.qir.observables import Sample
from q_store.qir.unitary import steps_matrix
from q_store.runtime.reference_func import unitary_of_func

BODY: dict[str, Any] = {
    "type": "ionq.circuit.v1",
    "backend": "simulator",
    "input": {
        "gateset": "qis",
        "qubits": 3,
        "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 2}],
    },
}


def unitary(gates: list[dict], qubits: int, gateset: str = "qis") -> np.ndarray:
    document = {"gateset": gateset, "qubits": qubits, "circuit": gates}
    return unitary_of_func(read_ionq_json(document).main, {})


def changed(path: str, value: object) -> dict:
    """The body with the part at a path such as `input.circuit.1.gate` replaced, or left out."""
    body = json.loads(json.dumps(BODY))
    *where, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    part = body
    for key in where:
        part = part[key]
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return body


@pytest.mark.parametrize(
    ("gate", "steps"),
    [
        ({"gate": "not", "target": 1}, [("x", (1,), ())]),
        ({"gate": "v", "targets": [1], "controls": [0]}, [("csx", (0, 1), ())]),
        ({"gate": "vi", "target": 0}, [("sxdg", (0,), ())]),
        ({"gate": "si", "target": 0, "control": 2}, [("csdg", (2, 0), ())]),
        ({"gate": "x", "target": 2, "controls": [1, 0]}, [("ccx", (1, 0, 2), ())]),
        ({"gate": "cnot", "target": 2, "controls": [1, 0]}, [("ccx", (1, 0, 2), ())]),
        ({"gate": "rx", "target": 2, "control": 1, "rotation": 0.3}, [("crx", (1, 2), (0.3,))]),
        ({"gate": "z", "target": 2, "rotation": 0.3}, [("p", (2,), (0.3,))]),
        ({"gate": "z", "target": 2, "controls": [0], "rotation": 0.3}, [("cp", (0, 2), (0.3,))]),
        ({"gate": "swap", "targets": [0, 2], "control": 1}, [("cswap", (1, 0, 2), ())]),
        ({"gate": "yy", "targets": [2, 0], "rotation": 0.3}, [("ryy", (2, 0), (0.3,))]),
    ],
)
def test_gates_of_the_qis_set(gate: dict, steps: list) -> None:
    np.testing.assert_allclose(unitary([gate], 3), steps_matrix(steps, 3), atol=1e-12)


@pytest.mark.parametrize(
    ("gate", "steps"),
    [
        ({"gate": "gpi", "target": 1, "phase": 0.25}, [("gpi", (1,), (np.pi / 2,))]),
        ({"gate": "gpi2", "targets": [0], "phase": -0.5}, [("gpi2", (0,), (-np.pi,))]),
        (
            {"gate": "ms", "targets": [1, 0], "phases": [0.5, 0]},
            [("ms", (1, 0), (np.pi, 0, np.pi / 2))],
        ),
        ({"gate": "zz", "targets": [0, 1], "angle": -0.1}, [("rzz", (0, 1), (-0.2 * np.pi,))]),
        ({"gate": "nop", "target": 0}, []),
    ],
)
def test_native_gates_count_in_turns(gate: dict, steps: list) -> None:
    made = unitary([gate], 2, "native")
    np.testing.assert_allclose(made, steps_matrix(steps, 2), atol=1e-12)


def test_the_last_letter_of_an_exponential_acts_on_the_first_target() -> None:
    gate = {"gate": "pauliexp", "targets": [2, 0, 1], "time": 0.35}
    made = unitary([{**gate, "terms": ["ZYX", "III"], "coefficients": [0.5, 0.0]}], 3)
    pauli = {"X": [[0, 1], [1, 0]], "Y": [[0, -1j], [1j, 0]], "Z": [[1, 0], [0, -1]]}
    # X on qubit 2, Y on qubit 0, Z on qubit 1; qubit 0 is the first factor.
    word = np.kron(np.kron(pauli["Y"], pauli["Z"]), pauli["X"])
    meant = np.cos(0.175) * np.eye(8) - 1j * np.sin(0.175) * word
    np.testing.assert_allclose(made, meant, atol=1e-12)


def test_terms_that_commute_are_one_product() -> None:
    gate = {"gate": "pauliexp", "targets": [0, 1], "terms": ["XX", "ZZ", "II"], "time": 1}
    made = unitary([{**gate, "coefficients": [0.3, -0.2, 0.1]}], 2)
    steps = [("rxx", (0, 1), (0.6,)), ("rzz", (0, 1), (-0.4,)), ("phase", (), (-0.1,))]
    np.testing.assert_allclose(made, steps_matrix(steps, 2), atol=1e-12)


def test_a_job_is_one_function_for_each_circuit() -> None:
    item = {"circuit": [{"gate": "x", "target": 0}]}
    items = [
        {**item, "name": "my circuit", "registers": {"b": [1, None], "a": [0]}},
        {**item, "name": "my circuit", "qubits": 1},
        {**item, "gateset": "native", "circuit": [{"gate": "gpi", "target": 1, "phase": 0}]},
    ]
    module = read_ionq_json(
        {
            "type": "ionq.multi-circuit.v1",
            "input": {"gateset": "qis", "qubits": 2, "circuits": items},
        }
    )
    assert [func.name for func in module.funcs] == ["my_circuit", "my_circuit_1", "main"]
    assert [func.n_qubits for func in module.funcs] == [2, 1, 2]
    assert module.main.observe.observations == (Sample((1,)), Sample((0,)))
    assert module.funcs[2].ops[1].defn.name == "ionq.gpi"


def test_a_number_of_qubits_that_is_missing_follows_from_the_gates() -> None:
    (circuit,) = read_circuits({"circuit": [{"gate": "x", "controls": [4], "target": 1}]})
    assert circuit.n_qubits == 5


def test_our_own_note_inverts_bits() -> None:
    body = changed("metadata", {"qstore_measured": "2,!0|1"})
    (circuit,) = read_circuits(body)
    assert circuit.observations == (Sample((2, 0)), Sample((1,)))
    assert [(step.name, step.wires) for step in circuit][-1] == ("x", (0,))


WRONG = [
    ("input.circuit.1.gate", "cnott", r"\$\.input\.circuit\[1\]\.gate: unknown gate `cnott`"),
    ("input.circuit.1.gate", ..., r"\$\.input\.circuit\[1\]: `gate` is missing"),
    (
        "input.circuit.1.target",
        3,
        r"\$\.input\.circuit\[1\]\.target: expected a number from 0 to 2",
    ),
    ("input.circuit.1.target", "0", r"circuit\[1\]\.target: expected a whole number, got '0'"),
    ("input.circuit.1.target", True, r"circuit\[1\]\.target: expected a whole number, got True"),
    ("input.circuit.1.target", 10**400, r"got an integer of many digits"),
    ("input.circuit.1.target", 0, r"circuit\[1\]: a qubit occurs twice among \[0, 0\]"),
    ("input.circuit.1.control", ..., r"circuit\[1\]: `cnot` needs a `control`"),
    ("input.circuit.1.controls", [1], r"circuit\[1\]: `control` and `controls` are both given"),
    ("input.circuit.1.rotation", 0.5, r"circuit\[1\]\.rotation: `x` has no rotation"),
    ("input.circuit.0", {"gate": "rx", "target": 0}, r"circuit\[0\]: `rotation` is missing"),
    (
        "input.circuit.0",
        {"gate": "rx", "target": 0, "rotation": "pi"},
        r"circuit\[0\]\.rotation: expected a number, got 'pi'",
    ),
    ("input.circuit.0", {"gate": "swap", "target": 0}, r"`swap` acts on 2 targets, got 1"),
    ("input.circuit.0", [], r"\$\.input\.circuit\[0\]: expected an object, got \[\]"),
    ("input.circuit", None, r"\$\.input: `circuit` is missing"),
    ("input.circuit", "h", r"\$\.input\.circuit: expected a list, got 'h'"),
    ("input.circuits", [], r"\$\.input: `circuit` and `circuits` are both given"),
    ("input.qubits", 0, r"\$\.input\.qubits: expected a number from 1 to 10000, got 0"),
    ("input.qubits", 2.0, r"\$\.input\.qubits: expected a whole number, got 2\.0"),
    ("input.gateset", "qiss", r"\$\.input\.gateset: expected `qis` or `native`, got 'qiss'"),
    ("input", [], r"\$\.input: expected an object"),
    ("type", "quantum-function", r"\$\.type: expected one of .*quantum-function"),
    ("metadata", {"qstore_measured": "0,9"}, r"\$\.metadata\.qstore_measured: expected qubits"),
    ("metadata", {"qstore_measured": "0;1"}, r"notes for 2 circuits, and there are 1"),
    ("registers", {"c": [1, 1]}, r"\$\.registers\.c: a qubit occurs twice among \[1, 1\]"),
    ("registers", {"c": [3]}, r"\$\.registers\.c\[0\]: expected a number from 0 to 2"),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_errors_name_the_place(path: str, value: object, message: str) -> None:
    with pytest.raises(QStoreError, match=message) as caught:
        read_ionq_json(changed(path, value))
    assert caught.value.code == "QS735"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"<json> is no JSON: Expecting property name"),
        ("[]", r"\$: expected an object, got list"),
        ("{}", r"\$: neither a job nor a circuit"),
        ('{"circuit": [{"gate": "rx", "target": 0, "rotation": NaN}]}', r"NaN is not a number"),
        ("[" * 100_000, r"<json> is no JSON that can be read"),
        (b"\xff\xfe\xff", r"is not UTF-8 text|no JSON"),
        (7, r"expected JSON text or a dictionary, got int"),
    ],
)
def test_what_is_no_document_at_all(text: Any, message: str) -> None:
    with pytest.raises(QStoreError, match=message) as caught:
        read_ionq_json(text)
    assert caught.value.code == "QS735"


def test_strict_reading_refuses_unknown_fields() -> None:
    read_ionq_json(BODY, strict=True)
    for path in ("lang", "input.color", "input.circuit.0.note"):
        body = changed(path, "x")
        assert read_ionq_json(body).funcs
        if path != "input.color":
            with pytest.raises(QStoreError, match="QS736"):
                read_ionq_json(body, strict=True)


_KEYS = st.sampled_from(
    [
        "gate",
        "target",
        "targets",
        "control",
        "controls",
        "rotation",
        "phase",
        "phases",
        "angle",
        "terms",
        "coefficients",
        "time",
        "circuit",
        "circuits",
        "qubits",
        "gateset",
        "input",
        "type",
        "registers",
        "metadata",
        "qstore_measured",
        "name",
    ]
)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 4),
    st.floats(),
    st.sampled_from(["h", "rx", "cnot", "ms", "zz", "pauliexp", "XZ", "qis", "native", "0,1", ""]),
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=6)),
    max_leaves=25,
)


@given(st.dictionaries(_KEYS, _JSON, max_size=6))
def test_any_document_is_read_or_refused_by_a_diagnostic(document: dict) -> None:
    for wrapped in (document, {"input": document}, {"circuit": [document], "qubits": 3}):
        assert outcome(wrapped) in ("read", "QS735")


def outcome(document: dict) -> str:
    try:
        read_ionq_json(document)
    except QStoreError as problem:
        return problem.code
    return "read"


_PLACE = st.one_of(*[st.integers(0, 2)] * 6, st.sampled_from([-1, 3, True, "0", None]))
_NUMBER = st.one_of(*[st.floats(-4, 4)] * 6, st.sampled_from([1, float("nan"), "1", None]))
_FIELDS = {
    "target": _PLACE,
    "targets": st.lists(_PLACE, min_size=1, max_size=2),
    "control": _PLACE,
    "controls": st.lists(_PLACE, min_size=1, max_size=2),
    "rotation": _NUMBER,
    "phase": _NUMBER,
    "phases": st.lists(_NUMBER, min_size=2, max_size=2),
    "angle": _NUMBER,
    "more": st.just(1),
}
_WHERE = st.sampled_from(
    [("target",), ("targets",), ("control", "target"), ("controls", "targets"), ("control",)]
)
_WHAT = {
    **dict.fromkeys(("rx", "ry", "rz", "xx", "yy", "zz"), ("rotation",)),
    **{"gpi": ("phase",), "gpi2": ("phase",), "ms": ("phases", "angle")},
}


@st.composite
def _gates(draw: st.DrawFn) -> dict:
    """Gates whose fields mostly go together."""
    name = draw(st.sampled_from([*qis_gates(), *native_gates(), "not", "pauliexp", "nop", "hh"]))
    own = _WHAT.get(name, ())
    what = draw(st.sampled_from([own, own, own, ("angle",), ("rotation",), ("more",), ("phase",)]))
    fields = dict.fromkeys((*draw(_WHERE), *what))
    return {"gate": name, **{key: draw(_FIELDS[key]) for key in fields}}


@settings(max_examples=400)
@given(_gates())
def test_what_is_read_quickly_is_what_careful_reading_gives(gate: dict) -> None:
    for quick, careful in ((quick_qis, qis_gate), (quick_native, native_gate)):
        event(f"{quick.__name__} reads it: {quick(gate, 3) is not None}")
        found = quick(gate, 3)
        if found is not None:
            (wanted,) = careful(Node(gate, "$", strict=True), 3)
            assert (found.row, found.wires, found.angles) == (
                wanted.row,
                wanted.wires,
                wanted.angles,
            )
