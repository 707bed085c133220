"""Native programs: exact, native, and as short as known."""

from collections import Counter
from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.symbols import scalar
from q_store.passes.choose_axes import ChooseAxes
from q_store.passes.context import Context
from q_store.passes.expand_entanglers import BETTER
from q_store.passes.ionq import weyl
from q_store.passes.ionq.weyl import pair_form
from q_store.passes.manager import run_pipeline
from q_store.passes.pipeline import Pipeline
from q_store.passes.relabel_swaps import EXCHANGES
from q_store.passes.settle_wires import settled
from q_store.qir.func import Func, Module
from q_store.qir.registry import all_gates
from q_store.qir.unitary import steps_matrix
from q_store.testing.contract import assert_pass_contract
from q_store.testing.equivalence import assert_equivalent
from q_store.testing.strategies import circuits

NATIVE = {"ionq.gpi", "ionq.gpi2", "ionq.ms", "ionq.zz", "q.rz"}


def native(func: Func, device: str, options: str = "") -> Func:
    return run_pipeline(f"ionq-native{{device={device} {options}}}", Module((func,))).main


def counts(func: Func) -> tuple[int, int]:
    """Pulses and entanglers; every gate is native."""
    found = Counter(op.defn.name for op in func.gates if op.operands)
    assert found.keys() <= NATIVE
    return found["ionq.gpi"] + found["ionq.gpi2"], found["ionq.ms"] + found["ionq.zz"]


@pytest.mark.parametrize(
    "text",
    [
        "ionq-native{device=aria}",
        "ionq-native{device=aria level=1}",
        "choose-axes{entangler=ms}",
        "resynthesize-pairs{equal}",
    ],
)
def test_the_pass_contract_of_options(text: str) -> None:
    (pass_,) = Pipeline.parse(text).passes

    @settings(max_examples=40)
    @given(st.one_of(circuits(max_ops=10), circuits(max_qubits=3, max_ops=8, mid_circuit=True)))
    def check(func: Func) -> None:
        assert_pass_contract(pass_, func)

    check()


@pytest.mark.parametrize("device", ["aria", "forte"])
def test_only_native_gates_remain(device: str) -> None:
    @settings(max_examples=60)
    @given(circuits(max_qubits=5, max_ops=12))
    def check(func: Func) -> None:
        made = native(func, device)
        counts(made)
        for op in made.gates:
            if op.defn.name in ("ionq.ms", "ionq.zz") and not op.angles[-1].terms:
                low = 0.0 if device == "aria" else -pi / 2
                assert low <= op.angles[-1].const + 1e-9 <= pi / 2 + 2e-9

    check()


def test_settled_wires_give_the_same_results() -> None:
    @settings(max_examples=60)
    @given(circuits(observed=True, max_ops=8))
    def check(func: Func) -> None:
        relabelled = run_pipeline("relabel-swaps", Module((func,))).main
        assert relabelled.observe is not None
        made = settled(relabelled, relabelled.observe.operands)
        assert_equivalent(func, made, "observed")
        if all(not arg.type.linear for arg in func.args):
            again = settled(made, made.observe.operands)
            assert again is made

    check()


@pytest.mark.parametrize("table", [EXCHANGES, BETTER], ids=["exchanges", "better"])
def test_ways_to_write_gates_are_exact(table: dict) -> None:
    for name, rule in table.items():
        row = all_gates()[name]
        angles = [0.7 + k for k in range(len(row.angle_names))]
        made = steps_matrix(rule(*angles), row.wires or 0)
        assert np.allclose(made, row.matrix(*angles), atol=1e-12), name


# --- counts -----------------------------------------------------------------------------------


