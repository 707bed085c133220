"""Density matrices against the oracle and Cirq; gradients against finite differences."""

import cirq
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.trace import as_func
from q_store.qir.diagnostics import QStoreError
from q_store.runtime import reference_func
from q_store.runtime.batched import layout
from q_store.runtime.noise import sweeping
from q_store.runtime.noise.density import DensityProgram
from q_store.targets.lower import lower
from q_store.testing.strategies import circuits, random_kraus

noisy_circuits = circuits(
    min_qubits=1, max_qubits=3, max_ops=14, noise=True, mid_circuit=True, observed=True
)


def arguments(func, seed, batch=1):
    """Inputs (B, F) and weights (P,)."""
    random = np.random.default_rng(seed)
    sizes = [
        sum(value.type.size for value in func.args_with_role(role)) for role in ("input", "weight")
    ]
    return random.uniform(-2, 2, (batch, sizes[0])), random.uniform(-2, 2, sizes[1])


def binding(func, inputs, weights):
    """The oracle's form of one sample."""
    found = {}
    for role, numbers in (("input", inputs), ("weight", weights)):
        for value in func.args_with_role(role):
            found[value.name] = numbers[: value.type.size].reshape(value.type.shape)
            numbers = numbers[value.type.size :]
    return found


def outputs(program, inputs, weights):
    """One array for each output of the executable."""
    found = []
    values = program.expvals(inputs, weights)
    for output in program.executable.outputs:
        if output.kind == "expval":
            found.append(values[0, output.start])
        elif output.kind == "state":
            found.append(program.state(inputs, weights)[0])
        else:
            found.append(program.probs(inputs, weights, output.qubits)[0])
    return found


@given(noisy_circuits, st.integers(0, 2**32))
@settings(max_examples=80)
def test_outputs_are_those_of_the_oracle(func, seed):
    inputs, weights = arguments(func, seed)
    program = DensityProgram(lower(func), np.float64)
    wanted = reference_func.observations_of_func(func, binding(func, inputs[0], weights))
    for mine, theirs in zip(outputs(program, inputs, weights), wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-10)


@given(noisy_circuits, st.integers(0, 2**32))
@settings(max_examples=25)
def test_gradients_are_those_of_finite_differences(func, seed):
    inputs, weights = arguments(func, seed)
    if not np.isfinite(DensityProgram(lower(func), np.float64).state(inputs, weights)).all():
        return
    program = DensityProgram(lower(func), np.float64)
    random = np.random.default_rng(seed)
    size = 1 << program.executable.n_qubits
    cotangent = random.normal(size=(1, size, size)) + 1j * random.normal(size=(1, size, size))
    _, d_inputs, d_weights = program.state_vjp(inputs, weights, cotangent)
    point, step = np.concatenate([inputs[0], weights]), 1e-6

    def loss(p):
        state = program.state(p[None, : inputs.shape[1]], p[inputs.shape[1] :])
        return float(np.sum(cotangent.conj() * state).real)

    numeric = [
        (loss(point + step * axis) - loss(point - step * axis)) / (2 * step)
        for axis in np.eye(len(point))
    ]
    mine = np.concatenate([d_inputs[0], d_weights])
    np.testing.assert_allclose(mine, numeric, rtol=1e-4, atol=1e-5)


_CHANNELS = (
    lambda p: cirq.depolarize(p),
    lambda p: cirq.bit_flip(p),
    lambda p: cirq.phase_flip(p),
    lambda p: cirq.amplitude_damp(p),
    lambda p: cirq.phase_damp(p),
    lambda p: cirq.asymmetric_depolarize(p / 2, p / 3, p / 6),
    lambda p: cirq.generalized_amplitude_damp(p, 0.7 - p),
)


