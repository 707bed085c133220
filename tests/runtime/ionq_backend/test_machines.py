"""IonQ's machines as backends, on a local service."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import q_store
from q_store import QStoreError, QuantumCircuit
from q_store.ionq import IonQClient, ionq_backend
from q_store.qir.observables import PauliSum
from q_store.runtime.backend import load
from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.table import BACKENDS
from q_store.runtime.ionq_backend import options as machine_options
from q_store.runtime.ionq_backend.measuring import grouped, words_of
from q_store.runtime.ionq_backend.program import IonqProgram
from q_store.runtime.ionq_backend.runner import runner_of
from q_store.runtime.ionq_service.http_server import IonqServer
from q_store.runtime.ionq_service.service import IonqService
from q_store.targets.executable import Executable
from q_store.targets.lower import lower
from q_store.testing.conformance import CHECKS, Check, Subject
from q_store.torch import QuantumLayer

EXACT = "ionq.local/exact"
OBSERVABLES = ["Z0", "X1 Y2 + 0.5*Z0 Z1 - 2*X0", "Y0 Y1 + 0.25"]
FIRST = np.array([[0.3, -1.2], [0.9, 2.0], [0.1, 0.4]])
WEIGHTS = np.array([0.4, -0.7, 1.3])


@pytest.fixture(autouse=True)
def exact_backend() -> Iterator[None]:
    """A backend for these tests; what they register ends with them."""
    rows, options = dict(BACKENDS), dict(machine_options._OPTIONS)
    ionq_backend("ionq.local", name=EXACT, machine="ionq.simulator")
    yield
    for table, before in ((BACKENDS, rows), (machine_options._OPTIONS, options)):
        table.clear()
        table.update(before)


def circuit() -> QuantumCircuit:
    made = QuantumCircuit(3)
    made.ry(0, param="x[0]").rx(1, param="x[1]").cx(0, 1)
    made.rzz(1, 2, param="a").h(2).cry(0, 2, param="b").ccx(0, 1, 2).rx(2, param="c")
    return made


def executable(observables: Any = OBSERVABLES, **more: Any) -> Executable:
    layer = QuantumLayer(circuit(), 3, observables=observables, input_params=["x"], **more)
    return lower(layer.core.func)


def program(backend: str, exe: Executable) -> Any:
    return load(exe, np.float64, backend)


def test_expectation_values_are_those_of_the_engine() -> None:
    exe = executable()
    found = program(EXACT, exe).expvals(FIRST, WEIGHTS)
    np.testing.assert_allclose(found, program("batched", exe).expvals(FIRST, WEIGHTS), atol=1e-9)


def layered(observables: list[str]) -> Executable:
    made = QuantumCircuit(4)
    for layer in range(2):
        for q in range(4):
            made.ry(q, param=f"w[{layer},{q}]")
        for q in range(4):
            made.cx(q, (q + 1) % 4)
    made.swap(0, 3)
    return lower(made.expval(*observables).to_ir())


@pytest.mark.parametrize(
    ("observables", "entanglers", "circuits"),
    [
        (["Z0 Z1", "Z2 - 0.5*Z3", "Z0 Z2"], 4, 1),
        (["X0 - Z1 Z2", "0.3*X0 X1 + 2"], 4, 2),
        # As words that share no letters on a qubit these would take another circuit.
        (["Z0", "X1", "X2 X3"], 8, 1),
    ],
)
def test_clifford_gates_at_the_end_are_not_played(
    observables: list[str], entanglers: int, circuits: int
) -> None:
    exe = layered(observables)
    mine = program(EXACT, exe)
    rows = np.zeros((1, 0))
    weights = np.random.default_rng(3).normal(size=8)
    wanted = program("batched", exe).expvals(rows, weights)
    np.testing.assert_allclose(mine.expvals(rows, weights), wanted, atol=1e-9)
    cotangent = np.ones(wanted.shape)
    gradients = [
        p.value_and_vjp(rows, weights, cotangent)[2] for p in (mine, program("batched", exe))
    ]
    np.testing.assert_allclose(*gradients, atol=1e-9)
    assert sum(op.name == "cx" for op in mine._plan.ops) == entanglers
    assert len(mine.groups) == circuits


def test_gradients_are_those_of_the_engine() -> None:
    exe = executable()
    cotangent = np.random.default_rng(0).normal(size=(3, 3))
    mine, engine = program(EXACT, exe), program("batched", exe)
    wanted = engine.value_and_vjp(FIRST, WEIGHTS, cotangent)
    for got, want in zip(mine.value_and_vjp(FIRST, WEIGHTS, cotangent), wanted, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-9)
    for got, want in zip(mine.backward(None, FIRST, WEIGHTS, cotangent), wanted[1:], strict=True):
        np.testing.assert_allclose(got, want, atol=1e-9)


def test_probabilities_of_qubits_in_any_order_and_their_gradients() -> None:
    exe = executable()
    mine, engine = program(EXACT, exe), program("batched", exe)
    for qubits in ((0, 1, 2), (2, 0), (1,)):
        cotangent = np.random.default_rng(1).normal(size=(3, 2 ** len(qubits)))
        wanted = engine.probs_vjp(FIRST, WEIGHTS, cotangent, qubits)
        for got, want in zip(
            mine.probs_vjp(FIRST, WEIGHTS, cotangent, qubits), wanted, strict=True
        ):
            np.testing.assert_allclose(got, want, atol=1e-9)


@pytest.mark.parametrize("machine", ["ionq.aria", "ionq.forte", "ionq.forte-enterprise"])
def test_machines_come_near_the_engine(machine: str) -> None:
    backend = ionq_backend("ionq.local", name="ionq.local/m", machine=machine, shots=4000)
    exe = executable()
    cotangent = np.ones((3, 3))
    found = program(backend, exe).value_and_vjp(FIRST, WEIGHTS, cotangent)
    wanted = program("batched", exe).value_and_vjp(FIRST, WEIGHTS, cotangent)
    for got, want in zip(found, wanted, strict=True):
        np.testing.assert_allclose(got, want, atol=0.35)
    samples = program(backend, exe).samples(FIRST, WEIGHTS, (2, 1), 500, 0)
    assert samples.shape == (3, 500, 2)
    engine = program("batched", exe).probs(FIRST, WEIGHTS, (2, 1))
    for row in range(3):
        share = np.bincount(samples[row] @ [2, 1], minlength=4) / 500
        np.testing.assert_allclose(share, engine[row], atol=0.12)


def test_a_gradient_is_one_job_of_all_its_circuits() -> None:
    exe = executable()
    mine = program(EXACT, exe)
    runner = runner_of(EXACT)
    before = len(runner.jobs)
    mine.value_and_vjp(FIRST, WEIGHTS, np.ones((3, 3)))
    assert len(runner.jobs) == before + 1
    info = runner.client.job(runner.jobs[-1]).info
    # cry has two angles with its parameter, every other gate one.
    angles = 6
    assert info["stats"]["circuits"] == 3 * (1 + 2 * angles) * len(mine.groups)
    assert info["type"] == "ionq.multi-circuit.v1"


@pytest.mark.parametrize("gradient", ["auto", "parameter_shift", "finite_diff"])
def test_layers_send_one_job_forward_and_one_back(gradient: str) -> None:
    grads = []
    for backend in ("batched", EXACT):
        layer = QuantumLayer(
            circuit(),
            3,
            backend,
            observables=OBSERVABLES,
            input_params=["x"],
            gradient="auto" if backend == "batched" else gradient,
        ).double()
        with torch.no_grad():
            layer.weights.copy_(torch.tensor(WEIGHTS))
        before = len(runner_of(EXACT).jobs)
        inputs = torch.tensor(FIRST, requires_grad=True)
        layer(inputs).pow(2).sum().backward()
        grads.append((inputs.grad.numpy(), layer.weights.grad.numpy()))
    assert len(runner_of(EXACT).jobs) == before + 2
    for got, want in zip(grads[1], grads[0], strict=True):
        np.testing.assert_allclose(got, want, atol=1e-3 if gradient == "finite_diff" else 1e-7)


def test_gradients_that_nobody_asks_for_are_not_measured() -> None:
    made = QuantumCircuit(2).ry(0, param="x[0]").cx(0, 1).ry(1, param="w[0]")
    layer = QuantumLayer(made, 2, EXACT, observables=["Z0", "X1"], input_params=["x"])
    circuits = []
    for needed in (False, True):
        inputs = torch.tensor([[0.1], [0.9], [1.7]], requires_grad=needed)
        layer(inputs).sum().backward()
        circuits.append(last_job(EXACT)["stats"]["circuits"])
    assert circuits == [3 * 2, 3 * 4]


def test_words_that_agree_are_measured_together() -> None:
    texts = ["Z0 Z1", "Z1 Z2", "Z2", "X0 X1", "X1 Y2", "Y0", "Z0 Y2", "0.5"]
    exe = executable([PauliSum.parse(text) for text in texts])
    words = words_of(exe)
    assert words[4] == ((1, "X"), (2, "Y"))
    groups = grouped(words)
    for bases, members in groups:
        for k in members:
            assert all(bases[qubit] == letter for qubit, letter in words[k])
    listed = sorted(k for _, members in groups for k in members)
    assert listed == [k for k, word in enumerate(words) if word]
    assert len(groups) == 4


def test_constants_need_no_circuit() -> None:
    exe = executable(["2.5", "-1"])
    runner = runner_of(EXACT)
    before = len(runner.jobs)
    found = program(EXACT, exe).expvals(FIRST, WEIGHTS)
    np.testing.assert_allclose(found, [[2.5, -1]] * 3)
    assert len(runner.jobs) == before


def test_finite_shots_of_the_exact_simulator_are_drawn_here() -> None:
    layer = QuantumLayer(
        circuit(), 3, EXACT, observables=["Z0"], input_params=["x"], shots=100, seed=3
    )
    values = layer(torch.tensor(FIRST, dtype=torch.float32)).detach().numpy()
    steps = (values + 1) * 50
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-3)
    exact = program("batched", executable(["Z0"])).expvals(FIRST, layer.weights.detach().numpy())
    np.testing.assert_allclose(values, exact, atol=0.5)
    repeated = QuantumLayer(
        circuit(), 3, EXACT, observables=["Z0"], input_params=["x"], shots=100, seed=3
    )
    repeated.load_state_dict(layer.state_dict())
    again = repeated(torch.tensor(FIRST, dtype=torch.float32)).detach().numpy()
    np.testing.assert_array_equal(values, again)


def test_batches_in_parts_are_measured_all_the_same() -> None:
    """The variance is that of the shots, in parts as in one."""
    backend = ionq_backend("ionq.local", name="ionq.local/parts", shots=7)
    turned = QuantumCircuit(1).ry(0, param="x[0]")
    layer = QuantumLayer(
        turned,
        1,
        {"backend": backend, "batch_size": 20},
        observables=["Z0"],
        input_params=["x"],
        shots=25,
        seed=1,
    )
    values = layer(torch.full((60, 1), np.pi / 2)).numpy()
    steps = (values + 1) * 12.5
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-4)
    assert values.std() == pytest.approx(0.2, rel=0.35)


def test_states_are_refused() -> None:
    with pytest.raises(QStoreError) as caught:
        program(EXACT, executable()).state(FIRST, WEIGHTS)
    assert caught.value.code == "QS765"


def test_samples_that_are_not_finite_give_nan_alone() -> None:
    inputs = FIRST.copy()
    inputs[1, 0] = np.nan
    found = program(EXACT, executable()).expvals(inputs, WEIGHTS)
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[[0, 2]]).all()


def test_an_empty_batch_sends_nothing() -> None:
    before = len(runner_of(EXACT).jobs)
    mine = program(EXACT, executable())
    assert mine.expvals(FIRST[:0], WEIGHTS).shape == (0, 3)
    assert len(runner_of(EXACT).jobs) == before


@pytest.mark.parametrize(
    "check",
    # What is left out is about the memory and the threads of simulators.
    [check for check in CHECKS if check.__name__ not in ("large_batches", "threads")],
    ids=lambda check: check.__name__,
)
def test_conformance(check: Check) -> None:
    check(Subject(EXACT, "float64", tolerance=1e-7))


# --- training ---------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", [EXACT, "ionq.local"])
def test_a_small_layer_trains(backend: str) -> None:
    """Two features decide a sign; a machine's shots and noise do not keep it from being learned."""
    torch.manual_seed(0)
    made = QuantumCircuit(2)
    made.ry(0, param="x[0]").ry(1, param="x[1]").cx(0, 1)
    made.ry(0, param="w[0]").ry(1, param="w[1]")
    name = backend
    if backend == "ionq.local":
        name = ionq_backend("ionq.local", name="ionq.local/train", shots=300)
    layer = QuantumLayer(made, 2, name, observables=["Z1"], input_params=["x"])
    inputs = torch.tensor([[0.2, 0.1], [0.4, 2.9], [0.1, 0.5], [0.3, 2.6]])
    targets = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    with torch.no_grad():
        for weight in layer.parameters():
            weight.fill_(2.4)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.3)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = ((layer(inputs) - targets) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 0.8
    assert losses[-1] < 0.4
    with torch.no_grad():
        assert torch.equal(layer(inputs).sign(), targets)
    spent = layer.metrics()["cost_usd"]
    assert spent == pytest.approx(0 if backend == EXACT else 21 * 25.7899, abs=0.02)


# --- options and limits -----------------------------------------------------------------------


def last_job(backend: str) -> dict[str, Any]:
    runner = runner_of(backend)
    found: dict[str, Any] = runner.client.job(runner.jobs[-1]).info
    return found


def test_jobs_say_what_was_asked_for() -> None:
    backend = ionq_backend(
        "ionq.local",
        name="ionq.local/said",
        shots=600,
        debiasing=True,
        metadata={"team": "qml"},
    )
    program(backend, executable(["Z0"])).expvals(FIRST, WEIGHTS)
    info = last_job(backend)
    assert (info["backend"], info["shots"]) == ("qpu.forte-1", 600)
    assert info["settings"]["error_mitigation"]["debiasing"] is True
    assert info["metadata"]["team"] == "qml"
    assert info["name"] == "q-store"
    noisy = ionq_backend(
        "ionq.local",
        name="ionq.local/noisy",
        machine="ionq.simulator",
        noise="aria-1",
        seed=7,
        shots=50,
    )
    first = program(noisy, executable(["Z0"])).expvals(FIRST, WEIGHTS)
    assert last_job(noisy)["noise"] == {"model": "aria-1", "seed": 7}
    again = program(noisy, executable(["Z0"])).expvals(FIRST, WEIGHTS)
    np.testing.assert_array_equal(first, again)


def test_limits_hold_before_anything_is_sent() -> None:
    backend = ionq_backend("ionq.local", name="ionq.local/poor", shots=100, max_usd=40.0)
    mine = program(backend, executable(["Z0"]))
    mine.expvals(FIRST, WEIGHTS)
    assert runner_of(backend).spent == pytest.approx(25.7899)
    with pytest.raises(QStoreError) as caught:
        mine.expvals(FIRST, WEIGHTS)
    assert caught.value.code == "QS764"
    assert "$25.79 spent" in str(caught.value)
    assert len(runner_of(backend).jobs) == 1
    few = ionq_backend(
        "ionq.local", name="ionq.local/few", machine="ionq.simulator", max_circuits=3
    )
    mine = program(few, executable(["Z0"]))
    mine.expvals(FIRST, WEIGHTS)
    with pytest.raises(QStoreError) as caught:
        mine.value_and_vjp(FIRST, WEIGHTS, np.ones((3, 1)))
    assert "needs 39 circuits, max_circuits is 3" in str(caught.value)


def test_too_many_qubits_are_refused_at_once() -> None:
    wide = QuantumCircuit(26)
    wide.rx(25, 0.3)
    backend = ionq_backend("ionq.local", name="ionq.local/a", machine="ionq.aria")
    with pytest.raises(QStoreError) as caught:
        load(lower(wide.expval("Z25").to_ir()), np.float64, backend)
    assert caught.value.code == "QS505"
    assert "1 to 25 qubits" in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"shots": 0},
        {"shots": True},
        {"max_usd": -1.0},
        {"max_circuits": 0},
        {"level": 4},
        {"timeout": float("nan")},
        {"noise": "forte-1"},
        {"mitigation": True},
        {"name": "batched"},
        {"name": "ionq.forte"},
    ],
)
def test_options_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(QStoreError) as caught:
        ionq_backend("ionq.forte", **options)
    assert caught.value.code == "QS763"


