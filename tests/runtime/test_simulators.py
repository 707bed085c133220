"""What is particular to qsim, Lightning and Aer: methods, noise, old versions, and bad input."""

import logging
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from q_store import QStoreError, SimulatorConfig
from q_store.qir.angle import Angle
from q_store.qir.builder import FuncBuilder
from q_store.qir.channels import KRAUS, NOISE, Channel, Listed, kraus_numbers
from q_store.qir.observables import Expval, PauliSum
from q_store.qir.registry import op_def
from q_store.runtime import reference
from q_store.runtime.backend import load, place
from q_store.runtime.backends import lightning, qsim
from q_store.runtime.backends.aer import TRAJECTORIES
from q_store.runtime.backends.lightning_device import DeviceProgram
from q_store.runtime.backends.qsim_cirq import CirqProgram
from q_store.targets.executable import Executable
from q_store.targets.lower import lower
from q_store.testing import conformance
from q_store.testing.conformance import Subject
from q_store.testing.conformance_circuits import cotangent, layers
from q_store.testing.strategies import random_kraus

SIMULATORS = ("batched", "qsim", "lightning.qubit", "aer")
METHODS = ("statevector", "density_matrix", "matrix_product_state")
CHANNELS = (*NOISE, *KRAUS)


def run(executable: Executable, backend: Any, dtype: str = "float64") -> Any:
    return load(executable, dtype, place(backend, strict=True))


def numbers_of(channel: Channel) -> list[float]:
    if isinstance(channel, Listed):
        return list(kraus_numbers(random_kraus(channel.wires or 1, 3, 7)))
    return [0.1, 0.05, 0.2, 0.01, *[0.02] * 11][: len(channel.angle_names)]


def refused(call: Any, *args: Any) -> tuple[str, str]:
    with pytest.raises(QStoreError) as caught:
        call(*args)
    return caught.value.code, str(caught.value)


# --- bad input -------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", SIMULATORS)
def test_more_qubits_than_memory(backend: str) -> None:
    n = 39

    def attempt() -> None:
        builder = FuncBuilder("wide", n)
        builder.gate("h", [n - 1])
        executable = lower(builder.finish([Expval(PauliSum.z(n - 1))]))
        program = run(executable, backend, "float32")
        if backend == "batched":
            program.state(np.zeros((1, 0)), np.zeros(0))
        program.expvals(np.zeros((1, 0)), np.zeros(0))

    code, text = refused(attempt)
    assert code == "QS510"
    assert "bytes of memory" in text
    assert "bytes are available" in text


@pytest.mark.parametrize("backend", ["qsim", "lightning.qubit"])
def test_more_qubits_than_a_backend_has(backend: str) -> None:
    builder = FuncBuilder("wider", 41)
    code, text = refused(run, lower(builder.finish([Expval(PauliSum.z(0))])), backend)
    assert code == "QS505"
    assert f"'{backend}' runs 1 to 40 qubits, got 41" in text
    assert "batched" in text


@pytest.mark.parametrize(
    ("backend", "op", "could"),
    [
        ("lightning.qubit", "n.depolarizing", "batched, qsim"),
        ("qsim", "q.reset", "batched"),
        ("aer", "q.measure", "batched"),
    ],
)
def test_effects_name_the_op_the_backend_and_who_could(backend: str, op: str, could: str) -> None:
    builder = FuncBuilder("noisy", 1)
    if op == "q.measure":
        builder.measure(0)
    else:
        builder.gate(op_def(op), [0], [0.1] * len(op_def(op).angle_names))
    code, text = refused(run, lower(builder.finish([Expval(PauliSum.z(0))])), backend)
    assert code == "QS540"
    assert f"`{op}`" in text
    assert f"'{backend}'" in text
    assert could in text


def test_states_that_a_method_does_not_have() -> None:
    case = layers(3, 2, 5)
    program = run(case.executable, SimulatorConfig("aer", method="density_matrix"))
    code, text = refused(program.state, case.inputs, case.weights)
    assert code == "QS627"
    assert "'density_matrix'" in text


