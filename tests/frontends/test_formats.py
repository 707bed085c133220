"""Every form of a circuit and every kind of file, wherever a circuit is taken."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cirq
import numpy as np
import pennylane as qml
import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit as QiskitCircuit
from qiskit import qpy
from qiskit.circuit import Parameter

import q_store
from q_store import QStoreError
from q_store.frontends.formats import (
    FORMATS,
    Program,
    format_of,
    module_of,
    names_a_file,
    read_program,
    understand,
)
from q_store.frontends.trace import trace_circuit
from q_store.torch import QuantumLayer

DSL = "qubits q[2]; weight t; ry(t) q[0]; cx q[0], q[1]; expect Z0 Z1; expect X0\n"
QASM = """OPENQASM 3.0;
include "stdgates.inc";
input float t;
qubit[2] q;
ry(t) q[0];
cx q[0], q[1];
"""
IONQ = json.dumps(
    {
        "type": "ionq.circuit.v1",
        "input": {
            "qubits": 2,
            "gateset": "qis",
            "circuit": [
                {"gate": "ry", "target": 0, "rotation": 0.3},
                {"gate": "cnot", "control": 0, "target": 1},
            ],
        },
    }
)
PYTHON = """
import pennylane as qml
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

qiskit = QuantumCircuit(2)
qiskit.ry(Parameter("t"), 0)
qiskit.cx(0, 1)

def function(theta):
    qml.RY(theta[0], 0)
    qml.CNOT([0, 1])

def own(circuit, theta):
    circuit.ry(0, theta[0]).cx(0, 1)
"""


def qiskit_circuit() -> QiskitCircuit:
    circuit = QiskitCircuit(2, name="bell")
    circuit.ry(Parameter("t"), 0)
    circuit.cx(0, 1)
    return circuit


def cirq_circuit() -> cirq.Circuit:
    a, b = cirq.LineQubit.range(2)
    return cirq.Circuit(cirq.ry(sympy.Symbol("t"))(a), cirq.CX(a, b))


def quantum_function(theta):
    qml.RY(theta[0], 0)
    qml.CNOT([0, 1])
    return qml.expval(qml.Z(0) @ qml.Z(1)), qml.expval(qml.X(0))


def tape() -> qml.tape.QuantumScript:
    return qml.tape.QuantumScript([qml.RY(0.3, 0), qml.CNOT([0, 1])])


def our_circuit() -> q_store.QuantumCircuit:
    return q_store.QuantumCircuit(2).ry(0, param="t").cx(0, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same circuit in a file of every format."""
    folder = tmp_path_factory.mktemp("formats")
    for name in ("bell.qst", "bell.qs"):
        (folder / name).write_text(DSL)
    (folder / "bell.qasm").write_text(QASM)
    (folder / "bell.qir").write_text(our_circuit().to_text())
    (folder / "bell.json").write_text(cirq.to_json(cirq_circuit()))
    (folder / "ionq.json").write_text(IONQ)
    (folder / "bell.py").write_text(PYTHON)
    with (folder / "bell.qpy").open("wb") as file:
        qpy.dump([qiskit_circuit(), QiskitCircuit(1, name="bell")], file)
    return folder


