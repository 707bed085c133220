"""What the statements mean: each program beside the circuit of the builder it stands for."""

import math
from collections.abc import Callable

import numpy as np
import pytest

import q_store
from q_store import QuantumCircuit, from_dsl
from q_store.frontends.dsl import is_dsl
from q_store.frontends.symbols import matrix, scalar, vector
from q_store.frontends.trace import trace_circuit
from q_store.qir.diagnostics import QStoreError
from q_store.qir.identity import same_func
from q_store.qir.printer import print_func
from q_store.qir.verifier import verify
from q_store.runtime.reference_func import unitary_of_func

C = QuantumCircuit
X, W, T = vector("x", 3), matrix("w", 2, 3), scalar("t")

PROGRAMS: dict[str, tuple[str, Callable[[], QuantumCircuit]]] = {
    "gates of the table and their aliases": (
        "qubits q[3]; h q[0]; cnot q[0], q[1]; CX q[1], q[2]; ccx q[0], q[1], q[2]; phase(0.5)",
        lambda: C(3).h(0).cx(0, 1).cx(1, 2).ccx(0, 1, 2).phase(0.5),
    ),
    "registers follow each other": (
        "qubits a[1], b[2]; qubits c[1]; x a; y b[1]; z c[0]",
        lambda: C(4).x(0).y(2).z(3),
    ),
    "a gate on a register": ("qubits q[3]; h q", lambda: C(3).h(0).h(1).h(2)),
    "groups in step": (
        "qubits q[4]; cx q[0..3], q[1..4]",
        lambda: C(4).cx(0, 1).cx(1, 2).cx(2, 3),
    ),
    "one qubit with many": (
        "qubits q[4]; cx q[3], q[0..3]; cz q[1, 2], q[0]",
        lambda: C(4).cx(3, 0).cx(3, 1).cx(3, 2).cz(1, 0).cz(2, 0),
    ),
    "lists and ranges with steps": (
        "qubits q[6]; h q[0, 3..5]; x q[0..6 step 2]; y q[5..-1 step -3]",
        lambda: C(6).h(0).h(3).h(4).x(0).x(2).x(4).y(5).y(2),
    ),
    "empty groups do nothing": (
        "qubits q[1]; const n = 1; cx q[0..n-1], q[1..n]; h q",
        lambda: C(1).h(0),
    ),
    "numbers": (
        "qubits q[1]; rx(-2) q; rx(.5) q; rx(1e-3) q; rx(2.5E+2) q; rx(pi/4) q; rx(-pi) q",
        lambda: (
            C(1).rx(0, -2).rx(0, 0.5).rx(0, 1e-3).rx(0, 250.0).rx(0, math.pi / 4).rx(0, -math.pi)
        ),
    ),
    "arithmetic": (
        "qubits q[1]; rx(1 + 2*3 - 4/2) q; rx(2**3 % 5) q; rx(-2**2) q; rx(2**-1) q; rx(7/2) q; "
        "rx((1 + 2)*3) q; rx(+5 - -5) q; rx(10 - 4 - 3) q; rx(12/3/2) q",
        lambda: (
            C(1)
            .rx(0, 5.0)
            .rx(0, 3.0)
            .rx(0, -4.0)
            .rx(0, 0.5)
            .rx(0, 3.5)
            .rx(0, 9.0)
            .rx(0, 10.0)
            .rx(0, 3.0)
            .rx(0, 2.0)
        ),
    ),
    "functions of numbers": (
        "qubits q[1]; rx(sin(0.5)) q; rx(floor(7/2) + ceil(0.1)) q; rx(min(1, 2)*max(3, 4)) q; "
        "rx(atan2(1, 2) + sqrt(2)) q; rx(abs(-3)) q",
        lambda: (
            C(1)
            .rx(0, math.sin(0.5))
            .rx(0, 4.0)
            .rx(0, 4.0)
            .rx(0, math.atan2(1, 2) + math.sqrt(2))
            .rx(0, 3.0)
        ),
    ),
    "indices": (
        "const n = 4; qubits q[n]; for i in 0..n { cx q[i], q[(i + 1) % n] }; h q[n/2]; x q[2**1]",
        lambda: C(4).cx(0, 1).cx(1, 2).cx(2, 3).cx(3, 0).h(2).x(2),
    ),
    "loops": (
        "qubits q[3]; for i in 0..2 { for j in i+1..3 { cz q[i], q[j] } }; for i in 2..-1 step -1 "
        "{ h q[i] }; for i in 5..2 { x q[0] }",
        lambda: C(3).cz(0, 1).cz(0, 2).cz(1, 2).h(2).h(1).h(0),
    ),
    "layers": (
        "qubits q[1]; layer 2 { h q }; layer 0..1 { x q }; layer l in 1..3 { rx(l) q }",
        lambda: C(1).h(0).h(0).x(0).rx(0, 1.0).rx(0, 2.0),
    ),
    "parameters": (
        "qubits q[2]; input x[3]; weight w[2, 3], t; rx(2*x[0] - t/2 + 1) q[0]; ry(w[1, 2]) q[1]",
        lambda: C(2).rx(0, 2 * X[0] - T / 2 + 1).ry(1, W[1, 2]),
    ),
    "vectors of angles": (
        "qubits q[3]; input x[3]; weight w[2, 3]; rx(pi*x) q; ry(w[1]) q; rz(w[0, 1..3]) q[0..2]; "
        "rx(-x + w[0]/2) q; rzz(w[0, 0..2]) q[0..2], q[1..3]; ry(sin(x[0..2])) q[1..3]",
        lambda: _vectors(),
    ),
    "angles that are not affine": (
        "qubits q[1]; input x[3]; weight t; rx(x[0]*x[1]) q; ry(t**2 + sin(x[2])/t) q; "
        "rz(2*exp(-t) - pow(t, x[0])) q; p((pi - x[0])*(pi - x[1])) q",
        lambda: (
            C(1)
            .rx(0, X[0] * X[1])
            .ry(0, T**2 + np.sin(X[2]) / T)
            .rz(0, 2 * np.exp(-T) - T ** X[0])
            .p(0, (math.pi - X[0]) * (math.pi - X[1]))
        ),
    ),
    "derived numbers": (
        "qubits q[2]; input x[3]; derived y = sin(x[0])*x[1]; derived v = 2*x; rx(y + 1) q[0]; "
        "ry(v[2]) q[1]; rz(y) q[1]",
        lambda: C(2).rx(0, np.sin(X[0]) * X[1] + 1).ry(1, 2 * X[2]).rz(1, np.sin(X[0]) * X[1]),
    ),
    "sums in angles": (
        "qubits q[1]; input x[3]; rx(0.5*sum(i in 0..3) i*x[i] + 1) q; "
        "ry(sum(i in 0..2) sum(j in 0..2) (i + j)) q",
        lambda: C(1).rx(0, 0.5 * (X[1] + 2 * X[2]) + 1).ry(0, 4.0),
    ),
    "gates of the program": (
        "qubits q[3]; weight t; gate ent(a, b) u, v { cx u, v; rz(a - b) v; cx u, v }\n"
        "gate twice(a) u, v { ent(a, 0) u, v; ent(2*a, 1) v, u }\n"
        "ent(t, 0.5) q[0], q[1]; twice(t) q[1..3], q[0]",
        lambda: (
            C(3)
            .cx(0, 1)
            .rz(1, T - 0.5)
            .cx(0, 1)
            .cx(1, 0)
            .rz(0, 1.0 * T)
            .cx(1, 0)
            .cx(0, 1)
            .rz(1, 2 * T - 1)
            .cx(0, 1)
            .cx(2, 0)
            .rz(0, 1.0 * T)
            .cx(2, 0)
            .cx(0, 2)
            .rz(2, 2 * T - 1)
            .cx(0, 2)
        ),
    ),
    "gates are hygienic": (
        "qubits q[2]; const a = 3\ngate g(b) u { const c = a + b; rx(c) u; layer b { h u } }\n"
        "for b in 1..3 { for i in 0..1 { g(b) q[i] } }\ngate k(a) q { ry(a) q }; k(5) q[1]",
        lambda: C(2).rx(0, 4.0).h(0).rx(0, 5.0).h(0).h(0).ry(1, 5.0),
    ),
    "gates without wires of their own names": (
        "qubits u[1], v[1]; gate swapped a, b { cx b, a }; swapped u, v",
        lambda: C(2).cx(1, 0),
    ),
    "controls": (
        "qubits q[4]; weight t; ctrl @ rx(2*t + 0.1) q[0], q[1]; ctrl(2) @ z q[0], q[1], q[2]; "
        "ctrl @ ctrl @ x q[3], q[2], q[1]; ctrl @ phase(t) q[2]",
        lambda: C(4).crx(0, 1, 2 * T + 0.1).ccz(0, 1, 2).ccx(3, 2, 1).p(2, T),
    ),
    "negative controls": (
        "qubits q[3]; negctrl @ x q[1], q[0]; ctrl @ negctrl @ x q[0], q[1], q[2]",
        lambda: C(3).x(1).cx(1, 0).x(1).cx(0, 1).ccx(0, 1, 2).cx(0, 1),
    ),
    "inverses": (
        "qubits q[1]; weight t; gate g u { s u; rx(t) u }; inv @ s q; inv @ g q; inv @ inv @ t q",
        lambda: C(1).sdg(0).rx(0, -T).sdg(0).t(0),
    ),
    "powers": (
        "qubits q[2]; weight t; pow(3) @ h q[0]; pow(-2) @ s q[0]; pow(0.5) @ rx(t) q[1]; "
        "pow(0) @ x q[0]; ctrl @ pow(2) @ p(t) q[0], q[1]; inv @ pow(2) @ t q[0]",
        lambda: (
            C(2).h(0).h(0).h(0).sdg(0).sdg(0).rx(1, 0.5 * T).cp(0, 1, T).cp(0, 1, T).tdg(0).tdg(0)
        ),
    ),
    "modifiers in step": (
        "qubits q[4]; ctrl @ x q[0..2], q[2..4]; inv @ s q",
        lambda: C(4).cx(0, 2).cx(1, 3).sdg(0).sdg(1).sdg(2).sdg(3),
    ),
    "noise": (
        "qubits q[2]; const p = 0.1; noise depolarizing(p/2) q; noise pauli(0.1, 0.2, 0.3) q[1]; "
        "noise depolarizing2(p) q[1], q[0]",
        lambda: (
            C(2)
            .depolarizing(0, 0.05)
            .depolarizing(1, 0.05)
            .append("pauli", [1], 0.1, 0.2, 0.3)
            .append("depolarizing2", [1, 0], 0.1)
        ),
    ),
    "bits": (
        "qubits q[3]; measure q[0] -> c; if c { x q[1] }; if c == 0 { h q[2]; z q[1] } else "
        "{ y q[0] }\nif c == 1 { t q[0] }\nelse { s q[0] }",
        lambda: (
            C(3)
            .measure(0, bit="c")
            .if_bit("c", C(3).x(1))
            .if_bit("c", C(3).y(0), C(3).h(2).z(1))
            .if_bit("c", C(3).t(0), C(3).s(0))
        ),
    ),
    "bits of a register": (
        "qubits q[3]; measure q[1..3] -> c; for i in 0..2 { if c[i] { x q[i] } }; "
        "measure q[0] -> d[7]; if d[7] { reset q[1, 2] }",
        lambda: (
            C(3)
            .measure(1, bit="c_0")
            .measure(2, bit="c_1")
            .if_bit("c_0", C(3).x(0))
            .if_bit("c_1", C(3).x(1))
            .measure(0, bit="d_7")
            .if_bit("d_7", C(3).reset(1).reset(2))
        ),
    ),
    "reset and barrier": (
        "qubits q[3]; reset q[0], q[2]; barrier q[1..3]; barrier; gate g u, v { barrier; h u }; "
        "g q[2], q[0]",
        lambda: C(3).reset(0).reset(2).barrier(1, 2).barrier().barrier(2, 0).h(2),
    ),
    "observables": (
        "qubits q[3]; h q[0]; expect 0.5*X0 Z2 + Z1; expect Z0; expval -X[1]*Y[2] - 2",
        lambda: C(3).h(0).expval("0.5*X0 Z2 + Z1", "Z0", "-X1 Y2 - 2"),
    ),
    "observables with arithmetic": (
        "qubits a[1], q[3]; const n = 3; const J = 0.5; h a\n"
        "expect J/2*sum(i in 0..n-1) Z[i] Z[i+1] - cos(0)*(X0 + X1)*(1 - Y3)\n"
        "expect X[q[0]] Z[a[0]] + (Z0 + X0)*(Z0 + X0)\n"
        "for i in 0..2 { expect Z[2*i] }\nexpect 3; expect I; expect X0 Y0 Z0 X0 Y0 Z0",
        lambda: (
            C(4)
            .h(0)
            .expval("0.25*Z0 Z1 + 0.25*Z1 Z2 - X0 + X0 Y3 - X1 + X1 Y3", "Z0 X1 + 2")
            .expval("Z0", "Z2", "3", "I", "-1*I")
        ),
    ),
    "other observations": (
        "qubits q[3]; h q[1]; probs; probs q[2], q[0]; sample q[0..2]; state",
        lambda: C(3).h(1).probs().probs(2, 0).sample(0, 1).state(),
    ),
    "measurements at the end": (
        "qubits q[3]; h q; measure q[2]; x q[0]; measure q[0..2]",
        lambda: C(3).h(0).h(1).h(2).x(0).measure(2, 0, 1),
    ),
    "layout": (
        "\n\n# a comment\nqubits q[2] // another; not a statement\n;;\n\th q[0] ; ; x q[1]\r\n"
        "rx(\n  1 +\n  2  # half\n  * 3\n) q[0]\ncx q[\n0\n], q[1]\nexpect (Z0\n  + Z1)\n",
        lambda: C(2).h(0).x(1).rx(0, 7.0).cx(0, 1).expval("Z0 + Z1"),
    ),
}


