"""Gates of one's own: everywhere a gate of the table can be, and what cannot be one."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import q_store
from q_store import QStoreError, QuantumCircuit, scalar
from q_store.passes.manager import run_pipeline
from q_store.plugins import register_gate, unregister_gate
from q_store.qir.ops import Gate, Trait
from q_store.qir.registry import all_gates, built_in_gates, custom_gates, gate
from q_store.qir.unitary import steps_matrix
from q_store.runtime.compile_cache import SMALLEST
from q_store.targets.to_qasm import to_qasm3
from q_store.testing.contract import assert_pass_contract
from q_store.testing.strategies import circuits
from q_store.torch import QuantumLayer

FILE = """
from q_store.plugins import register_gate
register_gate("turn", lambda t: [("h", 0), ("rz", 0, t), ("cx", (0, 1))], doc="Turns and copies.")
"""


@pytest.fixture(autouse=True)
def _gates_go() -> Iterator[None]:
    yield
    for row in custom_gates():
        unregister_gate(row.mnemonic)


def turn() -> Gate:
    return register_gate(
        "turn",
        lambda t, s: [
            ("h", 0),
            ("rz", 0, t),
            ("cx", (0, 1)),
            ("rx", 1, s - 0.5 * t),
            ("phase", (), 0.3 * t),
        ],
    )


def turn_by_hand(t: float, s: float) -> np.ndarray:
    h = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    rz = np.diag(np.exp([-0.5j * t, 0.5j * t]))
    a = s - 0.5 * t
    rx = np.array([[np.cos(a / 2), -1j * np.sin(a / 2)], [-1j * np.sin(a / 2), np.cos(a / 2)]])
    cx = np.eye(4)[[0, 1, 3, 2]]
    return np.exp(0.3j * t) * np.kron(np.eye(2), rx) @ cx @ np.kron(rz @ h, np.eye(2))


# --- what a row is ----------------------------------------------------------------------------


def test_the_row_follows_from_the_steps() -> None:
    row = turn()
    assert gate("turn") is row is all_gates()["turn"]
    assert (row.name, row.wires, row.angle_names) == ("q.turn", 2, ("t", "s"))
    np.testing.assert_allclose(row.matrix(0.4, 0.9), turn_by_hand(0.4, 0.9), atol=1e-12)
    many = row.matrix(np.array([[0.1], [0.2]]), np.array([0.5, 0.6, 0.7]))
    assert many.shape == (2, 3, 4, 4)
    np.testing.assert_allclose(many[1, 2], turn_by_hand(0.2, 0.7), atol=1e-12)
    inverse = steps_matrix(row.inverse(0.4, 0.9), 2)
    np.testing.assert_allclose(inverse @ row.matrix(0.4, 0.9), np.eye(4), atol=1e-12)


@pytest.mark.parametrize(
    ("steps", "traits", "inverse"),
    [
        (lambda: [("cx", (0, 1)), ("cx", (1, 0)), ("cx", (0, 1))], "HERMITIAN SYMMETRIC", ()),
        (lambda a, b: [("rzz", (0, 1), a), ("cp", (1, 0), b)], "DIAGONAL SYMMETRIC", (-0.4, -0.9)),
        (lambda t, p: [("rz", 0, -p), ("rx", 0, t), ("rz", 0, p)], "NONE", (-0.4, 0.9)),
    ],
)
def test_traits_and_inverses_are_found_out(
    steps: Callable[..., Any], traits: str, inverse: tuple[float, ...]
) -> None:
    row = register_gate("mine", steps)
    assert {t.name for t in Trait if t and t in row.traits} == set(traits.split()) - {"NONE"}
    ((name, _, angles),) = row.inverse(*(0.4, 0.9)[: len(row.angle_names)])
    assert (name, angles) == ("mine", inverse)


@pytest.mark.parametrize("name", ["crx", "u", "rzz", "r", "fsim", "crot", "single_excitation"])
def test_frequencies_are_those_of_the_table(name: str) -> None:
    row = gate(name)
    wires = tuple(range(row.wires or 0))
    mine = register_gate("mine", lambda *a: [(name, wires, a)], angles=row.angle_names)
    assert [np.round(f, 6).tolist() for f in mine.frequencies] == [list(f) for f in row.frequencies]


@pytest.mark.parametrize("name", ["cxpow", "cp", "fsim", "cu3", "fermionic_swap", "ccp"])
def test_frequencies_that_steps_have_and_the_gate_has_not_are_left_out(name: str) -> None:
    row = gate(name)
    assert row.decompose is not None
    mine = register_gate("mine", row.decompose, angles=row.angle_names, wires=row.wires)
    assert [np.round(f, 6).tolist() for f in mine.frequencies] == [list(f) for f in row.frequencies]


def test_a_circuit_is_a_decomposition() -> None:
    body = QuantumCircuit(2).ry(0, param="b").barrier().crx(0, 1, 2 * scalar("a") + 1).cx(1, 0)
    row = register_gate("body", body)
    assert (row.wires, row.angle_names) == (2, ("b", "a"))
    np.testing.assert_allclose(
        row.matrix(0.3, 0.7), q_store.unitary(body, {"a": 0.7, "b": 0.3}), atol=1e-12
    )


def test_gates_of_gates_are_written_with_the_table() -> None:
    turn()
    outer = register_gate(
        "outer", lambda t: [("turn", (1, 2), (2 * t, 0.5)), ("turn", (0, 1), (t, t))]
    )
    assert {name for name, _, _ in outer.decompose(0.1)} <= set(built_in_gates())
    expected = np.kron(turn_by_hand(0.4, 0.4), np.eye(2)) @ np.kron(
        np.eye(2), turn_by_hand(0.8, 0.5)
    )
    np.testing.assert_allclose(outer.matrix(0.4), expected, atol=1e-12)


# --- everywhere -------------------------------------------------------------------------------


def circuit() -> QuantumCircuit:
    turn()
    made = QuantumCircuit(3).h(0).turn(0, 2, "a", 0.3).append("turn", [2, 1], "b", 0.2)
    return made.turn(1, 0, params=["a", "b"]).expval("Z0 X1", "Y2")


def test_text_drawing_and_the_text_language() -> None:
    made = circuit()
    assert "q.turn(%a, 0.3) %q0.1, %q2" in made.to_text()
    assert QuantumCircuit.from_text(made.to_text()) == made
    assert "[TURN:0(a, 0.3)]" in made.draw()
    told = q_store.compile("qubits q[2]; weight t; turn(t, 0.5) q[0], q[1]; expect Z0")
    built = q_store.compile(QuantumCircuit(2).turn(0, 1, "t", 0.5).expval("Z0"))
    assert told(t=0.7) == pytest.approx(built(t=0.7))
    with pytest.raises(QStoreError, match="needs 2 qubits"):
        QuantumCircuit.from_text(made.to_text().replace("%q0.1, %q2\n", "%q0.1\n"))


def test_qasm_gets_a_definition() -> None:
    made = circuit().bind(a=0.4, b=0.7)
    text = to_qasm3(made.to_ir())
    assert "gate turn(p0, p1) q0, q1 {" in text
    read = q_store.compile(text, passes="").func
    assert {op.defn.mnemonic for op in read.ops if op.is_gate} == {"h", "turn"}  # Recognised.
    other = q_store.compile(text.replace("h q0;", "x q0;"), passes="").func
    assert "turn" not in {op.defn.mnemonic for op in other.ops}
    unregister_gate("turn")
    again = q_store.compile(text, passes="").func
    turn()
    np.testing.assert_allclose(
        q_store.unitary(QuantumCircuit.from_ir(again)),
        q_store.unitary(QuantumCircuit.from_text(made.to_text())),
        atol=1e-12,
    )


def test_inverse_control_and_powers() -> None:
    turn()
    made = QuantumCircuit(2).turn(0, 1, 0.4, 0.9)
    u = turn_by_hand(0.4, 0.9)
    np.testing.assert_allclose(q_store.unitary(made.inverse()), u.conj().T, atol=1e-12)
    np.testing.assert_allclose(q_store.unitary(made.power(2)), u @ u, atol=1e-12)
    under = q_store.unitary(made.controlled(2))
    np.testing.assert_allclose(under[:12, :12], np.eye(12), atol=1e-12)
    np.testing.assert_allclose(under[12:, 12:], u, atol=1e-12)


def test_passes_use_what_was_found_out() -> None:
    register_gate("flip", lambda: [("h", 0), ("cz", (0, 1)), ("h", 0)])
    register_gate("both", lambda a: [("rzz", (0, 1), a), ("rz", 0, 2 * a)])
    made = QuantumCircuit(2).flip(0, 1).flip(0, 1).both(0, 1, 0.3).both(0, 1, -0.3).h(0)
    (func,) = run_pipeline("O2", made.to_module()).funcs
    assert QuantumCircuit.from_ir(func).count_ops() == {"h": 1}


def test_an_inverse_on_fewer_wires_is_no_partner() -> None:
    register_gate("wide", lambda: [("s", 0)], wires=2)
    register_gate("turned", lambda t: [("phase", (), t + 1)], wires=1)
    made = QuantumCircuit(2).h(0).wide(0, 1).sdg(0).turned(1, 0.3).phase(-1.3).h(0)
    after = QuantumCircuit.from_ir(run_pipeline("O2", made.to_module()).main)
    np.testing.assert_allclose(q_store.unitary(after), q_store.unitary(made), atol=1e-12)


@pytest.mark.parametrize(
    "pipeline", ["ionq-native", "decompose{basis=rotations-cz}", "share-gadgets", "O2"]
)
def test_pipelines_keep_the_values(pipeline: str) -> None:
    made = circuit()
    there, here = q_store.compile(made, passes=pipeline), q_store.compile(made, passes="")
    np.testing.assert_allclose(there(a=0.4, b=0.7), here(a=0.4, b=0.7), atol=1e-9)
    if "basis" in pipeline or "ionq" in pipeline:
        assert "turn" not in QuantumCircuit.from_ir(there.func).count_ops()


@pytest.mark.parametrize("method", ["adjoint", "parameter_shift", "hadamard"])
def test_gradients(method: str) -> None:
    f = q_store.compile(circuit())
    for at, slopes in enumerate(f.gradient({"a": 0.4, "b": 0.7}, method=method)):
        for name, eps in (("a", 1e-6), ("b", 1e-6)):
            high = f({"a": 0.4, "b": 0.7, name: {"a": 0.4, "b": 0.7}[name] + eps})[at]
            low = f({"a": 0.4, "b": 0.7, name: {"a": 0.4, "b": 0.7}[name] - eps})[at]
            assert slopes[name] == pytest.approx((high - low) / (2 * eps), abs=1e-6)


def test_executables_know_the_table_only() -> None:
    f = q_store.compile(circuit())
    assert set(f.executable.op_names) <= set(built_in_gates())
    assert "q.turn" not in f.circuit_function.text


def test_layers_and_noise() -> None:
    turn()
    made = QuantumCircuit(2).ry(0, "x[0]").turn(0, 1, "a", "b").turn(1, 0, "b", 0.3)
    made = made.expval("Z0 X1", "Y1")
    layer = QuantumLayer(made)
    f = q_store.compile(made)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(0.4)
    expected = f(a=0.4, b=0.4, x=[0.0])
    np.testing.assert_allclose(
        layer(torch.zeros(1, 1)).detach().numpy().reshape(-1), expected, atol=1e-6
    )
    layer(torch.zeros(1, 1)).sum().backward()
    slopes = f.gradient(a=0.4, b=0.4, x=[0.0])
    found = torch.cat([p.grad.reshape(-1) for p in layer.parameters()])
    assert float(found.sum()) == pytest.approx(
        sum(float(part[name]) for part in slopes for name in ("a", "b")), abs=1e-5
    )
    with pytest.raises(QStoreError, match="noise acts on the gates it is made of") as caught:
        q_store.NoiseModel(gates={"turn": [("depolarizing2", 0.1)]})
    assert caught.value.code == "QS611"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["h", "rx", "rz", "p", "cx", "crz", "rzz", "u", "swap", "phase"]),
        st.permutations([0, 1, 2]),
        st.lists(st.tuples(*[st.sampled_from([-1.0, 0.0, 0.5, 2.0])] * 3), min_size=3, max_size=3),
    ),
    min_size=1,
    max_size=6,
)
ANGLE = st.floats(-3, 3).map(lambda x: round(x, 3))


def rule_of(drawn: list[Any]) -> Callable[..., Any]:
    def rule(a: Any, b: Any) -> Any:
        for name, order, coefs in drawn:
            row = gate(name)
            numbers = [c + d * a + b * e for c, d, e in coefs]
            yield name, order[: row.wires], numbers[: len(row.angle_names)]

    return rule


@settings(max_examples=25)
@given(STEPS, ANGLE, ANGLE, ANGLE)
def test_random_gates_beside_matrices(drawn: list[Any], a: float, b: float, c: float) -> None:
    rule = rule_of(drawn)
    row = register_gate("drawn", rule, wires=3)
    try:
        expected = steps_matrix(tuple(rule(a, b)), 3)
        np.testing.assert_allclose(row.matrix(a, b), expected, atol=1e-10)
        made = QuantumCircuit(3).ry(0, c).h(1).drawn(0, 1, 2, "a", "b").ry(2, 0.4)
        made = made.expval("Z0", "X1 Y2")
        assert QuantumCircuit.from_text(made.to_text()) == made
        around = [
            q_store.unitary(part)
            for part in (QuantumCircuit(3).ry(0, c).h(1), QuantumCircuit(3).ry(2, 0.4))
        ]
        psi = (around[1] @ expected @ around[0])[:, 0]
        sums = [q_store.PauliSum.parse(text).matrix(3) for text in ("Z0", "X1 Y2")]
        for passes in ("", "default", "decompose{basis=u-cx}"):
            f = q_store.compile(made, passes=passes)
            by_hand = [np.vdot(psi, m @ psi).real for m in sums]
            np.testing.assert_allclose(f(a=a, b=b), by_hand, atol=1e-9)
        slopes = f.gradient(a=a, b=b)
        shifted = f.gradient({"a": a, "b": b}, method="parameter_shift")
        for exact, other in zip(slopes, shifted, strict=True):
            np.testing.assert_allclose([*exact.values()], [*other.values()], atol=1e-8)
        undone = q_store.unitary(QuantumCircuit(3).drawn(0, 1, 2, a, b).inverse())
        np.testing.assert_allclose(undone @ expected, np.eye(8), atol=1e-10)
    finally:
        unregister_gate("drawn")


def test_passes_keep_their_contract_with_gates_from_outside() -> None:
    turn()
    register_gate("both", lambda a: [("rzz", (0, 1), a), ("rz", 0, 2 * a)])

    @settings(max_examples=10)
    @given(circuits(max_qubits=3, max_ops=8, gates=("turn", "both", "cx", "rz")))
    def check(func: Any) -> None:
        for name in ("canonicalize", "cancel", "merge-rotations"):
            (one,) = q_store.passes.pipeline.Pipeline.parse(name).passes
            assert_pass_contract(one, func)

    check()


# --- names ------------------------------------------------------------------------------------


def test_again_and_gone() -> None:
    first = turn()
    assert turn() is first
    with pytest.raises(QStoreError, match="another gate of that name is registered") as caught:
        register_gate("turn", lambda: [("h", 0)])
    assert caught.value.code == "QS418"
    unregister_gate("turn")
    for action in (
        lambda: gate("turn"),
        lambda: QuantumCircuit(2).turn(0, 1),
        lambda: unregister_gate("h"),
    ):
        with pytest.raises(QStoreError) as caught:
            action()
        assert caught.value.code == "QS103"
    assert register_gate("turn", lambda: [("h", 0)]).wires == 1


BAD: list[tuple[str, Callable[[], object]]] = [
    ("is a gate already", lambda: register_gate("h", lambda: [("x", 0)])),
    ("is a gate already", lambda: register_gate("cnot", lambda: [("x", 0)])),
    ("the name is taken", lambda: register_gate("barrier", lambda: [("x", 0)])),
    ("the name is taken", lambda: register_gate("draw", lambda: [("x", 0)])),
    ("the name is taken", lambda: register_gate("depolarizing", lambda: [("x", 0)])),
    ("a word of OpenQASM", lambda: register_gate("tau", lambda: [("x", 0)])),
    ("small letters", lambda: register_gate("My Gate", lambda: [("x", 0)])),
    ("small letters", lambda: register_gate("lambda", lambda: [("x", 0)])),
    ("small letters", lambda: register_gate(3, lambda: [("x", 0)])),
    ("is a circuit or a function, got int", lambda: register_gate("mine", 3)),
    ("names an unknown gate 'xx1'", lambda: register_gate("mine", lambda: [("xx1", 0)])),
    ("names an unknown gate 'mine'", lambda: register_gate("mine", lambda: [("mine", 0)])),
    ("step 2 .* on 1 wire, not 2", lambda: register_gate("mine", lambda: [("x", 0), ("cx", 0)])),
    ("puts `cx` on \\[1, 1\\]", lambda: register_gate("mine", lambda: [("cx", (1, 1))])),
    ("puts `x` on \\[9\\]", lambda: register_gate("mine", lambda: [("x", 9)])),
    ("puts `x` on \\[1\\]", lambda: register_gate("mine", lambda: [("x", 1)], wires=1)),
    ("gives `rx` 0 angles, not 1", lambda: register_gate("mine", lambda: [("rx", 0)])),
    ("which is no angle", lambda: register_gate("mine", lambda: [("rx", 0, "t")])),
    ("not finite", lambda: register_gate("mine", lambda: [("rx", 0, np.inf)])),
    ("must be \\(name, wires", lambda: register_gate("mine", lambda: ["x"])),
    ("its rule raised TypeError", lambda: register_gate("mine", lambda t: [("rx", 0, t * t)])),
    ("its rule raised TypeError", lambda: register_gate("mine", lambda t: None)),
    ("1 to 8 wires, got 9", lambda: register_gate("mine", lambda: [("x", 0)], wires=9)),
    ("1 to 8 wires, got 0", lambda: register_gate("mine", lambda t: [("phase", (), t)])),
    ("not diagonal", lambda: register_gate("mine", lambda: [("x", 0)], properties=["diagonal"])),
    ("no property", lambda: register_gate("mine", lambda: [("x", 0)], properties=["unitary"])),
    (
        "do not undo it",
        lambda: register_gate("mine", lambda: [("s", 0)], inverse=lambda: [("s", 0)]),
    ),
    ("one for each angle", lambda: register_gate("mine", lambda *a: [("x", 0)])),
    ("name of an angle", lambda: register_gate("mine", lambda a: [("x", 0)], angles=["A b"])),
    ("same name", lambda: register_gate("mine", lambda a, b: [("x", 0)], angles=["a", "a"])),
    ("ends with", lambda: register_gate("mine", QuantumCircuit(1).h(0).expval("Z0"))),
    ("is no unitary", lambda: register_gate("mine", QuantumCircuit(1).reset(0))),
    ("is an array", lambda: register_gate("mine", QuantumCircuit(1).rx(0, "w[0]"))),
    (
        "not affine",
        lambda: register_gate("mine", QuantumCircuit(1).rx(0, scalar("a") * scalar("b"))),
    ),
    ("leave them out", lambda: register_gate("mine", QuantumCircuit(1).h(0), wires=1)),
]


@pytest.mark.parametrize(("words", "action"), BAD, ids=[f"{i}" for i in range(len(BAD))])
def test_what_cannot_be_a_gate(words: str, action: Callable[[], object]) -> None:
    before = dict(built_in_gates())
    with pytest.raises(QStoreError, match=words) as caught:
        action()
    assert caught.value.code == "QS418"
    assert before == built_in_gates()


def test_calls_are_checked() -> None:
    turn()
    for code, action in (
        ("QS305", lambda: QuantumCircuit(2).turn(0)),
        ("QS302", lambda: QuantumCircuit(2).turn(0, 0, 1, 2)),
        ("QS306", lambda: QuantumCircuit(2).turn(0, 1, 0.5)),
        ("QS309", lambda: QuantumCircuit(2).turn(0, 1, 0.5, 1.0, params=["a", "b"])),
    ):
        with pytest.raises(QStoreError) as caught:
            action()
        assert caught.value.code == code
        assert "test_own_gates" in str(caught.value.diagnostics[0].span.file)


# --- caches, files, distributions -------------------------------------------------------------


def test_kept_executables_are_of_the_gate_as_it_is() -> None:
    def value(angle: float) -> Any:
        register_gate("step", lambda: [("rx", 0, angle)])
        made = QuantumCircuit(1)
        for _ in range(SMALLEST):
            made.step(0)
        found = q_store.compile(made.expval("Z0"), passes="")()
        unregister_gate("step")
        return found

    assert value(0.001) == pytest.approx(np.cos(0.001 * SMALLEST))
    assert value(0.002) == pytest.approx(np.cos(0.002 * SMALLEST))
    assert value(0.001) == pytest.approx(np.cos(0.001 * SMALLEST))


def qstorec(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; sys.path.insert(0, ''); from q_store.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *argv]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


PROGRAM = "qubits q[2];\nweight t;\nturn(t) q[0], q[1];\nexpect Z0;\n"


def test_the_command_loads_files_that_register_gates(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE)
    (tmp_path / "c.qst").write_text(PROGRAM)
    done = qstorec("compile", "c.qst", "--load", "mine.py", "-p", "", cwd=tmp_path)
    assert (done.returncode, "q.turn(%t)" in done.stdout) == (0, True)
    shown = qstorec("gates", "turn", "--load", "mine.py", cwd=tmp_path)
    assert "### `turn(t)`\n\nTurns and copies. *2 wires*" in shown.stdout
    assert qstorec("validate", "c.qst", "--load", "mine.py", cwd=tmp_path).returncode == 0
    assert "QS122" in qstorec("compile", "c.qst", cwd=tmp_path).stderr


def test_installed_distributions_are_asked_when_a_name_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "c.qst").write_text(PROGRAM)
    (tmp_path / "turning.py").write_text(FILE)
    (tmp_path / "broken.py").write_text("raise RuntimeError('not today')\n")
    info = tmp_path / "turning-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: turning\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[q_store.plugins]\nturning = turning\nbroken = broken\n"
    )
    done = qstorec("compile", "c.qst", "-p", "", cwd=tmp_path)
    assert (done.returncode, "q.turn(%t)" in done.stdout) == (0, True)
    assert "the plugin `broken` of turning is left out" in done.stderr
    assert "RuntimeError: not today" in done.stderr
    assert "q.turn" in qstorec("gates", cwd=tmp_path).stdout
    (tmp_path / "known.qst").write_text("qubits q[1];\nh q[0];\nexpect Z0;\n")
    quiet = qstorec("compile", "known.qst", cwd=tmp_path)
    assert (quiet.returncode, quiet.stderr) == (0, "")