@st.composite
def cirq_circuits(draw):
    """Noisy circuits that Cirq runs, of up to four qubits."""
    n = draw(st.integers(1, 4))
    qubits = cirq.LineQubit.range(n)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    circuit = cirq.Circuit(cirq.I.on_each(*qubits))
    for _ in range(draw(st.integers(1, 25))):
        kind = random.integers(5)
        first, second = random.permutation(n)[:2] if n > 1 else (0, 0)
        if kind == 0 and n > 1:
            circuit.append(cirq.CZ(qubits[first], qubits[second]) ** random.uniform(-1, 1))
        elif kind == 1 and n > 1:
            circuit.append(
                cirq.depolarize(random.uniform(0, 0.5), 2)(qubits[first], qubits[second])
            )
        elif kind == 2:
            channel = _CHANNELS[random.integers(len(_CHANNELS))](random.uniform(0, 0.5))
            circuit.append(channel(qubits[first]))
        elif kind == 3 and random.integers(2):
            wires = random.permutation(n)[: random.integers(1, min(n, 3) + 1)]
            kraus = random_kraus(len(wires), int(random.integers(1, 4)), int(random.integers(1e6)))
            circuit.append(cirq.KrausChannel(list(kraus))(*[qubits[wire] for wire in wires]))
        elif kind == 3:
            circuit.append(cirq.ry(random.uniform(-3, 3))(qubits[first]))
        else:
            circuit.append(cirq.rx(random.uniform(-3, 3))(qubits[first]))
    return circuit


@given(cirq_circuits())
@settings(max_examples=40)
def test_density_matrices_are_those_of_cirq(circuit):
    mine = DensityProgram(lower(as_func(circuit)), np.float64).state(None, None)[0]
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
    theirs = simulator.simulate(circuit).final_density_matrix
    np.testing.assert_allclose(mine, theirs, atol=1e-9)


# --- one circuit, many ways -------------------------------------------------------------------


def layered(n=4, layers=2):
    circuit = QuantumCircuit(n)
    for k in range(layers):
        for q in range(n):
            circuit.ry(q, param=f"w{k}_{q}").rx(q, param=f"x{q}").depolarizing(q, 0.02)
        for q in range(n - 1):
            circuit.cx(q, q + 1).depolarizing2(q, q + 1, 0.03).amplitude_damping(q, 0.05)
    return lower(circuit.expval("Z0", f"X0 Y{n - 1}", "Z1 + 0.5*X2").to_ir())


def problem(executable, batch, per_sample=False):
    random = np.random.default_rng(7)
    rows = (batch,) if per_sample else ()
    return (
        random.normal(size=(batch, executable.n_inputs)),
        random.normal(size=(*rows, executable.n_weights)),
        random.normal(size=(batch, executable.n_observables)),
    )


@pytest.mark.parametrize("per_sample", [False, True], ids=["shared", "per sample"])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_batch_is_its_samples(per_sample, threads):
    executable = layered()
    program = DensityProgram(executable, np.float64, threads=threads)
    x, w, g = problem(executable, 37, per_sample)
    values, d_x, d_w = program.value_and_vjp(x, w, g)
    alone = [
        program.value_and_vjp(x[k : k + 1], w[k] if per_sample else w, g[k : k + 1])
        for k in range(37)
    ]
    np.testing.assert_allclose(values, np.concatenate([found[0] for found in alone]), atol=1e-12)
    np.testing.assert_allclose(d_x, np.concatenate([found[1] for found in alone]), atol=1e-12)
    by_weight = np.stack([found[2] for found in alone])
    np.testing.assert_allclose(d_w, by_weight if per_sample else by_weight.sum(0), atol=1e-11)
    np.testing.assert_array_equal(values, program.expvals(x, w))


def test_single_precision_is_close():
    executable = layered()
    x, w, g = problem(executable, 5)
    exact = DensityProgram(executable, np.float64).value_and_vjp(x, w, g)
    found = DensityProgram(executable, np.float32).value_and_vjp(x, w, g)
    for mine, theirs in zip(found, exact, strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, theirs, atol=3e-5)


