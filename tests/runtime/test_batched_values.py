"""Engine values and gradients against an independent numpy simulator, on random circuits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store.runtime.batched.engine import BatchedProgram
from tests.runtime.batched_reference import (
    FIXED,
    ROTATIONS,
    Angle,
    Circuit,
    differences,
    random_circuit,
    wires_of,
)

TOLERANCE = {np.float64: 1e-10, np.float32: 3e-5}


def samples_of(x, w):
    return [np.concatenate([x[b], w[b] if w.ndim == 2 else w]) for b in range(len(x))]


@st.composite
def cases(draw, max_batch=40, max_gates=30):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 5))
    f, p, batch = draw(st.integers(0, 3)), draw(st.integers(0, 4)), draw(st.integers(1, max_batch))
    circuit = random_circuit(rng, n, draw(st.integers(0, max_gates)), f, p)
    per_sample = draw(st.booleans())
    x = rng.normal(size=(batch, f))
    w = rng.normal(size=(batch, p) if per_sample else p)
    return circuit, x, w, rng


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(case=cases())
def test_expvals_probs_and_states_agree_with_the_reference(dtype, case):
    circuit, x, w, rng = case
    program = BatchedProgram(circuit.executable(), dtype)
    points = samples_of(x, w)
    qubits = tuple(int(q) for q in rng.permutation(circuit.n)[: rng.integers(1, circuit.n + 1)])
    close = {"rtol": 0, "atol": 10 * TOLERANCE[dtype]}
    expected = [circuit.expvals(p) for p in points]
    np.testing.assert_allclose(program.expvals(x, w), expected, **close)
    expected = [circuit.probs(p, qubits) for p in points]
    np.testing.assert_allclose(program.probs(x, w, qubits), expected, **close)
    states = program.state(x, w)
    assert states.dtype == (np.complex64 if dtype is np.float32 else np.complex128)
    np.testing.assert_allclose(states, [circuit.state(p) for p in points], **close)


@settings(max_examples=25)
@given(case=cases(max_batch=18, max_gates=16))
def test_gradients_agree_with_finite_differences(case):
    circuit, x, w, rng = case
    program = BatchedProgram(circuit.executable(), np.float64)
    g = rng.normal(size=(len(x), len(circuit.observables)))

    def loss(x, w):
        return sum(g[b] @ circuit.expvals(p) for b, p in enumerate(samples_of(x, w)))

    values, d_x, d_w = program.value_and_vjp(x, w, g)
    np.testing.assert_allclose(values, program.expvals(x, w), rtol=0, atol=1e-12)
    check_gradients(loss, x, w, d_x, d_w)


@settings(max_examples=15)
@given(case=cases(max_batch=3, max_gates=16))
def test_gradients_of_probabilities(case):
    circuit, x, w, rng = case
    program = BatchedProgram(circuit.executable(), np.float64)
    qubits = tuple(int(q) for q in rng.permutation(circuit.n)[: rng.integers(1, circuit.n + 1)])
    g = rng.normal(size=(len(x), 1 << len(qubits)))

    def loss(x, w):
        return sum(g[b] @ circuit.probs(p, qubits) for b, p in enumerate(samples_of(x, w)))

    values, d_x, d_w = program.probs_vjp(x, w, g, qubits)
    np.testing.assert_allclose(values, program.probs(x, w, qubits), rtol=0, atol=1e-12)
    check_gradients(loss, x, w, d_x, d_w)


@settings(max_examples=15)
@given(case=cases(max_batch=3, max_gates=16))
def test_gradients_of_states(case):
    circuit, x, w, rng = case
    program = BatchedProgram(circuit.executable(), np.float64)
    shape = (len(x), 1 << circuit.n)
    g = rng.normal(size=shape) + 1j * rng.normal(size=shape)

    def loss(x, w):
        return sum(np.vdot(g[b], circuit.state(p)).real for b, p in enumerate(samples_of(x, w)))

    values, d_x, d_w = program.state_vjp(x, w, g)
    np.testing.assert_allclose(values, program.state(x, w), rtol=0, atol=1e-12)
    check_gradients(loss, x, w, d_x, d_w)


def check_gradients(loss, x, w, d_x, d_w):
    np.testing.assert_allclose(d_x, differences(lambda v: loss(v, w), x), rtol=0, atol=1e-6)
    np.testing.assert_allclose(d_w, differences(lambda v: loss(x, v), w), rtol=0, atol=1e-6)


@settings(max_examples=20)
@given(case=cases(max_batch=40, max_gates=25))
def test_float32_gradients_agree_with_float64(case):
    circuit, x, w, rng = case
    g = rng.normal(size=(len(x), len(circuit.observables)))
    exact = BatchedProgram(circuit.executable(), np.float64).value_and_vjp(x, w, g)
    single = BatchedProgram(circuit.executable(), np.float32).value_and_vjp(x, w, g)
    for a, b in zip(single, exact, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-3)


@settings(max_examples=15)
@given(case=cases(max_batch=20))
def test_backward_from_a_saved_state_is_the_same_as_from_scratch(case):
    circuit, x, w, rng = case
    program = BatchedProgram(circuit.executable(), np.float64)
    g = rng.normal(size=(len(x), len(circuit.observables)))
    whole = program.value_and_vjp(x, w, g)
    values, saved = program.forward(x, w, keep_state=True)
    for source in (saved, saved, None):  # The second time it is used up.
        for a, b in zip((values, *program.backward(source, x, w, g)), whole, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", [*FIXED, *ROTATIONS])
def test_every_gate_to_the_phase_inside_frames(name):
    """Each gate between layers that make all frame parts and all amplitudes non-trivial."""
    k, n = wires_of(name), 4
    around = [("ry", (q,), Angle(0.4 + q)) for q in range(n)]
    frames = [("cx", (0, 1), None), ("x", (2,), None), ("cz", (1, 2), None), ("z", (3,), None)]
    frames += [("cx", (3, 0), None), ("rx", (1,), Angle(0.3)), ("cz", (0, 3), None)]
    angle = Angle(0.7, {0: 1.0}) if name in ROTATIONS else None
    gate = (name, tuple(range(n - 1, n - 1 - k, -1)), angle)
    gates = [*around, *frames, gate, *around, *frames, gate]
    circuit = Circuit(n, gates, 1, 0, [[(1.0, {0: "Y", 2: "X"})]])
    program = BatchedProgram(circuit.executable(), np.float64)
    x = np.array([[0.3], [-2.0]])
    expected = [circuit.state(p) for p in x]
    np.testing.assert_allclose(program.state(x, None), expected, rtol=0, atol=1e-12)
    _, d_x, _ = program.value_and_vjp(x, None, np.ones((2, 1)))
    numeric = differences(lambda v: sum(circuit.expvals(p)[0] for p in v), x)
    np.testing.assert_allclose(d_x, numeric, rtol=0, atol=1e-6)


@pytest.mark.parametrize("batch", [1, 9])
def test_many_qubits_and_narrow_lanes_agree_with_the_reference(batch):
    """A circuit large enough that a single sample gets narrow lanes."""
    rng = np.random.default_rng(5)
    circuit = random_circuit(rng, 12, 80, 2, 3)
    program = BatchedProgram(circuit.executable(), np.float64)
    x, w = rng.normal(size=(batch, 2)), rng.normal(size=3)
    expected = [circuit.expvals(p) for p in samples_of(x, w)]
    values, saved = program.forward(x, w, keep_state=True)
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-10)
    g = rng.normal(size=values.shape)
    _, d_x, d_w = program.value_and_vjp(x, w, g)
    for a, b in zip(program.backward(saved, x, w, g), (d_x, d_w), strict=True):
        np.testing.assert_array_equal(a, b)
    step = np.zeros(3)
    step[1] = 1e-5
    up, down = program.expvals(x, w + step), program.expvals(x, w - step)
    assert d_w[1] == pytest.approx((g * (up - down)).sum() / 2e-5, abs=1e-6)
