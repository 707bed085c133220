"""What `--emit` writes is what the tools it is for read, and `-D` shapes programs."""

import math
import runpy
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cirq
import numpy as np
import pennylane as qml
import pytest
from hypothesis import HealthCheck, given, settings
from qiskit import qpy
from xdsl.context import Context
from xdsl.parser import Parser

import q_store
from q_store.command.arguments import EMIT_KINDS
from q_store.command.emitting import KINDS
from q_store.frontends.trace import as_func
from q_store.qir import dialects
from q_store.qir.func import Func
from q_store.qir.parser import parse_module
from q_store.runtime.reference_func import observations_of_func, unitary_of_func
from q_store.targets.pennylane_text import to_pennylane_text
from q_store.testing.strategies import circuits

PROGRAM = """circuit bell(n=2)
qubits q[n]
weight t, w[2]
ry(t) q[0]
rz(w[1]/2) q[0]
for i in 0..n-1 { cx q[i], q[i+1] }
expect 0.5*Z0 Z1 + X0 as energy
probs q[0]
"""
READERS: dict[str, Callable[[bytes], object]] = {
    "ir": lambda data: data.decode(),
    "dsl": lambda data: data.decode(),
    "qasm3": lambda data: data.decode(),
    "qiskit": lambda data: qpy.load(BytesIO(data))[0],
    "cirq": lambda data: cirq.read_json(json_text=data.decode()),
}
WEIGHTS = {"t": 0.3, "w": [0.1, 0.7]}


@pytest.fixture
def program(folder: Path) -> Path:
    path = folder / "bell.qst"
    path.write_text(PROGRAM)
    return path


@pytest.mark.parametrize("kind", READERS)
def test_circuits_in_other_forms(kind: str, program: Path, qstorec: Callable) -> None:
    expected = q_store.compile(program)(WEIGHTS)
    done = qstorec("compile", "bell.qst", "--emit", f"{kind}=out")
    assert (done.code, done.err) == (0, "")
    again = q_store.compile(READERS[kind]((program.parent / "out").read_bytes()))
    for left, right in zip(again(WEIGHTS), expected, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-12)


def test_without_a_file_text_is_printed_and_binary_data_refused(
    program: Path, qstorec: Callable
) -> None:
    for kind in sorted(set(EMIT_KINDS) - {"qasm2"}):
        done = qstorec("compile", "bell.qst", "--emit", kind)
        assert done.code == (kind in ("qiskit", "executable")), (kind, done.err)
        assert bool(done.out) != bool(done.code)
    assert done.code == 0
    done = qstorec("compile", "bell.qst", "--emit", "qiskit")
    assert "help: name a file: --emit qiskit=out.qpy" in done.err


def test_kinds_are_those_of_the_command_line() -> None:
    assert set(EMIT_KINDS) == {*KINDS, "drawing", "stats", "stats-json"}


def test_openqasm_2_has_no_parameters(program: Path, qstorec: Callable) -> None:
    done = qstorec("compile", "bell.qst", "--emit", "qasm2")
    assert (done.code, done.out) == (1, "")
    assert "QS382" in done.err
    (program.parent / "plain.qst").write_text("qubits q[2]; h q[0]; cx q[0], q[1]; sample")
    done = qstorec("compile", "plain.qst", "--emit", "qasm2")
    expected = q_store.compile("qubits q[2]; h q[0]; cx q[0], q[1]; state").func
    found = q_store.compile(done.out, output="state").func
    np.testing.assert_allclose(observations_of_func(found)[0], observations_of_func(expected)[0])


def test_mlir_parses(program: Path, qstorec: Callable) -> None:
    context = Context(allow_unregistered=True)
    Parser(context, qstorec("compile", "bell.qst", "--emit", "mlir").out).parse_module()


def test_several_circuits_of_a_module_are_several_circuits_of_qiskit(
    folder: Path, qstorec: Callable
) -> None:
    funcs = [
        f"func @{n}() -> (qubit) {{\n  %q = q.alloc 1\n  %r = q.{n} %q\n  return %r\n}}\n"
        for n in ("x", "h")
    ]
    (folder / "two.qir").write_text("qir 1\n" + "\n".join(funcs))
    assert qstorec("compile", "two.qir", "--emit", "qiskit=two.qpy").code == 0
    found = qpy.load(BytesIO((folder / "two.qpy").read_bytes()))
    assert [circuit.name for circuit in found] == ["x", "h"]
    again = qstorec("compile", "two.qpy", "-p", "").out
    assert again.count("func @") == 2
    assert again.count("q.x") == again.count("q.h") == 1


# --- PennyLane --------------------------------------------------------------------------------