def _vectors() -> QuantumCircuit:
    circuit = C(3)
    for q in range(3):
        circuit.rx(q, math.pi * X[q])
    for q in range(3):
        circuit.ry(q, W[1, q])
    circuit.rz(0, W[0, 1]).rz(1, W[0, 2])
    for q in range(3):
        circuit.rx(q, W[0, q] / 2 - X[q])
    circuit.rzz(0, 1, W[0, 0]).rzz(1, 2, W[0, 1])
    return circuit.ry(1, np.sin(X[0])).ry(2, np.sin(X[1]))


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_mean_what_the_builder_says(name: str) -> None:
    text, build = PROGRAMS[name]
    func = from_dsl(text)
    verify(func)
    circuit = build()
    for value, role in zip(func.args, func.roles, strict=True):
        circuit.parameter_table.declare(value.name, value.type.shape, role)
    expected = circuit.to_ir()
    values = {value.name: value for value in expected.args}
    assert sorted(values) == sorted(value.name for value in func.args)
    in_order = tuple([values[value.name] for value in func.args])
    expected = expected.replace(args=in_order, roles=func.roles)
    assert print_func(func, canonical=True) == print_func(expected, canonical=True)


def test_else_if_is_an_if_in_an_else() -> None:
    head = "qubits q[3]; measure q[0..2] -> c; if c[0] { x q[2] } else "
    short = from_dsl(head + "if c[1] { y q[2] } else { h q[2] }")
    assert same_func(short, from_dsl(head + "{ if c[1] { y q[2] } else { h q[2] } }"))


