"""What OpenQASM programs mean, statement by statement, against circuits built by hand."""

import math
from pathlib import Path

import numpy as np
import pytest

from q_store import QuantumCircuit, from_qasm, scalar, vector
from q_store.frontends.trace import trace_circuit
from q_store.qir.observables import Expval, PauliSum, Probs, Sample
from q_store.testing.equivalence import assert_equivalent

HEAD = 'OPENQASM 3.0; include "stdgates.inc";\n'
TH, X, W = scalar("th"), vector("x", 2), vector("w", 3)


def three(body: str, **options: object) -> QuantumCircuit:
    return from_qasm(HEAD + body, **options)


def circuit(n: int = 3) -> QuantumCircuit:
    return QuantumCircuit(n)


SAME = {
    "broadcast over a register": ("qubit[3] q; h q; cx q[0:1], q[1:2];", None),
    "one qubit with a register": (
        "qubit a; qubit[2] b; cx a, b;",
        circuit().cx(0, 1).cx(0, 2),
    ),
    "definition": (
        "gate g(t) a, b { cx a, b; rz(t/2) b; ctrl @ gphase(t) a; } qubit[3] q; g(0.4) q[2], q[0];",
        circuit().cx(2, 0).rz(0, 0.2).p(2, 0.4),
    ),
    "names of a definition are its own": (
        "qubit[3] q; const float t = 9.0; gate g(t) q, h { rx(t) q; cx q, h; } g(0.1) q[1], q[2];",
        circuit().rx(1, 0.1).cx(1, 2),
    ),
    "loops": (
        "qubit[3] q; for uint i in [0:2] { rx(i*0.1) q[i]; } for int j in {2, 0} { h q[j]; }"
        " for int k in [2:-2:0] x q[k];",
        circuit().rx(0, 0.0).rx(1, 0.1).rx(2, 0.2).h(2).h(0).x(2).x(0),
    ),
    "break and continue": (
        "qubit[3] q; for int i in [0:9] { if (i == 1) { continue; } if (i > 2) { break; } "
        "x q[i]; }",
        circuit().x(0).x(2),
    ),
    "while and variables": (
        "qubit[3] q; int i = 3; while (i > 0) { i -= 1; ry(i / 2.0) q[i]; }",
        circuit().ry(2, 1.0).ry(1, 0.5).ry(0, 0.0),
    ),
    "switch": (
        "qubit[3] q; const int k = 2; switch (k) { case 0, 1 { x q[0]; } case 2 { y q[1]; } "
        "default { z q[2]; } }",
        circuit().y(1),
    ),
    "alias": ("qubit[3] q; let a = q[2:-1:1] ++ q[0]; cx a[0], a[2];", circuit().cx(2, 0)),
    "sets of indices": ("qubit[3] q; h q[{0, 2}]; x q[-1];", circuit().h(0).h(2).x(2)),
    "controls": (
        "qubit[3] q; ctrl(2) @ x q[0], q[1], q[2]; negctrl @ x q[0], q[1]; "
        "ctrl @ rx(0.3) q[1], q[0];",
        circuit().ccx(0, 1, 2).x(0).cx(0, 1).x(0).crx(1, 0, 0.3),
    ),
    "order of modifiers": (
        "qubit[3] q; ctrl @ negctrl @ inv @ pow(2) @ t q[2], q[0], q[1];",
        circuit().x(0).ccp(2, 0, 1, -math.pi / 2).x(0),
    ),
    "roots": (
        "qubit[3] q; pow(1/2.0) @ x q[0]; pow(0.25) @ z q[1]; pow(-0.5) @ rx(0.4) q[2];",
        circuit().sx(0).p(1, math.pi / 4).rx(2, -0.2),
    ),
    "phases": (
        "qubit[3] q; gphase(0.3); ctrl @ gphase(0.2) q[1]; negctrl @ gphase(0.1) q[0];",
        circuit().append("phase", [], 0.3).p(1, 0.2).x(0).p(0, 0.1).x(0),
    ),
    "arithmetic": (
        "qubit[3] q; rx(pi/2 + 3/2 - 2**3 % 5) q[0]; ry(sin(0.5)*sqrt(2.0)) q[1]; "
        "rz(-(1 << 2) + popcount(7) + floor(2.7)) q[2];",
        circuit()
        .rx(0, math.pi / 2 + 1 - 3)
        .ry(1, math.sin(0.5) * math.sqrt(2))
        .rz(2, -4.0 + 3 + 2),
    ),
    "arrays of numbers": (
        "qubit[3] q; array[float[64], 2, 2] a = {{0.1, 0.2}, {0.3, 0.4}}; a[1, 0] = 0.7; "
        "rx(a[1, 0]) q[sizeof(a)];",
        circuit().rx(2, 0.7),
    ),
    "casts and bits": (
        'qubit[3] q; bit[4] b = "1010"; uint[2] u = 5; if (b[1]) { rx(float(b)) q[u]; }',
        circuit().rx(1, 10.0),
    ),
    "subroutine": (
        "qubit[3] q; def f(qubit[2] r, float t) -> float { rz(t) r; return 2*t; } "
        "float k = f(q[1:2], 0.5); rx(k) q[0];",
        circuit().rz(1, 0.5).rz(2, 0.5).rx(0, 1.0),
    ),
    "box, delay, pragma, annotation": (
        "qubit[3] q;\npragma anything\n@note\nx q[0];\nbox { delay[10ns] q[0]; y q[1]; }",
        circuit().x(0).y(1),
    ),
    "physical qubits": ("cx $2, $0;", circuit().cx(2, 0)),
    "end": ("qubit[3] q; x q[0]; end; x q[1];", circuit().x(0)),
    "comments between": (
        "qubit[3] q; /* x q[0]; */ h // {\n q[0]; // x q[1];\ncx q[0], // a\n q[1];",
        circuit().h(0).cx(0, 1),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_statements(name: str) -> None:
    body, expected = SAME[name]
    found = three(body)
    wanted = expected or circuit().h(0).h(1).h(2).cx(0, 1).cx(1, 2)
    assert_equivalent(found.to_ir(), wanted.to_ir(), "exact")
    assert found.n_qubits == 3


def test_inputs_are_parameters_by_name() -> None:
    found = three(
        "input float th; input angle x; input array[float[64], 3] w; qubit[2] q;"
        "rx(2*th - x/2 + pi) q[0]; ry(w[2] * w[0]) q[1]; rz(exp(-th)) q[0];"
    )
    x = scalar("x")
    expected = QuantumCircuit(2).rx(0, 2 * TH - x / 2 + math.pi).ry(1, W[2] * W[0])
    expected.rz(0, np.exp(-TH))
    assert found.parameter_shapes == {"th": (), "x": (), "w": (3,)}
    assert found.to_ir().roles == ("weight", "input", "weight")
    assert_equivalent(found.to_ir(), expected.to_ir(), "exact")
    assert found[0].angles[0] == 2 * TH - 0.5 * x + math.pi


def test_matrices_and_loops_over_weights() -> None:
    found = three(
        "input array[float[64], 2, 2] m; qubit[2] q; for int i in [0:1] for int j in [0:1] "
        "{ rx(m[i, j]) q[j]; rz(m[i][j]) q[i]; }"
    )
    assert found.parameter_shapes == {"m": (2, 2)}
    assert len(found) == 8


def test_inputs_that_shape_the_circuit_are_given() -> None:
    text = "input int n; input bit[2] b; qubit[n] q; h q; if (b == 2) { x q[0]; }"
    found = three(text, constants={"n": 3, "b": 2})
    assert found == circuit().h(0).h(1).h(2).x(0)


def test_vectors_that_qiskit_takes_apart_are_put_together() -> None:
    found = three(
        "input float[64] _w_1_; input float[64] _w_0_; input float _y_1_; qubit q; "
        "rx(_w_1_) q; ry(_y_1_) q;"
    )
    assert found.parameter_shapes == {"w": (2,), "_y_1_": ()}
    assert repr(found[0].angles[0]) == "w[1]"


def test_final_measurements_are_what_is_observed() -> None:
    found = three("qubit[3] q; bit[2] c; h q; c[1] = measure q[0]; c[0] = measure q[2]; barrier q;")
    assert found.observations == (Sample((2, 0)),)
    assert [step.name for step in found] == ["h", "h", "h", "barrier"]
    old = from_qasm('include "qelib1.inc"; qreg q[2]; creg c[2]; x q[0]; measure q -> c;')
    assert old.observations == (Sample((0, 1)),)


def test_measurement_in_the_middle_and_conditions() -> None:
    found = three(
        "qubit[2] q; bit c; h q[0]; c = measure q[0]; if (c) { x q[1]; } else { z q[1]; } "
        "reset q[0];"
    )
    expected = QuantumCircuit(2).h(0).measure(0, bit="c")
    expected.if_bit("c", QuantumCircuit(2).x(1), QuantumCircuit(2).z(1)).reset(0)
    assert found == expected


@pytest.mark.parametrize(
    ("condition", "ones"),
    [
        ("c == 2", {0b10}),
        ("c != 2", {0b00, 0b01, 0b11}),
        ("c[0] == 1 && !c[1]", {0b01}),
        ("c[0] ^ c[1] == 1", {0b01, 0b10}),
        ("c > 1", {0b10, 0b11}),
        ("int(c) % 2 == 0", {0b00, 0b10}),
        ('c == "01"', {0b01}),
        ("c == 9", set()),
    ],
)
def test_conditions_on_several_bits(condition: str, ones: set[int]) -> None:
    from q_store.runtime.reference_func import density_matrix

    for value in range(4):
        flips = "".join(f"x q[{k}];" for k in range(2) if value >> k & 1)
        text = f"qubit[3] q; bit[2] c; {flips} c = measure q[0:1]; if ({condition}) {{ x q[2]; }}"
        rho = density_matrix(three(text).to_ir())
        state = int(np.argmax(np.diag(rho).real))
        assert state & 1 == (value in ones)


def test_bits_keep_the_latest_outcome() -> None:
    found = three("qubit[2] q; bit c; c = measure q[0]; x q[0]; c = measure q[0]; if (c) x q[1];")
    names = [step.bit for step in found]
    assert names == ["c", None, "c_1", "c_1"]


def test_openqasm_2_words_and_powers() -> None:
    found = from_qasm(
        'OPENQASM 2.0; include "qelib1.inc"; qreg in[1]; qreg bit[2]; gate let(angle) box, end '
        "{ rx(-2^2*angle/4) box; cx box, end; } let(1/2) in[0], bit[1]; CX bit[0], bit[1]; "
        "U(0, ln(2), 0) in[0]; if (pi == 3) x in[0];"
    )
    expected = circuit().rx(0, -0.5).cx(0, 2).cx(1, 2).u(0, 0.0, math.log(2), 0.0)
    assert_equivalent(found.to_ir(), expected.to_ir(), "exact")


def test_files_and_includes(tmp_path: Path) -> None:
    (tmp_path / "mine.inc").write_text("gate twice a { x a; y a; }\n")
    path = tmp_path / "my_circuit.qasm"
    path.write_text(HEAD + 'include "mine.inc"; qubit q; twice q;')
    found = from_qasm(path)
    assert found == QuantumCircuit(1).x(0).y(0)
    assert found.name == "my_circuit"
    assert from_qasm(str(path)) == found


def test_definitions_that_write_out_a_row_are_the_row() -> None:
    found = three(
        "gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; } gate ryy(t) a, b { rxx_(t) a, b; }"
        "gate iswap a, b { cx a, b; } gate rxx_(t) a, b { h a; }"
        "qubit[2] q; rzz(0.3) q[0], q[1]; iswap q[0], q[1];"
    )
    assert [step.name for step in found] == ["rzz", "cx"]


def test_notes_say_what_is_observed() -> None:
    found = three(
        "// q-store: observe expval 0.5*X0 Z1 + Z1\n// q-store: observe probs 1\n"
        "// q-store: input th\ninput float th; qubit[2] q; rx(th) q[0];"
    )
    assert found.observations == (Expval(PauliSum.parse("0.5*X0 Z1 + Z1")), Probs((1,)))
    assert found.to_ir().roles == ("input",)


def test_a_program_is_a_circuit_for_layers() -> None:
    traced = trace_circuit(
        HEAD + "input array[float[64], 2] x; qubit[2] q; rx(x[0]) q[0]; cx q[0], q[1];"
    )
    assert traced.input_names == ("x[0]", "x[1]")
    assert traced.n_qubits == 2