# --- Aer -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_methods_of_aer_agree(method: str) -> None:
    case = layers(3, 2, 5)
    program = run(case.executable, SimulatorConfig("aer", method=method))
    wanted = load(case.executable, "float64")
    g = cotangent(5, case.executable.n_observables)
    for found, right in zip(
        program.value_and_vjp(case.inputs, case.weights, g),
        wanted.value_and_vjp(case.inputs, case.weights, g),
        strict=True,
    ):
        assert np.allclose(found, right, atol=1e-9)
    chances = program.probs(case.inputs, case.weights, (2, 0))
    assert np.allclose(chances, wanted.probs(case.inputs, case.weights, (2, 0)), atol=1e-9)
    bits = program.samples(case.inputs, case.weights, (2, 0), 4000, 5)
    assert (bits == program.samples(case.inputs, case.weights, (2, 0), 4000, 5)).all()
    counts = np.stack([np.bincount(row @ [2, 1], minlength=4) for row in bits])
    error = np.sqrt(4000 * chances * (1 - chances)) + 1e-9
    assert (np.abs(counts - 4000 * chances) < 5 * error).all()


def clifford(n: int, quarters: list[float]) -> Executable:
    builder = FuncBuilder("clifford", n)
    t = builder.param("t")
    for wire in range(n):
        builder.gate("h" if wire == 0 else "s", [wire])
        builder.gate(("rx", "ry", "rz")[wire % 3], [wire], [Angle.of(t) * quarters[wire % 3]])
    for wire in range(n - 1):
        builder.gate("cx", [wire, wire + 1])
    words = ["Z0", f"X0 Y{n - 1}", "0.5*Y0 Z1 - X1", f"Z0 Z{n - 1}"]
    return lower(builder.finish([Expval(PauliSum.parse(word)) for word in words]))


def test_the_stabiliser_method_runs_clifford_circuits() -> None:
    executable = clifford(4, [1.0, 2.0, -1.0])
    program = run(executable, SimulatorConfig("aer", method="stabilizer"))
    inputs = np.zeros((1, 0))
    for quarter in range(-4, 5):
        weights = np.array([quarter * np.pi / 2])
        wanted = reference.expvals(executable, (), weights)
        assert np.allclose(program.expvals(inputs, weights)[0], wanted, atol=1e-9)
        g = cotangent(1, 4)
        slope = program.value_and_vjp(inputs, weights, g)[2]
        assert np.allclose(slope, reference.expval_vjp(executable, (), weights, g[0])[1])
    code, text = refused(program.expvals, inputs, np.array([0.3]))
    assert code == "QS625"
    assert "`rx(0.3)`" in text
    assert "multiples of pi/2" in text


def test_the_stabiliser_method_runs_many_qubits() -> None:
    program = run(clifford(60, [1.0, 2.0, -1.0]), SimulatorConfig("aer", method="stabilizer"))
    weights = np.array([np.pi / 2])
    values = program.expvals(np.zeros((2, 0)), weights)
    assert np.isin(np.round(values[:, [0, 1, 3]], 9), (-1, 0, 1)).all()
    bits = program.samples(np.zeros((2, 0)), weights, tuple(range(60)), 20, 3)
    assert bits.shape == (2, 20, 60)


