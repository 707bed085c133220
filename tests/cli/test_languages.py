"""Programs in other languages, and circuits of other libraries, at the command line."""

from pathlib import Path

import pytest

from q_store.cli import main

_QST = "qubits q[2]; weight t; ry(t) q[0]; cx q[0], q[1]; expect Z0 Z1\n"
_QASM = """OPENQASM 3.0;
include "stdgates.inc";
input float t;
qubit[2] q;
ry(t) q[0];
cx q[0], q[1];
"""
_QISKIT = """
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
circuit = QuantumCircuit(2)
circuit.ry(Parameter("t"), 0)
circuit.cx(0, 1)
"""


@pytest.mark.parametrize(
    ("name", "text", "argument"),
    [
        ("bell.qst", _QST, "bell.qst"),
        ("bell.qasm", _QASM, "bell.qasm"),
        ("bell.py", _QISKIT, "bell.py:circuit"),
    ],
)
def test_any_language_compiles(
    name: str,
    text: str,
    argument: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(["compile", argument]) == 0
    printed = capsys.readouterr().out
    assert "q.ry(%t)" in printed
    assert "q.cx" in printed


def test_errors_point_into_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.qst").write_text("qubits q[2]\nrx(thta) q[0]\n")
    monkeypatch.chdir(tmp_path)
    assert main(["compile", "bad.qst"]) == 1
    assert "bad.qst:2:4" in capsys.readouterr().err