def qft(n: int) -> QuantumCircuit:
    circuit = QuantumCircuit(n)
    for i in range(n):
        circuit.h(i)
        for j in range(i + 1, n):
            circuit.cp(j, i, pi / 2 ** (j - i))
    for i in range(n // 2):
        circuit.swap(i, n - 1 - i)
    return circuit


def ghz(n: int) -> QuantumCircuit:
    circuit = QuantumCircuit(n).h(0)
    for i in range(n - 1):
        circuit.cx(i, i + 1)
    return circuit


def layers(n: int, depth: int, symbolic: bool = False) -> QuantumCircuit:
    rng, circuit = np.random.default_rng(3), QuantumCircuit(n)
    for layer in range(depth):
        for q in range(n):
            for axis in ("ry", "rz"):
                angle = f"{axis}{layer}_{q}" if symbolic else None
                number = () if symbolic else (float(rng.uniform(-pi, pi)),)
                getattr(circuit, axis)(q, *number, param=angle)
        for q in range(n):
            circuit.cx(q, (q + 1) % n)
    return circuit


def qaoa(n: int, *, cx: bool = False, symbolic: bool = False) -> QuantumCircuit:
    circuit = QuantumCircuit(n)
    for q in range(n):
        circuit.h(q)
    for layer, (gamma, beta) in enumerate(((0.7, 0.4), (0.314 * 2 * pi, 1.1))):
        for a in range(n):
            b = (a + 1) % n
            if cx:
                circuit.cx(a, b)
                circuit.rz(b, param=f"g{layer}") if symbolic else circuit.rz(b, gamma)
                circuit.cx(a, b)
            else:
                circuit.rzz(a, b, gamma)
        for q in range(n):
            circuit.rx(q, param=f"b{layer}") if symbolic else circuit.rx(q, 2 * beta)
    return circuit


def random_pair() -> QuantumCircuit:
    rng, circuit = np.random.default_rng(8), QuantumCircuit(2)
    for _ in range(4):
        for q in (0, 1):
            circuit.u(q, *map(float, rng.uniform(-pi, pi, 3)))
        circuit.cx(0, 1)
    return circuit


def one(name: str, *angles: float) -> QuantumCircuit:
    row = all_gates()[name]
    return QuantumCircuit(row.wires or 1).append(name, range(row.wires or 1), *angles)


KNOWN = {
    # circuit, then pulses and entanglers on a machine with MS and on one with ZZ
    "empty": (QuantumCircuit(3), (0, 0), (0, 0)),
    "qft 4": (qft(4), (6, 6), (4, 6)),
    "qft 8": (qft(8), (14, 28), (8, 28)),
    "ghz 8": (ghz(8), (8, 7), (15, 7)),
    "layers 6x3": (layers(6, 3), (35, 18), (55, 18)),
    "symbolic layers 6x3": (layers(6, 3, True), (40, 18), (70, 18)),
    "qaoa 8": (qaoa(8), (8, 16), (40, 16)),
    "qaoa 8 with cx": (qaoa(8, cx=True), (8, 16), (40, 16)),
    "symbolic qaoa 8": (qaoa(8, cx=True, symbolic=True), (8, 16), (40, 16)),
    "symbolic qaoa 7": (qaoa(7, cx=True, symbolic=True), (7, 14), (35, 14)),
    "u": (one("u", 0.3, 0.4, 0.5), (2, 0), (2, 0)),
    "rz": (one("rz", 0.3), (0, 0), (0, 0)),
    "h": (one("h"), (1, 0), (1, 0)),
    "cx": (one("cx"), (3, 1), (2, 1)),
    "cz": (one("cz"), (4, 1), (0, 1)),
    "rzz": (one("rzz", 0.3), (4, 1), (0, 1)),
    "rxx": (one("rxx", 0.3), (0, 1), (4, 1)),
    "cp": (one("cp", 0.3), (4, 1), (0, 1)),
    "swap": (one("swap"), (0, 0), (0, 0)),
    "iswap": (one("iswap"), (4, 1), (0, 1)),
    "ccx": (one("ccx"), (6, 5), (6, 5)),
    "any pair": (random_pair(), (8, 3), (12, 3)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_counts(name: str) -> None:
    circuit, with_ms, with_zz = KNOWN[name]
    func = circuit.to_ir()
    for device, wanted in (("aria", with_ms), ("forte", with_zz)):
        made = native(func, device)
        pulses, entanglers = counts(made)
        assert (pulses, entanglers) <= wanted
        assert entanglers <= wanted[1]
        assert_equivalent(func, made, "exact" if circuit.n_qubits <= 6 else "phase", bindings=1)


@pytest.mark.parametrize("name", ["qft 4", "qft 8", "ghz 8"])
def test_machines_with_zz_cannot_do_with_fewer_pulses(name: str) -> None:
    """All gates but pulses commute with Z. So a wire without a pulse takes Z to Z, or to -Z; one
    with a single quarter-turn takes Z to what anticommutes with the Z of the wire it becomes."""
    circuit, _, (pulses, _) = KNOWN[name]
    n = circuit.n_qubits
    rows = [(i.row.mnemonic, i.wires, i.angles) for i in circuit]
    unitary = steps_matrix(rows, n)
    signs = [1 - 2 * (np.arange(2**n) >> (n - 1 - q) & 1) for q in range(n)]
    least = np.full((n, n), 2)
    for q, home in np.ndindex(n, n):
        image = (unitary * signs[q]) @ unitary.conj().T
        if np.allclose(np.abs(np.diag(image) @ signs[home]), 2**n):
            least[q, home] = 0
        elif np.allclose(signs[home][:, None] * image, -image * signs[home]):
            least[q, home] = 1
    assert least.min(axis=1).sum() == pulses


def test_angles_stay_affine() -> None:
    func = qaoa(6, cx=True, symbolic=True).to_ir()
    for device in ("aria", "forte"):
        made = native(func, device)
        assert made.args == func.args
        assert not [op for op in made.ops if op.defn.dialect == "f"]
        symbolic = [op for op in made.gates if any(angle.terms for angle in op.angles)]
        assert len(symbolic) >= 12


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("cx 0 1; rz 1; cx 0 1", ["rzz"]),
        ("cx 0 1; p 1; cx 0 1", ["rzz"]),
        ("cx 0 1; rx 0; cx 0 1", ["rxx"]),
        ("cz 0 1; rx 1; cz 1 0", ["rzx"]),
        ("cy 0 1; rz 1; cy 0 1", ["rzz"]),
        ("cx 0 1; ry 1; cx 0 1", ["rx", "rzz", "rx"]),
        ("cx 0 1; rz 1; cz 0 2; rz 0; cx 0 1", ["cz", "rz", "rzz"]),
        ("cx 0 2; cx 1 2; rz 2; cx 1 2; cx 0 2", ["cx", "rzz", "cx"]),
        ("cx 0 1; rx 1; cx 0 1", ["cx", "rx", "cx"]),
        ("cx 0 1; rz 1; cx 1 0", ["cx", "rz", "cx"]),
        ("cx 0 1; rz 1; h 0; cx 0 1", ["cx", "rz", "h", "cx"]),
        ("cx 0 1; rz 1; cx 2 1", ["cx", "rz", "cx"]),
    ],
)
def test_conjugated_rotations_fold(text: str, left: list[str]) -> None:
    circuit = QuantumCircuit(3)
    for step in text.split("; "):
        name, *wires = step.split()
        angle = {"param": "t"} if name in ("rx", "ry", "rz", "p") else {}
        getattr(circuit, name)(*map(int, wires), **angle)
    func = circuit.to_ir()
    made = run_pipeline("fold-conjugations", Module((func,))).main
    assert [op.defn.mnemonic for op in made.gates if op.operands] == left
    assert_equivalent(func, made, "exact")


@pytest.mark.parametrize(
    ("angles", "turn", "left"),
    [
        ((0.0, 0.4, None), "q.p", "rzz"),
        ((0.0, None, 0.0), "q.p", "rzz"),
        ((None, 0.0, 0.0), "q.ry", "rzz"),
        ((None, -pi / 2, pi / 2), "q.rx", "rxx"),
        ((None, pi / 2, -pi / 2), "q.rx", "rxx"),
        ((None, 0.2, 0.0), "q.u", None),
    ],
)
def test_rotations_written_as_u_fold(angles: tuple, turn: str, left: str | None) -> None:
    wire = 0 if left == "rxx" else 1
    circuit = QuantumCircuit(2).cx(0, 1)
    circuit.u(wire, *[scalar("t") if angle is None else angle for angle in angles]).cx(0, 1)
    alone = QuantumCircuit(1).u(0, *[scalar("t") if angle is None else angle for angle in angles])
    for func in (alone.to_ir(), circuit.to_ir()):
        made = run_pipeline("fold-conjugations", Module((func,))).main
        assert_equivalent(func, made, "exact")
        names = [op.defn.mnemonic for op in made.gates if op.operands]
        if func.n_qubits == 1:
            assert [f"q.{name}" for name in names] == [turn]
        else:
            assert (left in names and "cx" not in names) if left else names == ["cx", "u", "cx"]


def test_blocks_that_repeat_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = QuantumCircuit(3)
    for _ in range(5):
        for pair in ((0, 1), (1, 2)):
            circuit.rxx(*pair, 0.2).rzz(*pair, 0.3)
    calls: list[object] = []

    def counting(unitary: object, **options: bool) -> object:
        calls.append(unitary)
        return pair_form(unitary, **options)

    monkeypatch.setattr(weyl, "pair_form", counting)
    func = circuit.to_ir()
    made = run_pipeline("resynthesize-pairs{equal}", Module((func,))).main
    assert len(calls) == 1
    assert_equivalent(func, made, "exact")


@pytest.mark.parametrize(
    ("circuit", "times"), [(ghz(4), 1), (random_pair(), 4)], ids=["alike", "different"]
)
def test_ways_that_lead_to_the_same_are_played_once(
    circuit: QuantumCircuit, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Func] = []
    played = ChooseAxes.on_func

    def counting(self: ChooseAxes, func: Func, ctx: Context) -> Func:
        calls.append(func)
        return played(self, func, ctx)

    monkeypatch.setattr(ChooseAxes, "on_func", counting)
    native(circuit.to_ir(), "aria")
    assert len(calls) == times


def test_commuting_rotations_are_ordered() -> None:
    circuit = QuantumCircuit(4)
    for q in range(3):
        circuit.rxx(q, q + 1, 0.1).ryy(q, q + 1, 0.2).rzz(q, q + 1, 0.3)
    func = circuit.to_ir()
    plain = counts(native(func, "forte", "level=2"))
    assert counts(native(func, "forte"))[0] < plain[0]


@pytest.mark.parametrize(
    ("build", "left"),
    [
        (lambda c: c.cx(0, 1).h(0), ["h"]),
        (lambda c: c.x(0).cx(0, 1).cz(1, 2), ["x", "x"]),
        (lambda c: c.x(0).ccx(0, 1, 2).h(1).h(2), ["x", "h", "h"]),
        (lambda c: c.h(1).x(0).ccx(0, 1, 2), ["h", "x", "cx"]),
        (lambda c: c.h(1).rzz(0, 1, 0.3), ["h", "rz"]),
        (lambda c: c.rz(0, 0.3).t(1).cp(0, 1, 0.3), []),
        (lambda c: c.x(0).swap(0, 1).cx(1, 2), ["x", "swap", "x"]),
        (lambda c: c.h(0).cx(0, 1).reset(0).cx(0, 2), ["h", "cx"]),
    ],
)
def test_fresh_wires_take_gates_away(build, left: list[str]) -> None:
    circuit = QuantumCircuit(3)
    build(circuit)
    func = circuit.measure_all().to_ir()
    made = run_pipeline("fresh-wires", Module((func,))).main
    assert [op.defn.mnemonic for op in made.gates] == left
    assert_equivalent(func, made, "observed")


def test_fresh_wires_keep_operators() -> None:
    func = QuantumCircuit(2).cx(0, 1).to_ir()
    assert run_pipeline("fresh-wires", Module((func,))).main is func


def test_frames_before_a_measurement_go() -> None:
    circuit = QuantumCircuit(2).h(0).cp(0, 1, 0.3).t(0).measure_all()
    text = "ionq-native{device=forte},light-cone"
    made = run_pipeline(text, Module((circuit.to_ir(),))).main
    assert [op.defn.name for op in made.gates if op.operands] == ["ionq.gpi2"]