def run_source(text: str, folder: Path, n_qubits: int, values: dict) -> list:
    path = folder / "made.py"
    path.write_text(text)
    (function,) = [f for f in runpy.run_path(str(path)).values() if hasattr(f, "__code__")]
    kind = "default.qubit" if "measure" in text else "default.mixed"
    device = qml.device(kind, wires=None if "measure" in text else n_qubits)
    found = qml.QNode(function, device)(**{k: np.asarray(v) for k, v in values.items()})
    return list(found) if isinstance(found, tuple | list) else [found]


def test_the_source_for_pennylane(program: Path, qstorec: Callable) -> None:
    text = qstorec("compile", "bell.qst", "--emit", "pennylane").out
    assert "q_store" not in text
    found = run_source(text, program.parent, 2, WEIGHTS)
    expected = q_store.compile(program)(WEIGHTS)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-9)


QNODES = """
import pennylane as qml

@qml.qnode(qml.device("default.qubit", wires=["b", "a"]))
def node():
    qml.RX(0.3, "a")
    qml.CNOT(["a", "b"])
    return qml.expval(qml.Z("b"))

tape = qml.tape.QuantumScript([qml.H(0)], [qml.expval(qml.X(0))])
"""


def test_files_of_pennylane_are_programs(program: Path, qstorec: Callable) -> None:
    """What was written for it, QNodes and tapes."""
    emitted = "noise bit_flip(0.1) q[0]; expect Z0"
    (program.parent / "a.qst").write_text(f"qubits q[1]; ry(0.4) q; {emitted}")
    qstorec("compile", "a.qst", "--emit", "pennylane=made.py")
    expected = qstorec("run", "a.qst").out
    assert qstorec("run", "made.py:main").out == expected
    (program.parent / "nodes.py").write_text(QNODES)
    assert "q.cx %q1.1, %q0" in qstorec("compile", "nodes.py:node", "-p", "", "--emit", "ir").out
    assert "expval(X0)" in qstorec("compile", "nodes.py:tape", "--emit", "ir").out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(circuits(mid_circuit=False).filter(lambda f: not any(a.type.linear for a in f.args)))
def test_sources_do_what_the_circuit_does(tmp_path: Path, func: Func) -> None:
    rng = np.random.default_rng(3)
    values = {v.name: rng.uniform(0.2, 0.9, v.type.shape) for v in func.args}
    wires = range(func.n_qubits)
    path = tmp_path / "made.py"
    path.write_text(to_pennylane_text(func))
    (function,) = [f for f in runpy.run_path(str(path)).values() if hasattr(f, "__code__")]
    named = dict(zip(function.__code__.co_varnames, values.values(), strict=False))
    if any(op.defn.dialect == "n" or op.defn is dialects.RESET for op in func.ops):
        function(**named)
        return
    tape = qml.tape.make_qscript(function)(**named)
    gates = qml.tape.QuantumScript([op for op in tape.operations if op.name != "Barrier"])
    plain = q_store.QuantumCircuit.from_ir(func).bind(
        {name: value.tolist() for name, value in values.items()}
    )
    found = qml.matrix(gates, wire_order=wires) if gates.operations else np.eye(2**func.n_qubits)
    np.testing.assert_allclose(found, unitary_of_func(plain.to_ir()), atol=1e-9)


SOURCES = {
    "a gate by its parts": "qubits q[3]; rccx q[0], q[1], q[2]; expect Z0",
    "controls": "qubits q[3]; h q; ctrl(2) @ ry(0.3) q[0], q[1], q[2]; expect Z2",
    "adjoint": "qubits q[1]; h q; sdg q; expect Y0",
    "phase": "qubits q[1]; weight t; h q; ctrl @ phase(t) q[0]; phase(2*t); expect X0",
    "noise": "qubits q[2]; h q; noise depolarizing(0.1) q[0]; noise pauli(0.1, 0.2, 0.05) q[1]\n"
    "noise amplitude_damping(0.3) q[0]; expect X0; expect X1",
    "conditions": "qubits q[2]; ry(0.7) q[0]; measure q[0] -> c; if c { x q[1] } else { h q[1] }\n"
    "reset q[0]; expect Z0; expect Z1",
    "functions": "qubits q[1]; weight t, w[2]; ry(sin(t)*w[0] + atan2(w[1], t)) q; expect Z0",
    "words": "qubits q[1]; weight lambda, pi2, qml; ry(lambda + pi2*qml) q; expect Z0 + 0.5",
    "kinds": "qubits q[2]; h q; probs q[1], q[0]; expect 0.5*X0 X1 - Z0",
}


