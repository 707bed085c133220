"""`qstorec run`: the numbers, and how they come out."""

import json
import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store import QuantumCircuit
from q_store.command.numbers import read_numbers

TURN = """qir 1
func @main(%x: f64[2] input, %t: f64) -> (f64, f64, f64[2], bit[2], c128[4]) {
  %q0, %q1 = q.alloc 2
  %q0.1 = q.rx(%x[0]) %q0
  %q1.1 = q.ry(%x[1] + %t) %q1
  %a, %b, %p, %s, %psi = m.observe %q0.1, %q1.1 OBSERVED
  return %a, %b, %p, %s, %psi
}
""".replace("OBSERVED", "[expval(Z0), expval(2.0*X1 + 0.5*Y0 Z1), probs(1), sample(1, 0), state]")
BOUND = ("--bind", "x=[0.3,0.5]", "--bind", "t=0.4")


@pytest.fixture
def turn(folder: Path) -> Path:
    path = folder / "turn.qir"
    path.write_text(TURN)
    return path


def outputs(done) -> dict:
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["schema"] == "qstorec/run/1"
    return {record["output"]: record for record in document["outputs"]}


def test_exact_values(qstorec: Callable, turn: Path) -> None:
    found = outputs(qstorec("run", "turn.qir", *BOUND, "--json"))
    y = 0.9
    assert found["expval(Z0)"]["value"] == pytest.approx(math.cos(0.3))
    expected = 2 * math.sin(y) + 0.5 * -math.sin(0.3) * math.cos(y)
    assert found["expval(2.0*X1 + 0.5*Y0 Z1)"]["value"] == pytest.approx(expected)
    assert found["probs(1)"]["values"] == pytest.approx(
        [math.cos(y / 2) ** 2, math.sin(y / 2) ** 2]
    )
    assert sum(found["sample(1, 0)"]["counts"].values()) == 1000
    state = np.array(found["state"]["amplitudes"]) @ [1, 1j]
    zero = np.kron([math.cos(0.15), -1j * math.sin(0.15)], [math.cos(y / 2), math.sin(y / 2)])
    assert state == pytest.approx(zero)


def test_shots(qstorec: Callable, turn: Path) -> None:
    exact = outputs(qstorec("run", "turn.qir", *BOUND, "--json"))
    flags = (*BOUND, "--shots", "20000", "--json")
    drawn = outputs(qstorec("run", "turn.qir", *flags))
    for name in ("expval(Z0)", "expval(2.0*X1 + 0.5*Y0 Z1)"):
        assert drawn[name]["value"] == pytest.approx(exact[name]["value"], abs=0.1)
        assert drawn[name]["value"] != exact[name]["value"]
    assert drawn["probs(1)"]["values"] == pytest.approx(exact["probs(1)"]["values"], abs=0.03)
    assert sum(drawn["sample(1, 0)"]["counts"].values()) == 20000
    assert outputs(qstorec("run", "turn.qir", *flags)) == drawn
    other = outputs(qstorec("run", "turn.qir", *flags, "--seed", "1"))
    for name in ("expval(Z0)", "probs(1)", "sample(1, 0)"):
        assert other[name] != drawn[name]


def test_pages_for_people(qstorec: Callable, turn: Path) -> None:
    lines = qstorec("run", "turn.qir", *BOUND).out.splitlines()
    assert lines[0].startswith("expval(Z0) = 0.95533648912560")
    assert lines[2] == "probs(1)"
    assert [line.split()[0] for line in lines[3:5]] == ["0", "1"]
    assert lines[-5] == "state"
    assert lines[-1].endswith("j")


def test_long_lists_are_cut(qstorec: Callable, folder: Path) -> None:
    QuantumCircuit(7).h(0).h(1).h(2).h(3).h(4).h(5).h(6).probs(*range(7)).save(folder / "h.qir")
    lines = qstorec("run", "h.qir").out.splitlines()
    assert len(lines) == 66
    assert lines[-1] == "  … 64 more; --json lists all"
    assert (
        len(outputs(qstorec("run", "h.qir", "--json"))["probs(0, 1, 2, 3, 4, 5, 6)"]["values"])
        == 128
    )


def test_a_saved_executable_runs_the_same(qstorec: Callable, turn: Path) -> None:
    assert qstorec("compile", "turn.qir", "--emit", "executable", "-o", "turn.npz").code == 0
    assert qstorec("run", "turn.npz", *BOUND).out == qstorec("run", "turn.qir", *BOUND).out
    (turn.parent / "bad.npz").write_bytes(b"PK nothing")
    done = qstorec("run", "bad.npz")
    assert (done.code, done.err[:12]) == (1, "error[QS500]")


