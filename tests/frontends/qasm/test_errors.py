"""Every mistake in a program is a diagnostic that points at it."""

from pathlib import Path

import pytest

from q_store import QStoreError, from_qasm, to_qasm2, to_qasm3
from q_store.frontends.circuit import QuantumCircuit

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit[3] c; input float th;\n'

MISTAKES = [
    ("x q[0]", "QS370", "\n"),
    ("x q[;", "QS370", ";"),
    ("rx(0.3 q[0];", "QS370", "q"),
    ("break;", "QS370", "b"),
    ("frob q[0];", "QS372", "frob q[0];"),
    ("rx(thta) q[0];", "QS372", "thta"),
    ("x r[0];", "QS372", "x r[0];"),
    ("g(1);", "QS372", "g(1)"),
    ("cx q[0], q[0];", "QS302", "cx q[0], q[0];"),
    ("cx q[0];", "QS375", "cx q[0];"),
    ("rx q[0];", "QS375", "rx q[0];"),
    ("cx q[0:1], q;", "QS375", "cx q[0:1], q;"),
    ("x q[3];", "QS378", "x q[3];"),
    ("ctrl @ x q[0], q[-4];", "QS378", "-4"),
    ("qubit[2] q;", "QS376", "qubit[2] q;"),
    ("gate g a { x a; } gate g a { y a; }", "QS376", "gate g a { y a; }"),
    ("gate g a { g a; } g q[0];", "QS372", "g a;"),
    ("gate g(a) a { x a; }", "QS376", "gate g(a) a { x a; }"),
    ("qubit[0] r;", "QS377", "[0]"),
    ("qubit[1000000] r;", "QS373", "[1000000]"),
    ("bit[9999999999] r;", "QS373", "[9999999999]"),
    ("array[float[64], 9999, 9999] a;", "QS373", "array[float[64], 9999, 9999]"),
    ("for int i in [0:th] { }", "QS377", "th"),
    ("for int i in [0:99999999] { }", "QS373", "0:99999999"),
    ("for int i in [0:9999] for int j in [0:9999] { }", "QS373", None),
    ("while (true) { }", "QS373", "while (true) { }"),
    ("if (th > 0) { x q[0]; }", "QS377", "th > 0"),
    ("c = measure q; rx(c) q[0];", "QS379", "rx(c) q[0];"),
    ("c = measure q; while (c[0]) { x q[0]; }", "QS379", None),
    ("c = measure q; int i = 0; if (c[0]) { i = 1; }", "QS379", "i = 1;"),
    ("c[0] = measure q[0]; if (c[0]) { c[1] = measure q[1]; } if (c[1]) x q[2];", "QS379", "c"),
    ("for int i in [0:1] { c = measure q; if (c[0]) { break; } }", "QS374", "break;"),
    ("const int k = 1; k = 2;", "QS377", "k = 2;"),
    ("int k = 1/0;", "QS377", "1/0"),
    ("rx(1.0/0) q[0];", "QS322", "1.0/0"),
    ("rx(1e400) q[0];", "QS307", "1e400"),
    ("int k = 9999999999999999999999;", "QS377", "9999999999999999999999"),
    ("int k = 2**200;", "QS377", "2**200"),
    ("rx(sin(1, 2)) q[0];", "QS375", "sin(1, 2)"),
    ("ctrl(20) @ x q[0], q[1];", "QS373", "ctrl(20) @"),
    ("pow(0.3) @ ccx q[0], q[1], q[2];", "QS324", "pow(0.3) @"),
    ("pow(99999999) @ h q[0];", None, None),
    ("pow(99999999) @ ccx q[0], q[1], q[2];", "QS373", "pow(99999999) @"),
    ("pow(th) @ x q[0];", "QS377", "pow(th) @"),
    ("gate g a { reset a; }", "QS370", "r"),
    ("defcal x $0 { }", "QS374", "defcal x $0 { }"),
    ("extern f(int) -> int;", "QS374", "extern f(int) -> int;"),
    ("input int n;", "QS374", "input int n;"),
    ("input complex z;", "QS374", "complex"),
    ("x $0;", "QS374", "$0"),
    ('include "other.inc";', "QS380", 'include "other.inc";'),
    ("def f(qubit a) { f(a); } f(q[0]);", "QS373", "f(a)"),
    ("def f(qubit[2] a) { } f(q[0]);", "QS375", "q[0]"),
    ("int i; rx(i) q[0];", "QS377", "i"),
    ("let a = 3;", "QS377", "let a = 3;"),
    ("// q-store: observe expval 0.5*Q0", "QS107", "expval 0.5*Q0"),
    ("// q-store: observe expval Z9", "QS301", "expval Z9"),
    ("// q-store: observe frob", "QS352", "frob"),
]


