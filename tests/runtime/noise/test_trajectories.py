"""Trajectories against density matrices, within sampling error over fixed seeds."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store.frontends.circuit import QuantumCircuit
from q_store.qir import dialects
from q_store.qir.diagnostics import QStoreError
from q_store.qir.registry import gate
from q_store.runtime import reference_func
from q_store.runtime.backends.placement import Placement
from q_store.runtime.noise import trajectories
from q_store.runtime.noise.density import DensityProgram
from q_store.runtime.noise.jumps import JumpProgram, JumpWriter
from q_store.runtime.noise.loading import load_noisy
from q_store.runtime.noise.mixtures import MixtureProgram, is_mixture
from q_store.targets.lower import lower
from q_store.testing.strategies import circuits, random_kraus

ALMOST_NEVER = 5.0
"""Standard errors by which a mean may be wrong; chance does that once in two million draws."""


def mixture():
    circuit = QuantumCircuit(3).ry(0, 0.7).rx(0, param="a").depolarizing(0, 0.1).ry(1, 0.4)
    circuit.cx(0, 1)
    circuit.depolarizing2(0, 1, 0.2).rzz(1, 2, param="x").measure(1, bit="unused")
    circuit.crx(0, 2, param="a").phase_damping(2, 0.2).pauli(0, 0.1, 0.2, 0.05)
    circuit.ry(0, param="a").ry(1, param="b").ry(2, param="x")
    return circuit.expval("Z0", "X1 + 0.5*Z2", "Z0 Z2").sample(0, 2)


def jumps():
    body = QuantumCircuit(3).ry(1, param="b").cx(1, 2).bit_flip(2, 0.1).amplitude_damping(0, 0.2)
    circuit = QuantumCircuit(3).h(0).rx(0, param="a").depolarizing(0, 0.1).ry(1, param="b")
    circuit.cx(0, 1).amplitude_damping(1, 0.3).crx(0, 2, param="a").amplitude_damping(2, 0.4)
    circuit.measure(0, bit="m").if_bit("m", body, QuantumCircuit(3).swap(0, 1).ry(0, param="b"))
    circuit.reset(1).ry(1, param="a").cx(0, 1).ry(0, param="a").ry(2, param="x")
    return circuit.expval("Z0", "X1 + 0.5*Z2", "X0").sample(0, 2)


def matrices():
    """Channels by Kraus operators: the state decides in full, by its populations, not at all."""
    turns = [np.sqrt(p) * gate(name).matrix() for p, name in ((0.3, "h"), (0.5, "s"), (0.2, "x"))]
    body = QuantumCircuit(3).kraus(2, random_kraus(1, 2, 5)).kraus(1, turns)
    circuit = QuantumCircuit(3).ry(0, param="a").rx(1, 0.4).kraus((1, 0), random_kraus(2, 3, 1))
    circuit.cx(0, 1).kraus(2, turns).ry(2, param="x").generalized_amplitude_damping(1, 0.3, 0.6)
    circuit.crx(0, 2, param="a").kraus((2, 0, 1), random_kraus(3, 2, 2)).measure(0, bit="m")
    circuit.if_bit("m", body).ry(1, param="b").kraus(1, random_kraus(1, 4, 3))
    circuit.pauli2(2, 0, *[0.01 * k for k in range(1, 14)], 0.0, 0.02)
    circuit.rzz(0, 1, param="b").ry(0, param="a").kraus(2, turns)
    return circuit.expval("Z0", "X1 + 0.5*Z2", "X0").sample(0, 2)


CASES = [
    (mixture, MixtureProgram),
    (mixture, JumpProgram),
    (jumps, JumpProgram),
    (matrices, JumpProgram),
]
IDS = ["mixture", "mixture as jumps", "jumps", "matrices"]
INPUTS, WEIGHTS = np.array([[0.3], [1.1]]), np.array([0.4, 0.7])


def programs(case, trajectories=3000, seed=1):
    circuit, kind = case
    executable = lower(circuit().to_ir())
    return DensityProgram(executable, np.float64), kind(executable, np.float64, trajectories, seed)


def test_the_circuits_are_what_they_are_called():
    assert is_mixture(lower(mixture().to_ir()))
    assert not is_mixture(lower(jumps().to_ir()))
    assert not is_mixture(lower(matrices().to_ir()))


def test_a_channel_decides_as_early_as_it_can():
    kinds = [
        (choice.ladder is not None, choice.weights is not None, choice.joint)
        for choice in choices(matrices())
    ]
    early, by_populations, by_state = (
        (True, False, False),
        (False, True, False),
        (False, True, True),
    )
    assert kinds[:3] == [by_state, early, by_populations]
    assert kinds[4:] == [by_populations, by_state, by_populations, by_state, early, early]


def choices(circuit):
    """All random choices of a circuit, in order."""
    writer = JumpWriter(lower(circuit.to_ir())).write()
    late = [stage.choice for stage in writer.stages if stage.choice]
    return sorted([*writer.early, *late], key=lambda choice: choice.number)


def test_pauli_words_by_their_kraus_operators_are_a_mixture():
    words = [0.8**0.5 * gate("id").matrix(), 0.2**0.5 * gate("y").matrix()]
    circuit = QuantumCircuit(2).h(0).kraus(0, words).pauli2(0, 1, *[0.02] * 15).sample()
    assert is_mixture(lower(circuit.to_ir()))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_estimates_lie_within_their_standard_errors(case):
    exact, random = programs(case)
    values, errors = random.estimate(INPUTS, WEIGHTS)
    assert (errors < 0.03).all()
    wrong = np.abs(values - exact.expvals(INPUTS, WEIGHTS)) / errors
    assert (wrong < ALMOST_NEVER).all()


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_standard_errors_are_the_spread_of_estimates(case):
    _, random = programs(case, 100)
    found = [random.estimate(INPUTS[:1], WEIGHTS) for _ in range(60)]
    spread = np.std([values[0] for values, _ in found], axis=0)
    said = np.mean([errors[0] for _, errors in found], axis=0)
    np.testing.assert_allclose(said, spread, rtol=0.35)


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("what", ["expvals", "probs"])
def test_gradients_are_unbiased(case, what):
    exact, random = programs(case, 60)
    if what == "expvals":
        cotangent = np.array([[0.3, 0.7, -1.2], [1.0, -1.0, 1.0]])

        def gradient(program):
            return program.value_and_vjp(INPUTS, WEIGHTS, cotangent)
    else:
        cotangent = np.array([[0.3, 0.7, -1.2, 0.0], [1.0, -1.0, 1.0, 2.0]])

        def gradient(program):
            return program.probs_vjp(INPUTS, WEIGHTS, cotangent, (0, 2))

    wanted = gradient(exact)
    found = [gradient(random) for _ in range(50)]
    for k in range(3):
        draws = np.array([each[k] for each in found])
        errors = draws.std(axis=0, ddof=1) / np.sqrt(len(draws)) + 1e-12
        assert (np.abs(draws.mean(axis=0) - wanted[k]) / errors < ALMOST_NEVER).all()


def test_gradients_of_mixtures_are_derivatives_of_the_same_trajectories():
    _, random = programs(CASES[0], 200)
    seed, step = 11, 1e-6
    d_weights = random._vjp(INPUTS, WEIGHTS, trajectories.EXPVAL, np.ones((2, 3)), seed)[2]
    for k, axis in enumerate(np.eye(2)):
        up, down = [
            random.estimate(INPUTS, WEIGHTS + sign * step * axis, seed)[0].sum() for sign in (1, -1)
        ]
        assert d_weights[k] == pytest.approx((up - down) / (2 * step), abs=1e-7)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_samples_follow_the_probabilities(case):
    exact, random = programs(case)
    chances = exact.probs(INPUTS, WEIGHTS, (2, 0))
    statistic = 0.0
    for seed in range(5):
        bits = random.samples(INPUTS, WEIGHTS, (2, 0), 600, seed)
        for row, wanted in zip(bits, 600 * chances, strict=True):
            counts = np.bincount(row[:, 0] * 2 + row[:, 1], minlength=4)
            statistic += ((counts - wanted) ** 2 / wanted).sum()
    assert statistic < 59.7  # 0.1 % of chance for 5 * 2 * 3 degrees of freedom
    assert statistic > 11.6  # neither better than chance


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_measured_words_have_the_right_mean_and_spread(case):
    """Each shot is a trajectory of its own, so means of k shots spread as k coins do."""
    circuit, kind = case
    words = circuit()
    words._observations = []
    executable = lower(words.expval("Z0", "X1").to_ir())
    exact = DensityProgram(executable, np.float64).expvals(INPUTS[:1], WEIGHTS)[0]
    random = kind(executable, np.float64, 10, 0)
    draws = np.array([random.word_means(INPUTS[:1], WEIGHTS, 40, seed)[0] for seed in range(150)])
    sigma = np.sqrt((1 - exact**2) / 40)
    assert (np.abs(draws.mean(axis=0) - exact) < ALMOST_NEVER * sigma / np.sqrt(150)).all()
    np.testing.assert_allclose(draws.std(axis=0), sigma, rtol=0.3)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_calls_differ_and_runs_with_a_seed_repeat(case):
    _, first = programs(case, 50)
    _, second = programs(case, 50)
    one, two = first.expvals(INPUTS, WEIGHTS), first.expvals(INPUTS, WEIGHTS)
    assert (one != two).any()
    np.testing.assert_array_equal(one, second.expvals(INPUTS, WEIGHTS))
    np.testing.assert_array_equal(two, second.expvals(INPUTS, WEIGHTS))
    _, free = programs(case, 50, None)
    assert (free.expvals(INPUTS, WEIGHTS) != free.expvals(INPUTS, WEIGHTS)).any()


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_backward_runs_the_trajectories_of_forward(case):
    _, random = programs(case, 50)
    values, saved = random.forward(INPUTS, WEIGHTS, True)
    again = random._vjp(INPUTS, WEIGHTS, trajectories.EXPVAL, np.ones((2, 3)), int(saved[0]))
    np.testing.assert_allclose(values, again[0], atol=1e-12)
    d_inputs, d_weights = random.backward(saved, INPUTS, WEIGHTS, np.ones((2, 3)))
    np.testing.assert_array_equal(d_inputs, again[1])
    np.testing.assert_array_equal(d_weights, again[2])


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_results_do_not_depend_on_parts_or_threads(case, monkeypatch):
    circuit, kind = case
    executable = lower(circuit().to_ir())
    whole = kind(executable, np.float64, 200, 3, threads=3).value_and_vjp(
        INPUTS, np.stack([WEIGHTS, WEIGHTS + 1]), np.ones((2, 3))
    )
    monkeypatch.setattr(trajectories, "_CHUNK_NUMBERS", 500)
    parts = kind(executable, np.float64, 200, 3, threads=1).value_and_vjp(
        INPUTS, np.stack([WEIGHTS, WEIGHTS + 1]), np.ones((2, 3))
    )
    for mine, theirs in zip(parts, whole, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


@given(
    circuits(max_qubits=3, max_ops=10, noise=True, mid_circuit=True, observed=True),
    st.integers(0, 2**32),
)
@settings(max_examples=15)
def test_random_circuits_by_jumps(func, seed):
    random = np.random.default_rng(seed)
    binding, arrays = {}, []
    for role in ("input", "weight"):
        values = func.args_with_role(role)
        numbers = [random.uniform(-2, 2, value.type.shape) for value in values]
        binding |= {value.name: number for value, number in zip(values, numbers, strict=True)}
        arrays.append(np.concatenate([np.ravel(number) for number in numbers] or [np.zeros(0)]))
    executable = lower(func)
    if not executable.effects:
        return
    qubits = tuple(range(executable.n_qubits))
    exact = np.diag(reference_func.density_matrix(func, binding)).real
    if not np.isfinite(exact).all():
        return
    program = JumpProgram(executable, np.float64, 400, seed)
    found, errors = program._means(
        arrays[0][None], arrays[1], trajectories.Wanted("probs", qubits), 17
    )
    assert (np.abs(found[0] - exact) <= ALMOST_NEVER * errors[0] + 0.03).all()


def test_every_channel_runs_by_trajectories():
    """Channels that are no mixtures have operators whose K^dagger K is diagonal."""
    for row in dialects.NOISE:
        rates = [0.2 if len(row.angle_names) < 4 else 0.05] * len(row.angle_names)
        total = sum(np.conj(k).T @ k for k in row.kraus(*rates))
        np.testing.assert_allclose(total, np.eye(len(total)), atol=1e-12)
        for operator in row.kraus(*rates):
            square = np.conj(operator).T @ operator
            np.testing.assert_allclose(square, np.diag(np.diag(square)), atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_there_is_no_state(case):
    _, random = programs(case)
    for call in (random.state, lambda x, w: random.state_vjp(x, w, None)):
        with pytest.raises(QStoreError) as caught:
            call(INPUTS, WEIGHTS)
        assert caught.value.code == "QS541"


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_copies_are_the_same_program(case):
    _, random = programs(case, 50)
    copy = pickle.loads(pickle.dumps(random))
    np.testing.assert_array_equal(copy.expvals(INPUTS, WEIGHTS), random.expvals(INPUTS, WEIGHTS))


def test_wrong_numbers_of_shots_are_refused():
    _, random = programs(CASES[0])
    with pytest.raises(QStoreError) as caught:
        random.samples(INPUTS, WEIGHTS, (0,), -1, 0)
    assert caught.value.code == "QS533"
    assert random.samples(INPUTS, WEIGHTS, (0, 1), 0, 0).shape == (2, 0, 2)


def test_parameters_that_are_not_finite():
    _, random = programs(CASES[2], 20)
    inputs = np.array([[np.nan], [0.5]])
    values = random.expvals(inputs, WEIGHTS)
    assert np.isnan(values[0]).any()
    assert np.isfinite(values[1]).all()
    with pytest.raises(QStoreError) as caught:
        random.samples(inputs, WEIGHTS, (0, 2), 5, 0)
    assert caught.value.code == "QS534"


# --- which program runs -----------------------------------------------------------------------


def chosen(circuit, **settings):
    return type(load_noisy(lower(circuit.to_ir()), np.float32, Placement("batched", **settings)))


def test_few_qubits_run_exactly_and_many_by_trajectories():
    def wide(n):
        return QuantumCircuit(n).bit_flip(0, 0.1).expval("Z0")

    assert chosen(wide(10)) is DensityProgram
    assert chosen(wide(11)) is MixtureProgram
    assert chosen(wide(11).reset(0)) is JumpProgram
    assert chosen(wide(11), method="density_matrix") is DensityProgram
    assert chosen(wide(2), method="trajectories") is MixtureProgram
    assert chosen(wide(2), trajectories=7) is MixtureProgram


def test_twelve_qubits_with_noise_everywhere():
    circuit = QuantumCircuit(12)
    for q in range(12):
        circuit.ry(q, param=f"w{q}").depolarizing(q, 0.02)
    for q in range(11):
        circuit.cz(q, q + 1).phase_flip(q, 0.01)
    for q in range(12):
        circuit.h(q)
    executable = lower(circuit.expval("X0", "X11").to_ir())
    program = MixtureProgram(executable, np.float32, 400, 0)
    weights = np.linspace(0.2, 1.3, 12)
    values, errors = program.estimate(np.zeros((2, 0)), weights)
    wanted = np.cos(weights[[0, 11]]) * (1 - 4 * 0.02 / 3)
    assert (np.abs(values - wanted) < ALMOST_NEVER * errors + 1e-5).all()


def test_a_gate_under_a_condition_may_do_nothing():
    body = QuantumCircuit(1).id(0).rz(0, 0.0)
    circuit = QuantumCircuit(1).ry(0, 0.9).measure(0, bit="c").if_bit("c", body).expval("Z0")
    program = JumpProgram(lower(circuit.to_ir()), np.float64, 400, 0)
    values, errors = program.estimate(None, None)
    assert abs(values[0, 0] - np.cos(0.9)) < ALMOST_NEVER * errors[0, 0]


@pytest.mark.parametrize("kind", [DensityProgram, MixtureProgram, JumpProgram])
def test_other_dtypes_are_refused(kind):
    executable = lower(QuantumCircuit(1).bit_flip(0, 0.1).expval("Z0").to_ir())
    with pytest.raises(QStoreError) as caught:
        kind(executable, np.int32)
    assert caught.value.code == "QS512"


@pytest.mark.parametrize("kind", [DensityProgram, MixtureProgram, JumpProgram])
def test_empty_batches_and_no_observables(kind):
    circuit = QuantumCircuit(2).ry(0, param="x").bit_flip(0, 0.1).probs(0)
    program = kind(lower(circuit.to_ir()), np.float32)
    assert program.expvals(np.zeros((3, 1)), None).shape == (3, 0)
    values, d_inputs, _ = program.probs_vjp(np.zeros((0, 1)), None, np.zeros((0, 2)), (0,))
    assert values.shape == (0, 2)
    assert d_inputs.shape == (0, 1)
    assert program.samples(np.zeros((0, 1)), None, (0,), 5, 0).shape == (0, 5, 1)
