"""Bodies that other tools sent, read back: the same circuits, their measurements included.

`bodies.json` holds what qiskit-ionq, cirq-ionq, PennyLane-IonQ and pytket-ionq would have posted
for small circuits, with the circuit as OpenQASM where the tool can write it.
"""

import base64
import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from q_store.frontends.ionq import read_circuits, read_ionq_json
from q_store.frontends.qasm import from_qasm, is_qasm
from q_store.qir.diagnostics import QStoreError
from q_store.qir.observables import Sample
from q_store.runtime.reference_func import unitary_of_func

ENTRIES = {
    entry["id"]: entry
    for entry in json.loads(Path(__file__).with_name("bodies.json").read_text("utf-8"))
}
READABLE = [name for name, entry in ENTRIES.items() if "body" in entry]

# What the documents do not say by OpenQASM, by gates: the tool's own units are in comments.
WRITTEN_OUT = {
    "pl_qpu_settings": "h q[0]; cx q[0],q[1]; h q[0]; z q[1]; s q[1]; h q[1];",
    # pytket counts in half turns: Rx(0.1) is rx(pi/10).
    "tk_qis_gates": "x q[0]; h q[0]; s q[0]; sdg q[0]; t q[0]; tdg q[0]; sx q[0]; sxdg q[0];"
    "rx(pi*0.1) q[0]; ry(pi*3.8) q[0]; rz(pi*0.3) q[0]; cx q[0],q[1]; swap q[0],q[1];"
    "rzz(pi*0.1) q[0],q[1]; rxx(pi*0.2) q[0],q[1]; sx q[0]; sx q[1]; rzz(pi*0.3) q[0],q[1];"
    "sxdg q[0]; sxdg q[1]; rzz(pi*0.5) q[0],q[1];",
    "v03_cq_batch": "h q[0]; cx q[0],q[1];",
    "v03_cq_bell": "h q[0]; cx q[0],q[1];",
    "v03_cq_debias": "h q[0]; cx q[0],q[1];",
    # Declared opaque there, so OpenQASM does not say what they are.
    "v03_qk_native": "x q[0]; rz(2*2*pi*0.1) q[0];"
    "rz(-2*pi*0.2) q[1]; rx(pi/2) q[1]; rz(2*pi*0.2) q[1];"
    "rz(-pi) q[1]; rxx(2*pi*0.1) q[0],q[1]; rz(pi) q[1]; rzz(2*pi*0.15) q[0],q[1];",
}
UNLIKE = {
    "qk_qasm3_mid_circuit": "a measurement in the middle has no unitary",
    "qk_qis_pauliexp_noncommuting_flag": "terms that do not commute: what the service makes of "
    "them is its own approximation",
}
# cirq's OpenQASM of its native gates and of powers is rounded to ten digits.
ROUNDED = 1e-6


def wanted(entry: dict, index: int, qubits: int) -> np.ndarray:
    """The unitary of the circuit the tool was given, on this many qubits.

    A circuit that was transpiled for a machine declares all of its qubits and uses two.
    """
    text = entry["circuits"][index]
    if entry["id"] in WRITTEN_OUT or not is_qasm(text):
        text = f'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; {WRITTEN_OUT[entry["id"]]}'
    text = re.sub(r"qreg q\[\d+\]", f"qreg q[{qubits}]", text)
    return unitary_of_func(from_qasm(text).to_ir(), {})


@pytest.mark.parametrize("name", [name for name in READABLE if name not in UNLIKE])
def test_the_circuit_is_the_one_that_was_given_to_the_tool(name: str) -> None:
    entry = ENTRIES[name]
    module = read_ionq_json(entry["body"])
    assert len(module.funcs) == len(entry["circuits"])
    for index, func in enumerate(module.funcs):
        made = unitary_of_func(func, {})
        overlap = abs(np.vdot(made, wanted(entry, index, func.n_qubits))) / len(made)
        assert overlap == pytest.approx(1.0, abs=ROUNDED)


def sampled(name: str) -> list[list[tuple[int, ...]]]:
    return [
        [item.qubits for item in circuit.observations if isinstance(item, Sample)]
        for circuit in read_circuits(ENTRIES[name]["body"])
    ]