def test_backends_of_other_makers_have_no_such_options() -> None:
    with pytest.raises(QStoreError) as caught:
        ionq_backend("aer")
    assert caught.value.code == "QS763"


def test_without_a_key_a_machine_is_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IONQ_API_KEY", raising=False)
    with pytest.warns(RuntimeWarning, match="no key of IonQ's service"):
        layer = QuantumLayer(circuit(), 3, "ionq.forte", input_params=["x"])
    assert layer.core.resolved_backend == "batched"
    with pytest.raises(QStoreError) as caught:
        QuantumLayer(circuit(), 3, "ionq.forte", input_params=["x"], strict=True)
    assert caught.value.code == "QS604"


# --- another service --------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[IonqServer]:
    with IonqServer(IonqService()) as running:
        yield running


def test_a_backend_with_a_client_of_its_own(server: IonqServer) -> None:
    with IonQClient("some-key", url=server.url) as client:
        backend = ionq_backend("ionq.aria", name="mine", client=client, shots=50, poll=0.002)
        layer = QuantumLayer(circuit(), 3, backend, observables=["Z0"], input_params=["x"])
        layer(torch.tensor(FIRST, dtype=torch.float32))
        (job,) = client.jobs()
        assert (job.info["backend"], job.info["shots"]) == ("qpu.aria-1", 50)
        assert layer.metrics()["cost_usd"] == pytest.approx(12.4166)


def test_the_key_and_the_address_come_from_the_settings(
    server: IonqServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSTORE_IONQ_URL", server.url)
    monkeypatch.setenv("IONQ_API_KEY", "a-key")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        backend = ionq_backend("ionq.simulator", name="from settings", poll=0.002)
        layer = QuantumLayer(circuit(), 3, backend, observables=["Z0"], input_params=["x"])
    values = layer(torch.tensor(FIRST, dtype=torch.float32)).detach().numpy()
    weights = layer.weights.detach().numpy()
    wanted = program("batched", executable(["Z0"])).expvals(FIRST, weights)
    np.testing.assert_allclose(values, wanted, atol=1e-5)
    runner_of(backend).client.close()


def test_programs_travel_to_other_processes() -> None:
    import pickle

    mine = program(EXACT, executable())
    assert isinstance(mine, IonqProgram)
    again = pickle.loads(pickle.dumps(mine))
    np.testing.assert_allclose(again.expvals(FIRST, WEIGHTS), mine.expvals(FIRST, WEIGHTS))
    assert again.placement == Placement(EXACT)
    assert q_store.__version__
