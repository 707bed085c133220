"""The programs of `examples/dsl/` do what they say they do, and stay the same when printed."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from q_store import QuantumCircuit
from q_store.frontends.dsl import from_dsl, load_dsl, to_dsl
from q_store.frontends.symbols import matrix, scalar, vector
from q_store.qir.diagnostics import QStoreError
from q_store.qir.printer import print_func
from q_store.qir.verifier import verify
from q_store.runtime.reference_func import observations_of_func, state_of_func
from q_store.testing.equivalence import assert_equivalent

FOLDER = Path(__file__).parents[3] / "examples" / "dsl"
NAMES = sorted(path.stem for path in FOLDER.glob("*.qst"))


def values(name: str, binding: dict[str, Any] | None = None, **defines: float) -> list[Any]:
    func = load_dsl(FOLDER / f"{name}.qst", defines=defines)
    return observations_of_func(func, binding)


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_right_and_survive_printing(name: str) -> None:
    func = load_dsl(FOLDER / f"{name}.qst")
    verify(func)
    assert func.name == name
    text = to_dsl(func)
    assert print_func(from_dsl(text)) == print_func(func)
    assert to_dsl(from_dsl(text)) == text


def test_there_are_a_dozen() -> None:
    assert len(NAMES) >= 12
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert tested >= set(NAMES)


def test_bell() -> None:
    xx, zz, outcomes = values("bell")
    assert (xx, zz) == (pytest.approx(1), pytest.approx(1))
    np.testing.assert_allclose(outcomes, [0.5, 0, 0, 0.5], atol=1e-12)


def test_classifier() -> None:
    """The same circuit from the builder, with more layers than the file has."""
    n, layers = 3, 3
    x, w, theta = vector("x", n), matrix("w"), scalar("θ")
    circuit = QuantumCircuit(n)
    for layer in range(layers):
        for q in range(n):
            circuit.rx(q, math.pi * x[q] / 2)
        for q in range(n):
            circuit.ry(q, w[layer, 2 * q]).rz(q, w[layer, 2 * q + 1] - math.pi / 4)
        for q in range(n):
            circuit.cx(q, (q + 1) % n).rz((q + 1) % n, theta).cx(q, (q + 1) % n)
    circuit.expval("Z0", "0.6*Z0 Z1 - 1.25*X2 + 0.1*Z1 Z2")
    rng = np.random.default_rng(3)
    numbers = {"x": rng.normal(size=n), "w": rng.normal(size=(layers, n, 2)), "θ": 0.3}
    flat = numbers | {"w": numbers["w"].reshape(layers, 2 * n)}
    found = values("classifier", numbers, n=n, layers=layers)
    np.testing.assert_allclose(found, observations_of_func(circuit.to_ir(), flat), atol=1e-12)


def test_qaoa() -> None:
    """Without costs and mixers every cut is equally likely: half of the edges."""
    zero = {"gamma": np.zeros(3), "beta": np.zeros(3)}
    assert values("qaoa", zero) == [pytest.approx(2.5)]
    good = {"gamma": [0.9], "beta": [-0.4]}
    assert max(abs(v - 2.5) for v in values("qaoa", good, p=1)) > 0.5


def test_ising() -> None:
    """At time 0 nothing has happened; a short time changes the energy in second order only."""
    energy, *magnetization = values("ising", {"t": 0.0})
    assert energy == pytest.approx(-3.0)
    assert magnetization == pytest.approx([1, 1, 1, 1])
    later = values("ising", {"t": 0.01}, steps=50)[0]
    assert later == pytest.approx(-3.0, abs=1e-3)


def test_qft() -> None:
    func = load_dsl(FOLDER / "qft.qst", defines={"n": 3, "number": 5})
    state = state_of_func(func)
    expected = np.exp(2j * math.pi * 5 * np.arange(8) / 8) / math.sqrt(8)
    np.testing.assert_allclose(state, expected, atol=1e-12)


def test_grover() -> None:
    (outcomes,) = values("grover")
    assert outcomes.argmax() == 0b101
    assert outcomes[0b101] == pytest.approx(math.sin(5 * math.asin(8**-0.5)) ** 2)


@pytest.mark.parametrize("angle", [0.0, 0.4, 2.0])
def test_teleport(angle: float) -> None:
    assert values("teleport", {"angle": angle}) == [pytest.approx(math.cos(angle))]


def test_noisy() -> None:
    """The reset wipes out what happened to qubit 0 before."""
    z0, z1, outcomes = values("noisy", {"t": [0.3, 0.0]}, p=0.0)
    assert z0 == pytest.approx(math.cos(0.3))
    flipped = math.sin(0.15) ** 2 * 0.9
    assert z1 == pytest.approx(1 - 2 * flipped)
    np.testing.assert_allclose(outcomes[0] + outcomes[1], 1 - flipped, atol=1e-12)
    assert values("noisy", {"t": [0.3, 0.0]}, p=0.2)[1] < z1


def test_zz_feature_map() -> None:
    n = 2
    x = vector("x", n)
    circuit = QuantumCircuit(n)
    for _ in range(2):
        circuit.h(0).h(1).p(0, 2 * x[0]).p(1, 2 * x[1])
        circuit.cx(0, 1).p(1, 2 * (math.pi - x[0]) * (math.pi - x[1])).cx(0, 1)
    circuit.rx(0, np.arctan2(np.sin(x[0]), np.sqrt(x[0] ** 2 + x[1] ** 2 + 1)))
    func = load_dsl(FOLDER / "zz_feature_map.qst", defines={"n": 2})
    assert_equivalent(func, circuit.expval("Z0", "Z1").to_ir(), "exact")


def test_reuploading() -> None:
    w, scale = np.zeros((4, 3)), np.array([1.0, 2.0, 0.5, 0.5])
    (y,) = values("reuploading", {"x": 0.4, "w": w, "scale": scale})
    assert y == pytest.approx(math.cos(4 * math.tanh(0.4)))


@pytest.mark.parametrize("turns", [0, 1, 3, 6])
def test_phase_estimation(turns: int) -> None:
    (outcomes,) = values("phase_estimation", phase_turns=turns / 8)
    assert outcomes[turns] == pytest.approx(1)


def test_feed_forward() -> None:
    """Bits 00 rotate qubits 2 and 3; the last CX copies the parity."""
    (outcomes,) = values("feed_forward", {"a": [0.0, math.pi]})
    np.testing.assert_allclose(outcomes, [0, 0, 1, 0], atol=1e-12)
    (outcomes,) = values("feed_forward", {"a": [math.pi, 0.0]})
    np.testing.assert_allclose(outcomes, [0, 0, 0, 1], atol=1e-12)


def test_hardware_efficient() -> None:
    n, depth = 4, 2
    rng = np.random.default_rng(5)
    w = rng.normal(size=(depth + 1, 2, n))
    circuit = QuantumCircuit(n)
    for d in range(depth + 1):
        for q in range(n):
            circuit.ry(q, w[d, 0, q])
        for q in range(n):
            circuit.rz(q, w[d, 1, q])
        if d < depth:
            circuit.cx(0, 1).cx(2, 3).cx(1, 2)
    circuit.expval("0.25*X0 X1 + 0.25*Y0 Y1 + 0.25*Z0 Z1 - 0.5", "Z0 Z2 + Z0 Z3 + Z1 Z2 + Z1 Z3")
    circuit.sample(0, 3)
    expected = observations_of_func(circuit.to_ir())
    found = values("hardware_efficient", {"w": w})
    np.testing.assert_allclose(found[:2], expected[:2], atol=1e-12)
    np.testing.assert_allclose(found[2], expected[2], atol=1e-12)


@pytest.mark.parametrize(
    "write", [lambda path: None, lambda path: path.write_bytes(b"qubits q[1] # \xff")]
)
def test_files_that_cannot_be_read(tmp_path: Path, write: Callable[[Path], object]) -> None:
    write(tmp_path / "a.qst")
    with pytest.raises(QStoreError) as caught:
        load_dsl(tmp_path / "a.qst")
    assert caught.value.code == "QS341"


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.qst"
    path.write_text("\ufeffqubits q[1]\nh r\n", encoding="utf-8")
    with pytest.raises(QStoreError) as caught:
        load_dsl(path)
    assert caught.value.diagnostics[0].short().startswith(f"{path}:2:3: error[QS121]")


def test_detector() -> None:
    value, outcomes = values("detector", {}, gamma=0.0)
    true = np.array([0.32, 0.18, 0.18, 0.32])
    read = np.array([[18, 1, 1, 0], [2, 18, 0, 0], [2, 0, 18, 0], [0, 4, 4, 12]]) / 20
    np.testing.assert_allclose(outcomes, true @ read, atol=1e-9)
    np.testing.assert_allclose(value, true @ read @ [1, -1, -1, 1], atol=1e-9)
    assert values("detector", {}, gamma=1.0)[1][0] > outcomes[0]