def test_states_that_are_not_kept_are_computed_again(monkeypatch):
    executable = layered(5, 10)
    x, w, g = problem(executable, 3)
    program = DensityProgram(executable, np.float64)
    assert program.tape.length > 3  # Two segments at least.
    kept = program.value_and_vjp(x, w, g)
    monkeypatch.setattr(sweeping, "_KEEP_BYTES", 0)
    again = program.value_and_vjp(x, w, g)
    for mine, theirs in zip(again, kept, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-14)


def test_a_large_state_of_one_sample_runs_in_narrow_lanes():
    executable = layered(7, 1)
    x, w, g = problem(executable, 16)
    program = DensityProgram(executable, np.float32)
    wide, narrow = program.value_and_vjp(x, w, g), program.value_and_vjp(x[:1], w, g[:1])
    np.testing.assert_allclose(narrow[0], wide[0][:1], atol=1e-6)
    np.testing.assert_allclose(narrow[1], wide[1][:1], atol=1e-5)


def test_a_sample_that_is_not_finite_spoils_only_itself():
    executable = layered()
    x, w, _ = problem(executable, 4)
    program = DensityProgram(executable, np.float64)
    good = program.expvals(x, w)
    x[2, 0] = np.nan
    values = program.expvals(x, w)
    assert np.isnan(values[2]).any()
    np.testing.assert_array_equal(values[[0, 1, 3]], good[[0, 1, 3]])


def test_an_empty_batch():
    executable = layered()
    x, w, g = problem(executable, 0)
    values, d_x, d_w = DensityProgram(executable).value_and_vjp(x, w, g)
    assert values.shape == (0, 3)
    assert d_x.shape == x.shape
    np.testing.assert_array_equal(d_w, np.zeros_like(w))


def test_too_many_qubits_name_the_way_out():
    circuit = QuantumCircuit(14).bit_flip(0, 0.1).expval("Z0")
    with pytest.raises(QStoreError) as caught:
        DensityProgram(lower(circuit.to_ir()))
    assert caught.value.code == "QS543"
    assert "trajectories" in str(caught.value)


def test_many_bits_share_few_digits():
    circuit = QuantumCircuit(2)
    for k in range(12):
        flip = QuantumCircuit(2).x(0)
        circuit.ry(0, 0.3 + k).measure(0, bit=f"c{k}").cx(0, 1).if_bit(f"c{k}", flip)
    program = DensityProgram(lower(circuit.expval("Z1", "Z0").to_ir()), np.float64)
    assert len(program.tape.order) == 2 * 4**2
    assert program.expvals(None, None)[0, 1] == pytest.approx(1.0)


def test_samples_follow_the_probabilities():
    executable = lower(QuantumCircuit(2).h(0).cx(0, 1).bit_flip(1, 0.25).sample().to_ir())
    program = DensityProgram(executable)
    bits = program.samples(None, np.zeros(0), (1, 0), 4000, 5)
    counts = np.bincount(bits[0, :, 0] * 2 + bits[0, :, 1], minlength=4)
    wanted = 4000 * np.array([0.375, 0.125, 0.125, 0.375])
    assert ((counts - wanted) ** 2 / wanted).sum() < 16.3  # 0.1 % of chance, 3 degrees of freedom
    np.testing.assert_array_equal(bits, program.samples(None, np.zeros(0), (1, 0), 4000, 5))


def test_too_little_memory_is_said_before_it_is_used(monkeypatch):
    monkeypatch.setattr(layout, "available_memory", lambda: 100 << 20)
    circuit = QuantumCircuit(12).bit_flip(0, 0.1).expval("Z0")
    program = DensityProgram(lower(circuit.to_ir()))
    with pytest.raises(QStoreError) as caught:
        program.expvals(None, None)
    assert caught.value.code == "QS510"
    assert "12 qubits" in str(caught.value)
    assert str(100 << 20) in str(caught.value)