def test_an_executable_from_a_newer_version(qstorec: Callable, turn: Path) -> None:
    qstorec("compile", "turn.qir", "--emit", "executable=turn.npz")
    entries = dict(np.load("turn.npz", allow_pickle=False))
    np.savez("new.npz", allow_pickle=False, **(entries | {"format": np.int64(99)}))
    done = qstorec("run", "new.npz", *BOUND)
    assert (done.code, done.out, done.err[:12]) == (1, "", "error[QS503]")


def test_values_from_files(qstorec: Callable, turn: Path) -> None:
    expected = qstorec("run", "turn.qir", *BOUND).out
    np.save("x.npy", np.array([0.3, 0.5]))
    Path("x.json").write_text("[0.3, 0.5]")
    for value in ("@x.npy", "@x.json", "[3e-1,0.5]"):
        assert qstorec("run", "turn.qir", "--bind", f"x={value}", "--bind", "t=0.4").out == expected
    split = ("--bind", "x[1]=0.5", "--bind", "x[0]=0.3", "--bind", "t = 0.4")
    assert qstorec("run", "turn.qir", *split).out == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pi", np.pi),
        ("-pi/2", -np.pi / 2),
        (" 3 * pi / 4 ", 0.75 * np.pi),
        ("+.5", 0.5),
        ("2.", 2.0),
        ("1e-3*2", 0.002),
        ("[pi, [.5, -1]]", [np.pi, [0.5, -1.0]]),
        ("[ ]", []),
        ("[[], 1e1]", [[], 10.0]),
    ],
)
def test_numbers_as_people_type_them(text: str, value: object) -> None:
    assert read_numbers(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pie",
        "pi pi",
        "1/0",
        "pi/0.0",
        "--1",
        "1 2",
        "[1",
        "1]",
        "[1 2]",
        "[,]",
        "2**3",
        "x",
        "*",
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"unexpected|division by zero"):
        read_numbers(text)


@given(st.text("0123456789.eE+-*/[], pi", max_size=12))
def test_any_text_is_numbers_or_a_value_error(text: str) -> None:
    with suppress(ValueError, OverflowError):
        read_numbers(text)


def test_suggestions_name_a_parameter_once(qstorec: Callable, turn: Path) -> None:
    done = qstorec("run", "turn.qir", "--bind", "tt=0.1")
    assert "did you mean `t`?" in done.err


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.npy", b"no array"), ("a.npy", b""), ("a.json", b"[1,"), ("a.json", b'{"a": 1}')],
)
def test_values_from_files_that_hold_none(
    qstorec: Callable, turn: Path, name: str, content: bytes
) -> None:
    Path(name).write_bytes(content)
    done = qstorec("run", "turn.qir", "--bind", f"x=@{name}")
    assert (done.code, done.err[:12]) == (1, "error[QS713]")


def test_pickled_arrays_are_not_loaded(qstorec: Callable, turn: Path) -> None:
    np.save("evil.npy", np.array([{"code": 1}]), allow_pickle=True)
    done = qstorec("run", "turn.qir", "--bind", "x=@evil.npy")
    assert (done.code, done.err[:12]) == (1, "error[QS713]")


def test_shapes_are_checked_in_both_ranks(qstorec: Callable, folder: Path) -> None:
    Path("m.qir").write_text(
        "qir 1\nfunc @f(%m: f64[2,3], %q0: f64) -> (f64) {\n  %q = q.alloc 1\n"
        "  %r = q.rx(%m[1,2]) %q\n  %e = m.observe %r [expval(Z0)]\n  return %e\n}\n"
    )
    good = qstorec("run", "m.qir", "--bind", "m=[[0,0,0],[0,0,1]]", "--bind", "q0=0")
    assert good.out.startswith("expval(Z0) = 0.5403")
    bad = qstorec("run", "m.qir", "--bind", "m=[[0,0],[0,0],[0,1]]", "--bind", "q0=0")
    assert "error[QS714]: `m` has shape (2, 3), got shape (3, 2)" in bad.err
    element = qstorec("run", "m.qir", "--bind", "m[1,2]=1", "--bind", "q0=0")
    assert element.err.count("of m: f64[2,3]") == 5


def test_circuits_without_observables_give_z(qstorec: Callable) -> None:
    found = outputs(qstorec("run", "model.py:bell", "--json"))
    assert set(found) == {"expval(Z0)", "expval(Z1)"}
    found = outputs(qstorec("run", "model.py:bell", "--observable", "X0 X1", "--json"))
    assert found["expval(X0 X1)"]["value"] == pytest.approx(1.0)


def test_precision(qstorec: Callable, turn: Path) -> None:
    found = outputs(qstorec("run", "turn.qir", *BOUND, "--dtype", "float32", "--json"))
    assert 1e-12 < abs(found["expval(Z0)"]["value"] - math.cos(0.3)) < 1e-5