def test_a_noise_model_of_qiskit() -> None:
    from qiskit_aer.noise import NoiseModel, depolarizing_error

    model = NoiseModel()
    # Aer's parameter p replaces the qubit by noise; X, Y and Z occur with p/4 each.
    model.add_all_qubit_quantum_error(depolarizing_error(0.2, 1), ["rx"])
    builder = FuncBuilder("turn", 1)
    t = builder.param("t")
    builder.gate("rx", [0], [Angle.of(t)])
    executable = lower(builder.finish([Expval(PauliSum.parse("Z0")), Expval(PauliSum.parse("Y0"))]))
    weights, none = np.array([0.7]), np.zeros((1, 0))
    exact = run(executable, SimulatorConfig("aer", noise_model=model))
    wanted = 0.8 * np.array([np.cos(0.7), -np.sin(0.7)])
    assert np.allclose(exact.expvals(none, weights)[0], wanted, atol=1e-9)
    slope = exact.value_and_vjp(none, weights, np.array([[1.0, 0.0]]))[2]
    assert np.allclose(slope, -0.8 * np.sin(0.7), atol=1e-9)
    config = SimulatorConfig("aer", noise_model=model, method="statevector")
    drawn = run(executable, config).expvals(none, weights)[0]
    assert np.allclose(drawn, wanted, atol=5 / np.sqrt(TRAJECTORIES))
    assert refused(exact.state, none, weights)[0] == "QS627"


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda row: row.mnemonic)
def test_channels_are_those_of_the_embedded_engine(channel: Any) -> None:
    builder = FuncBuilder("channel", 3)
    t = builder.param("t")
    builder.gate("ry", [0], [Angle.of(t)])
    builder.gate("cx", [0, 1])
    builder.gate("rxx", [1, 2], [0.8])
    builder.gate(channel, [1, 0, 2][: channel.wires], numbers_of(channel))
    builder.gate("ry", [1], [Angle.of(t) * 0.5])
    words = ("Z0", "X1", "Y0 Y1", "Z0 Z1")
    executable = lower(builder.finish([Expval(PauliSum.parse(word)) for word in words]))
    weights, none, g = np.array([0.7]), np.zeros((1, 0)), cotangent(1, 4)
    found = run(executable, "aer").value_and_vjp(none, weights, g)
    wanted = run(executable, "batched").value_and_vjp(none, weights, g)
    for mine, theirs in zip(found, wanted, strict=True):
        assert np.allclose(mine, theirs, atol=1e-9)


# --- trajectories of qsim --------------------------------------------------------------------


def noisy(channel: Any) -> Executable:
    builder = FuncBuilder("noisy", 3)
    t = builder.param("t")
    builder.gate("ry", [0], [Angle.of(t)])
    builder.gate("iswap", [0, 1])
    builder.gate(channel, [1, 0, 2][: channel.wires], numbers_of(channel))
    builder.gate("ry", [1], [Angle.of(t) * 0.5])
    words = ("Z0", "X1", "Y0 Y1", "0.5*Z0 Z1 + 0.25")
    return lower(builder.finish([Expval(PauliSum.parse(word)) for word in words]))


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda row: row.mnemonic)
def test_trajectories_of_qsim_have_the_means_of_the_density_matrix(channel: Any) -> None:
    executable, weights, none = noisy(channel), np.array([0.7]), np.zeros((1, 0))
    runs = 4000
    program = run(executable, SimulatorConfig("qsim", trajectories=runs, seed=3), "float32")
    exact = run(executable, "batched")
    error = 5 / np.sqrt(runs)
    g = cotangent(1, 4)
    for mine, theirs, factor in zip(
        program.value_and_vjp(none, weights, g),
        exact.value_and_vjp(none, weights, g),
        (1, 1, 4),
        strict=True,
    ):
        assert np.allclose(mine, theirs, atol=factor * error)
    chances = exact.probs(none, weights, (1, 0))[0]
    assert np.allclose(program.probs(none, weights, (1, 0))[0], chances, atol=error)
    bits = program.samples(none, weights, (1, 0), runs, 3)[0]
    counts = np.bincount(bits @ [2, 1], minlength=4)
    assert np.allclose(counts / runs, chances, atol=error)


def test_seeds_of_trajectories() -> None:
    executable, weights, none = noisy(NOISE[0]), np.array([0.7]), np.zeros((2, 0))
    config = SimulatorConfig("qsim", trajectories=50, seed=3)
    first, again = (run(executable, config, "float32").expvals(none, weights) for _ in range(2))
    assert (first == again).all()
    assert (first[0] != first[1]).any()
    other = SimulatorConfig("qsim", trajectories=50, seed=4)
    assert (run(executable, other, "float32").expvals(none, weights) != first).any()
    program = run(executable, config, "float32")
    draws = [program.samples(none, weights, (0, 1), 60, seed) for seed in (1, 1, 2)]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()
    assert refused(program.samples, none, weights, (0, 1), 60, -1)[0] == "QS626"
    assert refused(program.state, none, weights)[0] == "QS627"