@pytest.mark.parametrize(("text", "code", "place"), MISTAKES, ids=[m[0][:40] for m in MISTAKES])
def test_mistakes(text: str, code: str | None, place: str | None) -> None:
    if code is None:
        from_qasm(HEAD + text)
        return
    with pytest.raises(QStoreError) as caught:
        from_qasm(HEAD + text)
    first = caught.value.diagnostics[0]
    assert first.code == code, str(caught.value)
    span = first.span
    assert span is not None
    if place is not None and place.strip():
        assert span.source[span.col - 1 : span.end_col - 1].startswith(place[:1])
        assert span.source[span.col - 1 :].startswith(place.splitlines()[0])


def test_the_form_of_an_error() -> None:
    with pytest.raises(QStoreError) as caught:
        from_qasm(
            'OPENQASM 3;\ninclude "stdgates.inc";\nqubit[2] q;\n  rx(2*tehta) q[0];', file="f"
        )
    assert str(caught.value).splitlines()[:4] == [
        "error[QS372]: `tehta` is not declared",
        " --> f:4:8",
        "  |",
        "4 |   rx(2*tehta) q[0];",
    ]


def test_places_after_gates_of_the_short_way() -> None:
    lines = ["OPENQASM 3;", 'include "stdgates.inc";', "qubit[2] q;"]
    lines += ["    x q[0]; h q[1];", "  ", "y q[0];  rx(sin(0.1)) q[0]; rz(1 + oops) q[1];"]
    with pytest.raises(QStoreError) as caught:
        from_qasm("\n".join(lines))
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert (span.line, span.col, span.end_col) == (6, 36, 40)
    assert span.source[35:39] == "oops"


def test_a_missing_include_is_named() -> None:
    with pytest.raises(QStoreError, match=r'include "stdgates\.inc"'):
        from_qasm("OPENQASM 3.0; qubit q; x q;")
    with pytest.raises(QStoreError, match=r'include "qelib1\.inc"'):
        from_qasm("OPENQASM 2.0; qreg q[1]; cu1(0.1) q[0],q[0];")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("OPENQASM 4.0; qubit q;", "QS371"),
        ("", "QS377"),
        ("OPENQASM 2.0; opaque g a; qreg q[1];", "QS374"),
        ("qubit q; U(" + "(" * 500 + "1" + ")" * 500 + ", 0, 0) q;", "QS373"),
        ("qubit q; U(" + "-" * 500 + "1, 0, 0) q;", "QS373"),
        ("qubit q; U(" + "+".join("1" * 3000) + ", 0, 0) q;", "QS373"),
        ("qubit[2] q; " + "{" * 200 + "}" * 200, "QS373"),
        ("qubit q; int i = " + "9" * 6000 + ";", "QS370"),
    ],
)
def test_hostile_programs(text: str, code: str) -> None:
    with pytest.raises(QStoreError) as caught:
        from_qasm(text)
    assert caught.value.code == code


def test_gates_that_double_are_stopped() -> None:
    gates = "gate g0 a { U(0, 0, 0.1) a; }"
    gates += "".join(f"gate g{k} a {{ g{k - 1} a; g{k - 1} a; }}" for k in range(1, 40))
    with pytest.raises(QStoreError) as caught:
        from_qasm(f"{gates} qubit q; g39 q;")
    assert caught.value.code == "QS373"


def test_deep_chains_of_gates_are_stopped() -> None:
    gates = "gate g0 a { U(0, 0, 0.1) a; }"
    gates += "".join(f"gate g{k} a {{ g{k - 1} a; }}" for k in range(1, 100))
    with pytest.raises(QStoreError) as caught:
        from_qasm(f"{gates} qubit q; g99 q;")
    assert caught.value.code == "QS373"


def test_files(tmp_path: Path) -> None:
    with pytest.raises(QStoreError) as caught:
        from_qasm(tmp_path / "none.qasm")
    assert caught.value.code == "QS341"
    (tmp_path / "bad.qasm").write_bytes(b"\xff\xfe")
    with pytest.raises(QStoreError) as caught:
        from_qasm(tmp_path / "bad.qasm")
    assert caught.value.code == "QS341"
    (tmp_path / "a.qasm").write_text('include "../a.inc"; qubit q;')
    with pytest.raises(QStoreError) as caught:
        from_qasm(tmp_path / "a.qasm")
    assert caught.value.code == "QS380"


def test_wrong_arguments() -> None:
    for call in (
        lambda: from_qasm(3),
        lambda: from_qasm("qubit q;", u="other"),
        lambda: to_qasm3(QuantumCircuit(1), u="other"),
    ):
        with pytest.raises(QStoreError) as caught:
            call()
        assert caught.value.code == "QS381"


def test_what_cannot_be_written() -> None:
    with pytest.raises(QStoreError) as caught:
        to_qasm2(QuantumCircuit(1).rx(0, param="theta"))
    assert caught.value.code == "QS382"
    for write in (to_qasm2, to_qasm3):
        with pytest.raises(QStoreError) as caught:
            write(QuantumCircuit(1).append("bit_flip", 0, 0.1))
        assert caught.value.code == "QS356"