FILES = [
    *("bell.qst", "bell.qs", "bell.qasm", "bell.qir", "bell.json", "bell.qpy", "ionq.json"),
]
OBJECTS = ["bell.py:qiskit", "bell.py:own", "bell.py:function"]
FORMS: dict[str, Callable[[], object]] = {
    "circuit": our_circuit,
    "IR": lambda: our_circuit().to_ir(),
    "module": lambda: our_circuit().to_module(),
    "IR text": lambda: our_circuit().to_text(),
    "text language": lambda: DSL,
    "OpenQASM": lambda: QASM,
    "Qiskit": qiskit_circuit,
    "Cirq": cirq_circuit,
    "frozen Cirq": lambda: cirq_circuit().freeze(),
    "PennyLane function": lambda: quantum_function,
    "QNode": lambda: qml.QNode(quantum_function, qml.device("default.qubit", wires=2)),
    "tape": tape,
    "returns a tape": lambda: lambda inputs: tape(),
    "returns IR": lambda: lambda inputs: our_circuit().to_ir(),
    "returns a module": lambda: lambda inputs: our_circuit().to_module(),
    "function": lambda: lambda theta: q_store.QuantumCircuit(2).ry(0, theta[0]).cx(0, 1),
    "returns Qiskit": lambda: lambda inputs: qiskit_circuit(),
    "returns Cirq": lambda: lambda inputs: cirq_circuit(),
    "returns text": lambda: lambda inputs: DSL,
    "returns OpenQASM": lambda: lambda inputs: QASM,
    "returns IR text": lambda: lambda inputs: our_circuit().to_text(),
}


def values(layer: QuantumLayer) -> np.ndarray:
    with torch.no_grad():
        for weight in layer.parameters():
            weight.fill_(0.3)
        return layer(torch.zeros(1, 0)).numpy()[0]


def same(traced: object) -> None:
    """The circuit that all files and forms hold."""
    layer = QuantumLayer(traced, 2, observables=["Z0 Z1", "Z0"], input_encoding=None)
    np.testing.assert_allclose(values(layer), [1.0, np.cos(0.3)], atol=1e-6)
    compiled = q_store.compile(traced, 2, observables=["Z0 Z1", "Z0"])
    given = {name: np.full(shape, 0.3) for name, shape in compiled.parameters.items()}
    np.testing.assert_allclose(compiled(given), [1.0, np.cos(0.3)], atol=1e-12)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", FILES)
def test_every_file_is_a_circuit(folder: Path, name: str) -> None:
    path = folder / name
    assert names_a_file(str(path))
    if name.endswith((".qst", ".qs")):  # it observes something itself
        assert q_store.compile(path)(t=0.3) == pytest.approx((1.0, 0.0))
    same(path)
    same(str(path))
    # ... without a telling name as well.
    copied = folder / f"{name}.dat"
    copied.write_bytes(path.read_bytes())
    assert format_of("x", path.read_bytes()) is format_of(name, b"")
    same(copied)


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_of_python_files(folder: Path, name: str) -> None:
    same(f"{folder / name}")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_a_circuit(form: str) -> None:
    same(FORMS[form]())


def test_a_function_may_return_the_name_of_a_file(folder: Path) -> None:
    same(lambda inputs: str(folder / "bell.qasm"))
    same(lambda inputs: folder / "bell.qpy")


def test_all_circuits_of_a_qpy_file_are_functions(folder: Path) -> None:
    module = module_of(read_program(folder / "bell.qpy"))
    assert [(func.name, func.n_qubits) for func in module.funcs] == [("bell", 2), ("bell_2", 1)]


def test_roles_may_be_given_to_what_a_file_holds(folder: Path) -> None:
    for name in ("bell.qasm", "bell.qpy", "bell.json", "bell.qst", "bell.qir"):
        assert trace_circuit(folder / name, input_params=["t"]).input_names == ("t",)


def test_includes_are_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.inc").write_text("gate mine a { x a; }\n")
    (tmp_path / "a.qasm").write_text(
        'OPENQASM 3.0; include "stdgates.inc"; include "mine.inc";\nqubit q; mine q;\n'
    )
    assert "q.x" in str(module_of(read_program(tmp_path / "a.qasm")))