def test_bits_of_a_branch_stay_there() -> None:
    text = "qubits q[2]; measure q[0] -> c; if c { measure q[1] -> d; if d { x q[0] } }"
    verify(from_dsl(text))
    with pytest.raises(QStoreError, match="no bit `d`"):
        from_dsl(f"{text}; if d {{ x q[1] }}")


def test_a_bit_measured_again_is_read_anew() -> None:
    func = from_dsl("qubits q[2]; measure q[0] -> c; measure q[1] -> c; if c { x q[0] }")
    assert func.ops[-1].operands[0] is func.ops[-2].results[1]


def test_names_of_results_are_kept() -> None:
    func = from_dsl("qubits q[1]; expect Z0 as energy; probs as p1; expect X0")
    assert [value.name for value in func.results] == ["energy", "p1", "e"]


def test_arguments_stand_in_the_order_declared() -> None:
    func = from_dsl("qubits q[1]; weight b, a[2]; input z; rx(z) q; rx(a[1]) q")
    assert [(value.name, role) for value, role in zip(func.args, func.roles, strict=True)] == [
        ("b", "weight"),
        ("a", "weight"),
        ("z", "input"),
    ]


def test_the_name_of_the_circuit() -> None:
    assert from_dsl("circuit bell\nqubits q[2]").name == "bell"
    assert from_dsl("qubits q[2]").name == "main"


