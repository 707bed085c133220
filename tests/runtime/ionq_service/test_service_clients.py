"""IonQ's published clients, unchanged, against the local service on a socket."""

from collections.abc import Iterator
from math import cos, sin

import cirq
import cirq_ionq
import numpy as np
import pennylane as qml
import pytest
from pennylane_ionq.api_client import APIClient
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit_ionq import GPI2Gate, GPIGate, IonQProvider, MSGate, ZZGate

from q_store.runtime.ionq_service.http_server import IonqServer
from q_store.runtime.ionq_service.service import IonqService

KEY = "any-key"

# qiskit-ionq warns of Qiskit's default level whenever a backend is made.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Transpiler default:qiskit_ionq.exceptions.IonQTranspileLevelWarning"
)


@pytest.fixture(scope="module")
def server() -> Iterator[IonqServer]:
    with IonqServer(IonqService()) as running:
        yield running


# --- qiskit-ionq ------------------------------------------------------------------------------


@pytest.fixture
def provider(server: IonqServer, monkeypatch: pytest.MonkeyPatch) -> IonQProvider:
    monkeypatch.setenv("IONQ_API_URL", server.url)
    return IonQProvider(KEY)


def uneven(angle: float = 1.0) -> QuantumCircuit:
    """Qubit 0 turned, qubit 1 with it, qubit 2 flipped; bit 0 is qubit 2, bit 1 is qubit 0."""
    circuit = QuantumCircuit(3, 2)
    circuit.ry(angle, 0)
    circuit.cx(0, 1)
    circuit.x(2)
    circuit.measure([2, 0], [0, 1])
    return circuit


def test_qiskit_gets_exact_probabilities(provider: IonQProvider) -> None:
    backend = provider.get_backend("ionq_simulator")
    job = backend.run(uneven(), shots=1000)
    found = job.result(wait=0.01).get_probabilities()
    assert found == {
        "01": pytest.approx(cos(0.5) ** 2),
        "11": pytest.approx(sin(0.5) ** 2),
    }
    assert sum(job.get_counts().values()) == 1000


def test_qiskit_runs_several_circuits_with_noise(provider: IonQProvider) -> None:
    backend = provider.get_backend("ionq_simulator")
    backend.set_options(noise_model="forte-1", sampler_seed=3)
    job = backend.run([uneven(0.3), uneven(2.0)], shots=4000)
    counts = job.result(wait=0.01).get_counts()
    for angle, found in zip((0.3, 2.0), counts, strict=True):
        assert sum(found.values()) == pytest.approx(4000, abs=2)
        wanted = 4000 * cos(angle / 2) ** 2
        assert found["01"] == pytest.approx(wanted, abs=250)


@pytest.mark.parametrize("machine", ["aria-1", "forte-1"])
def test_qiskit_runs_native_gates_on_machines(provider: IonQProvider, machine: str) -> None:
    circuit = QuantumCircuit(2)
    circuit.append(GPI2Gate(0.25), [0])
    if machine == "aria-1":
        circuit.append(MSGate(0.0, 0.25, 0.25), [0, 1])
    else:
        circuit.append(ZZGate(0.1), [0, 1])
    circuit.append(GPIGate(0.3), [1])
    circuit.measure_all()
    backend = provider.get_backend(f"ionq_qpu.{machine}", gateset="native")
    counts = backend.run(circuit, shots=2000).result(wait=0.01).get_counts()
    ones = sum(count for bits, count in counts.items() if bits[1] == "1")
    assert ones == pytest.approx(1000, abs=160)
    flipped = sum(count for bits, count in counts.items() if bits[0] == "1")
    assert flipped == pytest.approx(1000 if machine == "aria-1" else 1980, abs=160)


def test_qiskit_transpiles_for_a_machine_of_the_service(provider: IonQProvider) -> None:
    backend = provider.get_backend("ionq_qpu.forte-1", gateset="native")
    assert backend.status()
    assert backend.calibration().qubits == 36
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    native = transpile(circuit, backend)
    counts = backend.run(native, shots=1000).result(wait=0.01).get_counts()
    assert counts["00"] + counts["11"] > 950
    assert counts["00"] == pytest.approx(500, abs=100)


def test_qiskit_reads_shots_states_and_failures(provider: IonQProvider) -> None:
    from qiskit_ionq.exceptions import IonQJobFailureError

    backend = provider.get_backend("ionq_qpu.forte-1")
    job = backend.run(uneven(), shots=500, memory=True)
    result = job.result(wait=0.01)
    memory = result.get_memory()
    assert len(memory) == 500
    assert {bits: memory.count(bits) for bits in set(memory)} == result.get_counts()
    job = backend.run(uneven(), shots=500, dry_run=True)
    job.wait_for_final_state(wait=0.01)
    assert job.compiled_circuit()["qubits"] == 3
    wide = QuantumCircuit(30, 1)
    wide.x(29)
    wide.measure(29, 0)
    job = provider.get_backend("ionq_simulator").run(wide)
    with pytest.raises(IonQJobFailureError, match="NotEnoughQubits"):
        job.wait_for_final_state(wait=0.01)


def test_qiskit_measures_in_the_middle(provider: IonQProvider) -> None:
    circuit = QuantumCircuit(QuantumRegister(2, "q"))
    middle, last = ClassicalRegister(1, "middle"), ClassicalRegister(2, "last")
    circuit.add_register(middle, last)
    circuit.ry(1.0, 0)
    circuit.measure(0, middle[0])
    circuit.x(0)
    circuit.cx(0, 1)
    circuit.reset(0)
    circuit.measure([0, 1], last)
    backend = provider.get_backend("ionq_simulator")
    backend.set_options(noise_model="forte-1", sampler_seed=3)
    counts = backend.run(circuit, shots=3000).result(wait=0.01).get_counts()
    assert sum(counts.values()) == 3000
    assert counts["10 0"] == pytest.approx(3000 * cos(0.5) ** 2, abs=150)
    assert counts["00 1"] == pytest.approx(3000 * sin(0.5) ** 2, abs=150)