def test_texts_and_names_of_files_are_told_apart() -> None:
    assert all(map(names_a_file, ["a.qst", "dir/b c.qasm", "m.py:f", "m.py:a.b", "x.json", "y.py"]))
    assert not any(
        map(names_a_file, [DSL, QASM, "qir 1", "", ".qst", "h q;x.qst", "a.qst\n", "a.b"])
    )


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.title)
def test_a_missing_file_is_named(form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"bell{form.suffixes[0]}").touch()
    monkeypatch.chdir(tmp_path)
    name = f"bel{form.suffixes[0]}" + (":x" if form.suffixes == (".py",) else "")
    with pytest.raises(QStoreError, match="cannot read") as caught:
        trace_circuit(name)
    assert caught.value.code == "QS701"
    assert "did you mean" in str(caught.value)


# --- defines ----------------------------------------------------------------------------------


def test_defines_shape_a_program(tmp_path: Path) -> None:
    text = "circuit c(n=2)\nqubits q[n]\nconst a = 0.5\nfor i in 0..n { ry(a) q[i] }\nexpect Z0\n"
    (tmp_path / "c.qst").write_text(text)
    for program in (tmp_path / "c.qst", str(tmp_path / "c.qst"), text):
        compiled = q_store.compile(program, defines={"n": 5, "a": "pi/3"})
        assert compiled.n_qubits == 5
        assert compiled() == pytest.approx(0.5)
    qasm = 'OPENQASM 3.0; include "stdgates.inc"; input int n; qubit[n] q; h q;'
    assert q_store.compile(qasm, defines={"n": "2 + 1"}).n_qubits == 3


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (our_circuit().to_text(), "QS386"),
        (our_circuit(), "QS386"),
        ("qubits q[2]; h q", "QS137"),
        ('OPENQASM 3.0; include "stdgates.inc"; input float n; qubit q; x q;', "QS137"),
    ],
)
def test_what_cannot_be_defined(program: object, code: str) -> None:
    with pytest.raises(QStoreError, match="`m`") as caught:
        q_store.compile(program, defines={"m": 1})
    assert caught.value.code == code


# --- broken files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.json", b"{", "QS387"),
        ("a.json", b"[" * 100_000, "QS387"),
        ("a.json", b'{"a": 1}', "QS387"),
        ("a.json", b"[1]", "QS387"),
        ("a.json", b'{"cirq_type": "Nothing"}', "QS341"),
        ("a.json", b'{"cirq_type": "LineQubit", "x": 1}', "QS352"),
        ("a.qpy", b"", "QS341"),
        ("a.qpy", b"QISKIT", "QS341"),
        ("a.qasm", b"\xff", "QS702"),
        ("a.qst", b"\0", "QS702"),
        ("a.py", b"x = 1", "QS703"),
    ],
)
def test_damaged_files(name: str, data: bytes, code: str) -> None:
    with pytest.raises(QStoreError) as caught:
        understand(Program(name, data))
    assert caught.value.code == code


@given(st.data())
def test_changed_bytes_of_binary_files(data: st.DataObject) -> None:
    """A circuit or a diagnostic, whatever the bytes."""
    base = data.draw(st.sampled_from([QPY, JSON]))
    changed = bytearray(base)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(base) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        changed = changed[: data.draw(st.integers(0, len(base)))]
    with suppress(QStoreError):
        module_of(understand(Program("a.qpy" if base is QPY else "a.json", bytes(changed))))


def _qpy() -> bytes:
    from io import BytesIO

    file = BytesIO()
    qpy.dump(qiskit_circuit(), file)
    return file.getvalue()


QPY = _qpy()


def test_sizes_of_damaged_qpy_files_are_bounded() -> None:
    huge = bytearray(QPY)
    at = QPY.index(b"bell") - 32  # where the head of the circuit says how many qubits it has
    assert huge[at : at + 4] == bytes([0, 0, 0, 2])
    huge[at] = 127
    with pytest.raises(QStoreError, match="2130706434 qubits") as caught:
        understand(Program("a.qpy", bytes(huge)))
    assert caught.value.code == "QS354"


JSON = cirq.to_json(cirq_circuit()).encode()


def test_json_of_cirq_keeps_its_text() -> None:
    assert json.loads(JSON)["cirq_type"] == "Circuit"