def test_pipelines_do_not_change_results(qstorec: Callable, turn: Path) -> None:
    exact = qstorec("run", "turn.qir", *BOUND, "-p", "", "--json").out
    for level in ("-O0", "-O1", "-O2"):
        other = json.loads(qstorec("run", "turn.qir", *BOUND, level, "--json").out)
        for mine, theirs in zip(json.loads(exact)["outputs"], other["outputs"], strict=True):
            if mine["kind"] == "expval":
                assert mine["value"] == pytest.approx(theirs["value"], abs=1e-12)


def test_a_missing_backend_falls_back_aloud(qstorec: Callable, turn: Path) -> None:
    done = qstorec("run", "turn.qir", *BOUND, "--backend", "lightning.gpu")
    assert done.out == qstorec("run", "turn.qir", *BOUND).out
    assert done.err.startswith("warning: backend 'lightning.gpu' is not available")
    assert qstorec("-q", "run", "turn.qir", *BOUND, "--backend", "lightning.gpu").err == ""


def test_too_many_qubits_cannot_run(qstorec: Callable, folder: Path) -> None:
    QuantumCircuit(60).expval("Z59").save(folder / "wide.qir")
    done = qstorec("run", "wide.qir")
    assert (done.code, done.out, done.err[:12]) == (3, "", "error[QS505]")


def test_numbers_json_has_not(qstorec: Callable, folder: Path) -> None:
    Path("log.qir").write_text(
        "qir 1\nfunc @f(%x: f64) -> (f64) {\n  %t = f.log(%x)\n  %q = q.alloc 1\n"
        "  %r = q.rx(%t) %q\n  %e = m.observe %r [expval(Z0)]\n  return %e\n}\n"
    )
    found = outputs(qstorec("run", "log.qir", "--bind", "x=-1", "--json"))
    assert found["expval(Z0)"]["value"] is None


# --- noise ------------------------------------------------------------------------------------


NOISY = """qir 1
func @main(%t: f64 weight) {
  %q0, %q1 = q.alloc 2
  %q0.1 = q.ry(%t) %q0
  %q0.2, %q1.1 = q.cx %q0.1, %q1
  %q0.3 = n.amplitude_damping(0.1) %q0.2
  %e, %s, %psi = m.observe %q0.3, %q1.1 [expval(Z0), sample(0, 1), state]
  return %e, %s, %psi
}
"""


@pytest.fixture
def noisy(folder: Path) -> Path:
    path = folder / "noisy.qir"
    path.write_text(NOISY)
    return path


def test_a_noisy_circuit_runs_exactly(qstorec: Callable, noisy: Path) -> None:
    found = outputs(qstorec("run", "noisy.qir", "--bind", "t=1.0", "--json"))
    excited = math.sin(0.5) ** 2
    assert found["expval(Z0)"]["value"] == pytest.approx(1 - 2 * 0.9 * excited)
    assert "error" not in found["expval(Z0)"]
    rows = np.array(found["state"]["rows"]) @ [1, 1j]
    assert found["state"]["kind"] == "density_matrix"
    assert rows.shape == (4, 4)
    assert rows[1, 1] == pytest.approx(0.1 * excited)
    text = qstorec("run", "noisy.qir", "--bind", "t=1.0").out
    assert "  01 01  0.0229" in text


def test_trajectories_come_with_standard_errors(qstorec: Callable, noisy: Path) -> None:
    noisy.write_text(NOISY.replace(", state]", "]").replace(", %psi", ""))
    flags = ("--bind", "t=1.0", "--noise", "aria-1", "--trajectories", "400")
    exact = outputs(qstorec("run", "noisy.qir", *flags[:4], "--json"))
    drawn = outputs(qstorec("run", "noisy.qir", *flags, "--json"))
    record = drawn["expval(Z0)"]
    assert 0 < record["error"] < 0.05
    assert abs(record["value"] - exact["expval(Z0)"]["value"]) < 5 * record["error"]
    assert sum(drawn["sample(0, 1)"]["counts"].values()) == 1000
    again = qstorec("run", "noisy.qir", *flags, "--json").out
    assert outputs(qstorec("run", "noisy.qir", *flags, "--json"))["expval(Z0)"] == record
    assert " ± " in qstorec("run", "noisy.qir", *flags).out
    assert qstorec("run", "noisy.qir", *flags, "--seed", "1", "--json").out != again
    shots = outputs(qstorec("run", "noisy.qir", *flags, "--shots", "50", "--json"))
    assert shots["expval(Z0)"]["value"] * 50 == pytest.approx(
        round(shots["expval(Z0)"]["value"] * 50)
    )


def test_a_compiled_circuit_gets_no_noise(qstorec: Callable, noisy: Path) -> None:
    assert qstorec("compile", "noisy.qir", "--emit", "executable=noisy.npz").code == 0
    assert qstorec("run", "noisy.npz", "--bind", "t=1.0").code == 0
    done = qstorec("run", "noisy.npz", "--bind", "t=1.0", "--noise", "aria-1")
    assert done.code == 1
    assert "QS612" in done.err