@pytest.mark.parametrize("name", SOURCES)
def test_sources_of_every_kind(name: str, tmp_path: Path) -> None:
    func = as_func(SOURCES[name])
    values = {v.name: np.linspace(0.3, 0.8, v.type.size).reshape(v.type.shape) for v in func.args}
    text = to_pennylane_text(func)
    if name == "words":
        assert "def main(lambda_, pi2, qml_):" in text
        values = {{"lambda": "lambda_", "qml": "qml_"}.get(k, k): v for k, v in values.items()}
    found = run_source(text, tmp_path, func.n_qubits, values)
    values = {k.removesuffix("_"): v for k, v in values.items()}
    bound = q_store.QuantumCircuit.from_ir(func).bind(
        {name: value.tolist() for name, value in values.items()}
    )
    for left, right in zip(found, observations_of_func(bound.to_ir()), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-9)


@pytest.mark.parametrize(
    "body",
    [
        "noise readout(0.1, 0.2) q[0]; expect X0",
        "measure q[0] -> c; if c { reset q[1] }; expect Z1",
        "measure q -> c; if c[0] { if c[1] { x q[1] } }; expect Z1",
    ],
)
def test_what_pennylane_has_no_words_for(body: str) -> None:
    func = as_func(f"qubits q[2]; h q; {body}")
    for write in (to_pennylane_text, q_store.to_pennylane):
        with pytest.raises(q_store.QStoreError) as caught:
            write(func)
        assert caught.value.code == "QS356"


# --- defines ----------------------------------------------------------------------------------


def test_defines_shape_what_is_compiled(program: Path, qstorec: Callable) -> None:
    done = qstorec("compile", "bell.qst", "-D", "n=4", "--emit", "stats")
    assert done.code == 0
    assert done.out.count("cx") == 1
    assert next(line for line in done.out.splitlines() if "cx" in line).split()[1] == "3"
    assert qstorec("draw", "bell.qst", "-D", "n=2*2", "--width", "0").out.count("q3:") == 1
    assert qstorec("validate", "bell.qst", "-D", "n=3").code == 0
    bound = ["--bind", "t=0.3", "--bind", "w=[0.1,0.7]"]
    assert qstorec("run", "bell.qst", "-D", "n=3", *bound).code == 0
    piped = qstorec("compile", "-", "-D", "n=3", stdin=PROGRAM.encode())
    assert piped.out == qstorec("compile", "bell.qst", "-D", "n=3").out


def test_numbers_are_bound_before_the_passes(program: Path, qstorec: Callable) -> None:
    some = qstorec("compile", "bell.qst", "--bind", "w[1]=pi/2", "--emit", "dsl")
    assert (some.code, "w[1]" in some.out, "weight w[2]" in some.out) == (0, False, True)
    assert "as energy" in some.out
    bound = ("--bind", "t=.3", "--bind", "w=[0.1,pi]")
    left = qstorec("run", "-", *bound, stdin=some.out.encode())
    whole = qstorec("run", "bell.qst", "--bind", "t=.3", "--bind", "w=[0.1,pi/2]")
    assert (left.code, left.out) == (0, whole.out)
    assert qstorec("compile", "bell.qst", "--emit", "qasm2").code == 1
    assert qstorec("compile", "bell.qst", *bound, "--emit", "qasm2").code == 0
    assert "RY(0.3)" in qstorec("draw", "bell.qst", *bound).out
    at = {"t": np.asarray(0.3), "w": np.array([0.1, math.pi])}
    numbers = parse_module(qstorec("compile", "bell.qst", *bound, "-p", "").out).main
    plain = parse_module(qstorec("compile", "bell.qst", "-p", "").out).main
    assert numbers.args == ()
    for got, want in zip(
        observations_of_func(numbers), observations_of_func(plain, at), strict=True
    ):
        np.testing.assert_allclose(got, want, atol=1e-12)
    for flag, code in (("u=1", "QS712"), ("w=1", "QS714"), ("t", "QS713"), ("t=@no.json", "QS701")):
        done = qstorec("compile", "bell.qst", "--bind", flag)
        assert (done.code, done.out, done.err[6:11]) == (1, "", code)


def test_defines_of_openqasm(folder: Path, qstorec: Callable) -> None:
    (folder / "n.qasm").write_text(
        'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput int n;\nqubit[n] q;\nh q;\n'
    )
    assert qstorec("compile", "n.qasm", "-D", "n=3").out.count("q.h") == 3
    missing = qstorec("compile", "n.qasm")
    assert (missing.code, missing.out) == (1, "")


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["bell.qst", "-D", "m=4"], 1, "QS137"),
        (["bell.qst", "-D", "n=x"], 1, "QS137"),
        (["bell.qst", "-D", "n"], 2, "'n' is not NAME=VALUE"),
        (["bell.qst", "-D", "=4"], 2, "'=4' is not NAME=VALUE"),
        (["bell.qir", "-D", "n=4"], 1, "QS386"),
        (["model.py:bell", "-D", "n=4"], 1, "QS386"),
    ],
)
def test_wrong_defines(
    argv: list[str], code: int, said: str, program: Path, qstorec: Callable
) -> None:
    done = qstorec("compile", *argv)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