def test_modifiers_of_gates_of_the_program() -> None:
    """Against the matrices: a control makes a global phase a real one."""
    text = "qubits q[3]; gate g(t) u, v { h u; phase(t); cx u, v; rz(2*t) v }\n"
    own = unitary_of_func(from_dsl(text.replace("q[3]", "q[2]") + "g(0.7) q[0], q[1]"))
    eye, zero = np.eye(4), np.zeros((4, 4))
    controlled = np.block([[eye, zero], [zero, own]])
    negative = np.block([[own, zero], [zero, eye]])

    def unitary(line: str) -> np.ndarray:
        return unitary_of_func(from_dsl(text + line))

    np.testing.assert_allclose(unitary("ctrl @ g(0.7) q[0], q[1], q[2]"), controlled, atol=1e-12)
    np.testing.assert_allclose(unitary("negctrl @ g(0.7) q[0], q[1], q[2]"), negative, atol=1e-12)
    both = unitary("inv @ ctrl @ pow(2) @ g(0.7) q[0], q[1], q[2]")
    np.testing.assert_allclose(both @ controlled @ controlled, np.eye(8), atol=1e-12)


# --- values from outside ----------------------------------------------------------------------

SIZED = "circuit c(n=2, k)\nconst a = n/2\nqubits q[n]; layer k { rx(a) q }"