def test_registers_of_other_tools_are_found() -> None:
    # qiskit-ionq: in a packed header, and in version 0.3 beside the input or in each circuit.
    assert sampled("qk_qis_bell_sim") == [[(0, 1)]]
    assert sampled("v03_qk_bell_sim") == [[(0, 1)]]
    assert sampled("v03_qk_multicircuit") == [[(0, 1)], [(2, 0)]]
    # cirq-ionq: one register per measurement key, in chunks of the metadata.
    assert sampled("cq_qis_bell_two_keys") == [[(0,), (2, 1)]]
    assert sampled("cq_multicircuit") == [[(0,)], [(0, 1)]]
    # PennyLane-IonQ says nothing: all qubits.
    assert sampled("pl_qpu_settings") == [[(0, 1)]]


def test_each_circuit_of_a_job_has_its_own_header() -> None:
    assert sampled("qk_native_multicircuit") == [[(0, 1)], [(0, 1)]]
    body = json.loads(json.dumps(ENTRIES["qk_native_multicircuit"]["body"]))
    header = [{"meas_mapped": [1, 0]}, {"meas_mapped": [None, 1]}]
    packed = base64.b64encode(gzip.compress(json.dumps(header).encode())).decode()
    body["metadata"]["qiskit_header"] = packed
    read = [[item.qubits for item in c.observations] for c in read_circuits(body)]
    assert read == [[(1, 0)], [(1,)]]


def test_headers_that_cannot_be_understood_are_left_alone() -> None:
    bomb = base64.b64encode(gzip.compress(b"0" * 5_000_000)).decode()
    for packed in ("", "!", "AAAA", bomb, base64.b64encode(gzip.compress(b"[]")).decode()):
        body = {**ENTRIES["qk_qis_bell_sim"]["body"], "metadata": {"qiskit_header": packed}}
        (circuit,) = read_circuits(body)
        assert circuit.observations == (Sample((0, 1)),)


DEVIATIONS = {
    "cq_native_forte_zz": ("$.lang", "cirq-ionq 1.7 still sends the `lang` of versions before 0.3"),
    "qk_qis_rot_1q": (
        "$.input.circuit[3].rotation",
        "qiskit-ionq sends a phase gate as `z` with a rotation, which the format does not have",
    ),
    "qk_qis_pauliexp": (
        "$.input.circuit[0]",
        "the published format names pauliexp, and has no fields for it",
    ),
    "v03_cq_bell": ("$.lang", "cirq-ionq 1.5 posts the `lang` and `body` of 0.1 to 0.3"),
    "tk_qis_gates": ("gateset", "pytket-ionq speaks version 0.1, which has no gate sets"),
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_strict_reading_names_where_a_tool_deviates(name: str) -> None:
    place, _ = DEVIATIONS[name]
    with pytest.raises(QStoreError) as caught:
        read_ionq_json(ENTRIES[name]["body"], strict=True)
    assert caught.value.code == "QS736"
    if name != "v03_cq_bell":
        assert place in str(caught.value)


def test_the_zz_of_cirq_is_read_by_its_only_meaning() -> None:
    """cirq-ionq sends `phase` where the format, qiskit-ionq and qBraid have `angle`."""
    circuit = {"gateset": "native", "qubits": 2}
    gate = {"gate": "zz", "targets": [0, 1], "phase": 0.25}
    body = {"type": "ionq.circuit.v1", "backend": "simulator"}
    document = {**body, "input": {**circuit, "circuit": [gate]}}
    right = {**body, "input": {**circuit, "circuit": [{**gate, "phase": None, "angle": 0.25}]}}
    assert str(read_ionq_json(document)) == str(read_ionq_json(right))
    with pytest.raises(QStoreError, match=r"QS736.*circuit\[0\]\.phase"):
        read_ionq_json(document, strict=True)


def test_terms_that_do_not_commute_are_refused() -> None:
    with pytest.raises(QStoreError, match=r"QS735.*terms 0 and 1 do not commute"):
        read_ionq_json(ENTRIES["qk_qis_pauliexp_noncommuting_flag"]["body"])


def test_openqasm_in_a_job_is_read() -> None:
    (func,) = read_ionq_json(ENTRIES["qk_qasm3_mid_circuit"]["body"]).funcs
    assert [op.defn.name for op in func.ops][:4] == ["q.alloc", "q.h", "q.measure", "q.x"]


CLEAN = [
    name
    for name in READABLE
    if name.startswith("qk_") and not {"pauliexp", "rot", "qasm3"} & set(name.split("_"))
]


@pytest.mark.parametrize("name", CLEAN)
def test_other_bodies_of_qiskit_are_within_the_format(name: str) -> None:
    assert read_ionq_json(ENTRIES[name]["body"], strict=True).funcs