# --- settings and versions -------------------------------------------------------------------


@pytest.mark.parametrize("fusion", [2, 4])
@pytest.mark.parametrize("threads", [1, 2])
def test_threads_and_fusion_of_qsim_change_nothing(fusion: int, threads: int) -> None:
    case = layers(5, 1, 3)
    config = SimulatorConfig("qsim", fusion=fusion, threads=threads)
    found = run(case.executable, config, "float32").expvals(case.inputs, case.weights)
    wanted = load(case.executable, "float64").expvals(case.inputs, case.weights)
    assert np.allclose(found, wanted, atol=1e-5)


def test_many_qubits_read_words_in_qsim() -> None:
    case = layers(12, 1, 2)
    found = run(case.executable, "qsim", "float32").expvals(case.inputs, case.weights)
    wanted = load(case.executable, "float64").expvals(case.inputs, case.weights)
    assert np.allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("backend", ["qsim", "lightning.qubit"])
def test_many_qubits_read_words_of_z_in_one_walk(backend: str) -> None:
    builder = FuncBuilder("walk", 12)
    x = builder.param("x", role="input")
    for wire in range(12):
        builder.gate("ry", [wire], [Angle.of(x) * (0.1 * wire + 0.1)])
    builder.gate("cx", [3, 9])
    words = ["Z0", "Z11", "Z9", "0.5*Z3 Z9 - Z4 + 2", "Z0 Z1 Z2"]
    executable = lower(builder.finish([Expval(PauliSum.parse(word)) for word in words]))
    inputs, weights, g = np.array([[0.9], [-2.0]]), np.zeros(0), cotangent(2, 5)
    found = run(executable, backend, "float32").value_and_vjp(inputs, weights, g)
    wanted = run(executable, "batched").value_and_vjp(inputs, weights, g)
    for mine, theirs in zip(found, wanted, strict=True):
        assert np.allclose(mine, theirs, atol=1e-5)


def test_versions_that_are_not_known_go_through_the_public_interface(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(qsim, "TESTED", ("0.1",))
    monkeypatch.setattr(lightning, "TESTED", ("0.1",))
    case = layers(3, 2, 5)
    with caplog.at_level(logging.WARNING, "q_store"):
        assert isinstance(run(case.executable, "qsim", "float32"), CirqProgram)
        assert isinstance(run(case.executable, "lightning.qubit"), DeviceProgram)
        run(case.executable, "qsim", "float32")
    assert caplog.text.count("is not among the versions") == 2
    for subject in (Subject("qsim", "float32"), Subject("lightning.qubit", "float64")):
        conformance.expectation_values(subject)
        conformance.empty_batches(subject)
    x, w, g = case.inputs[:1], case.weights, cotangent(1, case.executable.n_observables)
    wanted = load(case.executable, "float64").value_and_vjp(x, w, g)
    for backend in ("qsim", "lightning.qubit"):
        found = run(case.executable, backend).value_and_vjp(x, w, g)
        for mine, theirs in zip(found, wanted, strict=True):
            assert np.allclose(mine, theirs, atol=1e-5)


def test_simulators_load_alone() -> None:
    """Neither Cirq nor PennyLane is imported for their simulators, and both may come later."""
    program = """
import sys
import numpy as np
from q_store.runtime.backend import load
from q_store.testing.conformance_circuits import layers
case = layers(3, 2, 5)
for backend in ("qsim", "lightning.qubit"):
    load(case.executable, "float32", backend).expvals(case.inputs, case.weights)
print(*[name for name in ("cirq", "qsimcirq", "pennylane") if name in sys.modules], "|")
import qsimcirq
qsimcirq.QSimSimulator()
load(case.executable, "float32", "qsim").expvals(case.inputs, case.weights)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "|"