@pytest.mark.parametrize(
    ("defines", "qubits", "angle"),
    [
        ({"k": 1}, 2, 1.0),
        ({"k": 1, "n": 3}, 3, 1.5),
        ({"k": "2 - 1", "n": "2**2"}, 4, 2.0),
        ({"k": np.int64(1), "a": 0.25}, 2, 0.25),
        ({"k": 1, "a": "pi/2"}, 2, math.pi / 2),
    ],
)
def test_values_from_outside(defines: dict[str, object], qubits: int, angle: float) -> None:
    func = from_dsl(SIZED, defines=defines)
    assert func.n_qubits == qubits
    assert [op.angles[0].const for op in func.gates] == [angle] * qubits


@pytest.mark.parametrize(
    ("defines", "message"),
    [
        ({}, "`k` has no value"),
        ({"k": 1, "m": 2}, "no setting or constant `m`"),
        ({"k": 1, "q": 2}, "no setting or constant `q`"),
        ({"k": "1 +"}, "`k=1 \\+` is no number"),
        ({"k": "x"}, "`k=x` is no number: unknown name `x`"),
        ({"k": "1; h q"}, "is no number"),
        ({"k": True}, "`k` must be a number, got True"),
        ({"k": None}, "`k` must be a number"),
        ({"k": math.inf}, "usable size"),
        ({"k": 2**60}, "usable size"),
    ],
)
def test_bad_values_from_outside(defines: dict[str, object], message: str) -> None:
    with pytest.raises(QStoreError, match=message) as caught:
        from_dsl(SIZED, defines=defines)
    assert caught.value.code == "QS137"


def test_constants_of_blocks_cannot_be_given() -> None:
    with pytest.raises(QStoreError, match="no setting or constant `a`"):
        from_dsl("qubits q[1]; layer 2 { const a = 1 }", defines={"a": 2})


# --- where programs are accepted --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("qubits q[2]", True),
        ("  # note\n// more\n;circuit a", True),
        ("weight w\nqubits q[1]", True),
        ("qir 1\nfunc @f() {\n  return\n}\n", False),
        ("OPENQASM 3.0;\nqubit[2] q;", False),
        ("func @f() {", False),
        ("", False),
        ("# only a comment", False),
    ],
)
def test_telling_programs_from_other_text(text: str, expected: bool) -> None:
    assert is_dsl(text) is expected


def test_a_program_is_a_circuit_function() -> None:
    traced = trace_circuit("qubits q[2]; input x[2]; weight w; rx(x) q; ry(w) q[0]; expect Z0 Z1")
    assert traced.input_names == ("x[0]", "x[1]")
    assert traced.weight_names == ("w",)
    assert repr(traced.observations) == "(expval(Z0 Z1),)"
    by_call = trace_circuit(lambda inputs, weights: "qubits q[1]; input x; rx(x) q", 1)
    assert by_call.input_names == ("x",)


def test_the_public_names() -> None:
    func = q_store.from_dsl("qubits q[1]; h q; expect X0")
    assert q_store.to_dsl(func) == "circuit main\nqubits q[1]\nh q[0]\nexpect X0\n"
    assert q_store.to_dsl(QuantumCircuit(1).h(0)) == "circuit main\nqubits q[1]\nh q[0]\n"


@pytest.mark.parametrize("text", [None, 3, b"qubits q[1]"])
def test_only_text_is_a_program(text: object) -> None:
    with pytest.raises(QStoreError, match="a program is text"):
        from_dsl(text)