# --- cirq-ionq --------------------------------------------------------------------------------


@pytest.fixture
def service(server: IonqServer) -> cirq_ionq.Service:
    return cirq_ionq.Service(remote_host=server.address, api_key=KEY)


def cirq_circuit(angle: float = 1.0) -> cirq.Circuit:
    """Qubit 0 turned, qubit 1 with it, qubit 2 flipped; `m` is qubits 2 and 0."""
    a, b, c = cirq.LineQubit.range(3)
    return cirq.Circuit(cirq.ry(angle)(a), cirq.CX(a, b), cirq.X(c), cirq.measure(c, a, key="m"))


def test_cirq_gets_exact_probabilities(service: cirq_ionq.Service) -> None:
    job = service.create_job(cirq_circuit(), repetitions=100, target="simulator")
    found = job.results(polling_seconds=0.01)
    assert isinstance(found, cirq_ionq.SimulatorResult)
    assert found.probabilities("m") == {
        2: pytest.approx(cos(0.5) ** 2),
        3: pytest.approx(sin(0.5) ** 2),
    }


def test_cirq_counts_of_a_machine(service: cirq_ionq.Service) -> None:
    job = service.create_job(cirq_circuit(), repetitions=4000, target="qpu.forte-1")
    found = job.results(polling_seconds=0.01)
    assert isinstance(found, cirq_ionq.QPUResult)
    counts = found.counts("m")
    assert sum(counts.values()) == 4000
    assert counts[2] == pytest.approx(4000 * cos(0.5) ** 2, abs=200)


def test_cirq_batches_keep_their_order(service: cirq_ionq.Service) -> None:
    circuits = [cirq_circuit(angle) for angle in (0.2, 1.4, 2.5)]
    job = service.create_batch_job(circuits, repetitions=100, target="simulator")
    found = job.results(polling_seconds=0.01)
    shares = [one.probabilities("m")[2] for one in found]
    assert shares == pytest.approx([cos(0.1) ** 2, cos(0.7) ** 2, cos(1.25) ** 2])


@pytest.mark.parametrize(
    ("gateset", "target"),
    [
        (cirq_ionq.AriaNativeGateset(), "qpu.aria-1"),
        (cirq_ionq.ForteNativeGateset(), "qpu.forte-1"),
    ],
)
def test_cirq_native_circuits(
    service: cirq_ionq.Service, gateset: cirq.CompilationTargetGateset, target: str
) -> None:
    a, b = cirq.LineQubit.range(2)
    circuit = cirq.optimize_for_target_gateset(
        cirq.Circuit(cirq.H(a), cirq.CX(a, b)), gateset=gateset
    )
    circuit.append(cirq.measure(a, b, key="m"))
    job = service.create_job(circuit, repetitions=1000, target=target)
    counts = job.results(polling_seconds=0.01).counts("m")
    assert counts[0] + counts[3] > 900
    assert counts[0] == pytest.approx(500, abs=100)


def test_cirq_cancels_and_deletes(service: cirq_ionq.Service) -> None:
    job = service.create_job(cirq_circuit(), target="simulator")
    job.cancel()
    assert job.status() == "canceled"
    job.delete()
    with pytest.raises(cirq_ionq.IonQNotFoundException):
        service.get_job(job.job_id())


# --- PennyLane-IonQ ---------------------------------------------------------------------------


@pytest.fixture
def pennylane_url(server: IonqServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client has no argument for the address."""
    monkeypatch.setattr(APIClient, "BASE_URL", server.url)
    monkeypatch.setattr(APIClient, "HOSTNAME", server.url.removeprefix("http://"))


@pytest.mark.usefixtures("pennylane_url")
def test_pennylane_gets_values_and_gradients() -> None:
    device = qml.device("ionq.simulator", wires=3, api_key=KEY)
    shots = 40_000

    @qml.set_shots(shots)
    @qml.qnode(device)
    def shares(angle: float) -> object:
        qml.RY(angle, wires=0)
        qml.CNOT(wires=[0, 1])
        qml.PauliX(wires=2)
        return qml.probs(wires=[2, 0])

    wanted = [0, 0, cos(0.5) ** 2, sin(0.5) ** 2]
    np.testing.assert_allclose(shares(1.0), wanted, atol=5 / np.sqrt(shots))

    @qml.set_shots(shots)
    @qml.qnode(device, diff_method="parameter-shift")
    def expectation(angle: float) -> object:
        qml.RY(angle, wires=0)
        qml.CNOT(wires=[0, 2])
        return qml.expval(qml.PauliX(0) @ qml.PauliX(2))

    angle = qml.numpy.array(0.7, requires_grad=True)
    assert expectation(angle) == pytest.approx(sin(0.7), abs=5 / np.sqrt(shots))
    assert qml.grad(expectation)(angle) == pytest.approx(cos(0.7), abs=5 / np.sqrt(shots))


@pytest.mark.usefixtures("pennylane_url")
def test_pennylane_runs_on_a_machine() -> None:
    device = qml.device("ionq.qpu", wires=2, backend="forte-1", api_key=KEY)

    @qml.set_shots(2000)
    @qml.qnode(device)
    def circuit() -> object:
        qml.Hadamard(0)
        qml.CNOT(wires=[0, 1])
        return qml.counts()

    counts = circuit()
    assert counts["00"] + counts["11"] > 1900
    assert counts["00"] == pytest.approx(1000, abs=150)
