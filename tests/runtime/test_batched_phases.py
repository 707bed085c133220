"""Phase runs, pairs of real blocks and shears against the independent simulator."""

import itertools
from functools import reduce
from math import pi
from operator import xor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store.runtime import calibration
from q_store.runtime.batched import engine, execution, merging
from q_store.runtime.batched import opcodes as oc
from q_store.runtime.batched.engine import BatchedProgram
from q_store.runtime.batched.merging import coordinates, index_columns, parted
from q_store.runtime.batched.plan import build
from tests.runtime.batched_reference import (
    ROTATIONS,
    Angle,
    Circuit,
    differences,
    random_angle,
    wires_of,
)

DIAGONAL = ["rz", "rzz", "p", "cp", "crz", "s", "cz"]
OTHERS = ["ry", "ry", "rx", "cx", "cz", "x", "h", "rxx", "rzx", "cry", "ccz"]


def rich(rng, n, layers, n_inputs, n_weights):
    """Layers of phases on random wires, then a few gates that some of them commute with."""
    gates = [("ry", (q,), random_angle(rng, n_inputs + n_weights)) for q in range(n)]
    for _ in range(layers):
        names = [*rng.choice(DIAGONAL, rng.integers(3, 12)), *rng.choice(OTHERS, 2 * n)]
        for name in map(str, names):
            if wires_of(name) <= n:
                wires = tuple(int(q) for q in rng.permutation(n)[: wires_of(name)])
                angle = random_angle(rng, n_inputs + n_weights) if name in ROTATIONS else None
                gates.append((name, wires, angle))
    words = [{q: "XYZZ"[rng.integers(4)] for q in range(n) if rng.random() < 0.7} for _ in range(3)]
    return Circuit(n, gates, n_inputs, n_weights, [[(float(rng.normal()), w)] for w in words])


def points(x, w):
    return [np.concatenate([x[b], w[b] if w.ndim == 2 else w]) for b in range(len(x))]


@st.composite
def cases(draw, most=5):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, f = draw(st.integers(2, most)), draw(st.integers(0, 2))
    p, batch = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    per_sample = draw(st.booleans())
    circuit = rich(rng, n, draw(st.integers(1, 3)), f, p)
    x = rng.normal(size=(batch, f))
    return circuit, x, 2 * rng.normal(size=(batch, p) if per_sample else p), rng


def check_gradients(loss, x, w, d_x, d_w):
    np.testing.assert_allclose(d_x, differences(lambda v: loss(v, w), x), rtol=0, atol=1e-6)
    np.testing.assert_allclose(d_w, differences(lambda v: loss(x, v), w), rtol=0, atol=1e-6)


def check_expvals(circuit, x, w, dtype=np.float64, tolerance=1e-10):
    """Values and gradients of a weighted sum of the outputs."""
    program = BatchedProgram(circuit.executable(), dtype)
    g = np.random.default_rng(1).normal(size=(len(x), len(circuit.observables)))

    def loss(x, w):
        return sum(g[b] @ circuit.expvals(p) for b, p in enumerate(points(x, w)))

    values, d_x, d_w = program.value_and_vjp(x, w, g)
    expected = [circuit.expvals(p) for p in points(x, w)]
    np.testing.assert_allclose(values, expected, rtol=0, atol=tolerance)
    if dtype is np.float64:
        check_gradients(loss, x, w, d_x, d_w)
    return program, g, (values, d_x, d_w)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@settings(max_examples=40)
@given(case=cases(most=8))
def test_results_do_not_depend_on_the_lane_width(dtype, case):
    """One lane has vectors of amplitudes."""
    circuit, x, w, rng = case
    program = BatchedProgram(circuit.executable(), dtype)
    g = rng.normal(size=(len(x), len(circuit.observables)))
    wanted = [*program.value_and_vjp(x, w, g), program.state(x, w), program.probs(x, w)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "lane_width", lambda *_: 1)
        found = [*program.value_and_vjp(x, w, g), program.state(x, w), program.probs(x, w)]
    for one, all_lanes in zip(found, wanted, strict=True):
        tolerance = 1e-12 if dtype is np.float64 else 2e-4
        np.testing.assert_allclose(one, all_lanes, rtol=0, atol=tolerance)


@pytest.mark.parametrize("n", [5, 6, 7, 9])
def test_real_blocks_of_one_lane_on_every_pair_of_qubits(n, monkeypatch):
    """Turns of two qubits meet in every position of their bits, inside vectors and between."""
    monkeypatch.setattr(execution, "lane_width", lambda *_: 1)
    rng = np.random.default_rng(n)
    words = [[(1.0, {q: "Z"})] for q in range(n)] + [[(0.5, {0: "X", n - 1: "Y"})]]
    for a, b in itertools.permutations(range(n), 2):
        gates = [("h", (q,), None) for q in range(n)]
        gates += [("rz", (q,), Angle(0.2 + q)) for q in range(n)]
        gates += [("ry", (a,), Angle(0.3, {0: 1.0})), ("ry", (b,), Angle(0.1, {1: 1.0}))]
        gates += [("cx", (a, b), None), ("rz", (a,), Angle(0.4)), ("cx", (b, (a + 1) % n), None)]
        gates += [("ry", (b,), Angle(0.7, {0: 1.0})), ("ry", (a,), Angle(0.9, {1: -1.0}))]
        circuit = Circuit(n, [g for g in gates if len(set(g[1])) == len(g[1])], 0, 2, words)
        check_expvals(circuit, np.zeros((1, 0)), rng.normal(size=2))


@given(st.lists(st.integers(1, 2**9 - 1), unique=True), st.integers(1, 6))
def test_masks_are_parted_by_what_they_span(masks, most):
    parts = parted(masks, most)
    assert sorted(mask for part in parts for mask in part) == sorted(masks)
    ranks = [len(coordinates(part)[0]) for part in parts]
    assert all(1 <= rank <= most for rank in ranks)
    assert all(rank == most for rank in ranks[:-1])


@settings(max_examples=30)
@given(case=cases(), most=st.integers(1, 2))
def test_a_run_of_several_tables_is_the_same_run(case, most):
    circuit, x, w, rng = case
    g = rng.normal(size=(len(x), len(circuit.observables)))
    wanted = BatchedProgram(circuit.executable(), np.float64).value_and_vjp(x, w, g)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "_MOST_RANK", most)
        patch.setattr(engine, "get_plan", build)
        found = BatchedProgram(circuit.executable(), np.float64).value_and_vjp(x, w, g)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_tables_of_many_qubits_stay_small():
    """A layer of phases on 15 qubits: two tables, neither of more than 12 dimensions."""
    plan = build(calibration.circuit(15, 4), oc.EXPVAL, False)
    rows = plan.ints[plan.ints[oc.H_TAPE] :][: plan.steps * oc.COLUMNS].reshape(-1, oc.COLUMNS)
    ranks = [int(row[oc.ROLE]) for row in rows if row[oc.OP] == oc.PHASE_RUN]
    assert ranks == [12, 3] * (len(ranks) // 2) != []


def tape(circuit, per_sample=False, kind=oc.EXPVAL):
    """Instructions of the plan as rows."""
    plan = build(circuit.executable(), kind, per_sample)
    begin = plan.ints[oc.H_TAPE]
    return plan.ints[begin : begin + plan.steps * oc.COLUMNS].reshape(-1, oc.COLUMNS)


def runs(circuit, per_sample=False):
    """(rows, shared) of every phase run."""
    return [
        (int(step[oc.FACTOR_END] - step[oc.FACTOR_BEGIN]), bool(step[oc.SHARED]))
        for step in tape(circuit, per_sample)
        if step[oc.OP] == oc.PHASE_RUN
    ]


@settings(max_examples=40)
@given(case=cases())
def test_circuits_rich_in_phases(case):
    circuit, x, w, _ = case
    check_expvals(circuit, x, w)


@settings(max_examples=20)
@given(case=cases())
def test_their_states_and_gradients(case):
    circuit, x, w, rng = case
    program = BatchedProgram(circuit.executable(), np.float64)
    g = rng.normal(size=(len(x), 1 << circuit.n)) + 1j * rng.normal(size=(len(x), 1 << circuit.n))

    def loss(x, w):
        return sum(np.vdot(g[b], circuit.state(p)).real for b, p in enumerate(points(x, w)))

    states, d_x, d_w = program.state_vjp(x, w, g)
    expected = [circuit.state(p) for p in points(x, w)]
    np.testing.assert_allclose(states, expected, rtol=0, atol=1e-10)
    check_gradients(loss, x, w, d_x, d_w)


@settings(max_examples=20)
@given(case=cases())
def test_their_float32_gradients(case):
    circuit, x, w, rng = case
    g = rng.normal(size=(len(x), len(circuit.observables)))
    exact = BatchedProgram(circuit.executable(), np.float64).value_and_vjp(x, w, g)
    single = BatchedProgram(circuit.executable(), np.float32).value_and_vjp(x, w, g)
    for a, b in zip(single, exact, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-3)


def hardware_efficient(n, layers, entangler="cx", order=("ry", "rz")):
    gates = [("ry", (q,), Angle(0.0, {q: 1.0})) for q in range(n)]
    weight = n
    for _ in range(layers):
        for q in range(n):
            for name in order:
                gates.append((name, (q,), Angle(0.0, {weight: 1.0})))
                weight += 1
        gates += [(entangler, (q, (q + 1) % n), None) for q in range(n)]
    observables = [[(1.0, {q: "Z"})] for q in range(n)]
    return Circuit(n, gates, n, weight - n, observables)


def qaoa(n, edges, layers, shared=True):
    gates = [("h", (q,), None) for q in range(n)]
    for k in range(layers):
        gates += [("rzz", e, Angle(0.0, {2 * k: 1.0 + 0.2 * j})) for j, e in enumerate(edges)]
        gates += [("rx", (q,), Angle(0.0, {2 * k + 1: 1.0})) for q in range(n)]
    observables = [[(1.0, dict.fromkeys(e, "Z")) for e in edges]]
    parameters = 2 * layers
    sizes = (0, parameters) if shared else (parameters, 0)
    return Circuit(n, gates, *sizes, observables)


EDGES = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (0, 2), (1, 3), (2, 4)]


@pytest.mark.parametrize("entangler", ["cx", "cz"])
@pytest.mark.parametrize("order", [("ry", "rz"), ("rz", "ry"), ("rz", "rx", "rz")])
def test_layers_become_runs_between_real_blocks(entangler, order):
    circuit = hardware_efficient(4, 4, entangler, order)
    ops = {int(step[oc.OP]) for step in tape(circuit)}
    assert ops <= {oc.PRODUCT, oc.PHASE_RUN, oc.REAL_PAIR, oc.REAL_SECOND, oc.REAL_BLOCK}
    assert all(shared for _, shared in runs(circuit))
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=(2, 4)), 3 * rng.normal(size=circuit.n_weights)
    check_expvals(circuit, x, w)
    check_expvals(circuit, x, np.stack([w, -0.3 * w]))


@pytest.mark.parametrize("shared", [True, False])
def test_every_qaoa_layer_is_one_run(shared):
    circuit = qaoa(5, EDGES, 2, shared)
    rows = [count for count, is_shared in runs(circuit) if is_shared is shared]
    assert rows[0] >= len(EDGES)
    assert len(rows) == 2
    rng = np.random.default_rng(0)
    p = rng.normal(size=4)
    x, w = (np.zeros((3, 0)), p) if shared else (np.stack([p, 2 * p, -p]), np.zeros(0))
    check_expvals(circuit, x, w)
    check_expvals(circuit, x, w, np.float32, 1e-4)


def test_a_block_in_the_way_splits_a_run():
    free = [("rzz", e, Angle(0.1, {0: 1.0})) for e in EDGES]
    start = [("ry", (q,), Angle(0.5 + q)) for q in range(5)]
    end = [("ry", (q,), Angle(0.0, {1: 1.0})) for q in range(5)]
    observables = [[(1.0, {0: "Z", 1: "Z"})], [(1.0, dict.fromkeys(range(5), "X"))]]
    whole = Circuit(5, [*start, *free, *free, *end], 0, 2, observables)
    assert [rows for rows, _ in runs(whole)] == [len(EDGES)]
    block = ("rxx", (0, 1), Angle(0.0, {1: 1.0}))
    split = Circuit(5, [*start, *free, block, *free, *end], 0, 2, observables)
    # Rows on both or none of the wires 0 and 1 pass; the others stay on their side.
    assert len(runs(split)) == 2
    assert sum(rows for rows, _ in runs(split)) < 2 * len(EDGES)
    for circuit in (whole, split):
        check_expvals(circuit, np.zeros((1, 0)), np.array([0.4, -0.9]))


def test_shared_and_other_rows_go_to_runs_of_their_own():
    n = 5
    gates = [("ry", (q,), Angle(0.3 + q)) for q in range(n)]
    gates += [("rzz", e, Angle(0.0, {0: 1.0 + k})) for k, e in enumerate(EDGES[:4])]
    gates += [("rzz", e, Angle(0.2, {1: 1.0 - k})) for k, e in enumerate(EDGES[4:])]
    gates += [("ry", (q,), Angle(0.0, {0: 1.0, 1: 1.0})) for q in range(n)]
    circuit = Circuit(n, gates, 1, 1, [[(1.0, {0: "Z", 3: "X"})]])
    assert sorted(shared for _, shared in runs(circuit)) == [False, True]
    assert [shared for _, shared in runs(circuit, per_sample=True)] == [False]
    x = np.array([[0.3], [-0.8]])
    check_expvals(circuit, x, np.array([0.7]))
    check_expvals(circuit, x, np.array([[0.7], [0.1]]))


def test_the_memory_of_many_qubits_is_left_to_the_state():
    plan = build(calibration.circuit(30, 3), oc.EXPVAL, False)
    assert plan.table_numbers > 0
    assert plan.scratch + plan.table_numbers < 2**17


def test_lone_phases_stay_in_their_blocks():
    gates = [("ry", (0,), Angle(0.4)), ("ry", (1,), Angle(0.9)), ("cx", (0, 1), None)]
    gates += [("ry", (0,), Angle(0.0, {0: 1.0})), ("rz", (0,), Angle(0.0, {1: 1.0}))]
    gates += [("rx", (0,), Angle(0.7))]
    circuit = Circuit(2, gates, 0, 2, [[(1.0, {0: "Z"})], [(1.0, {1: "X"})]])
    assert runs(circuit) == []
    check_expvals(circuit, np.zeros((1, 0)), np.array([0.2, 1.3]))


@pytest.mark.parametrize("angle", [pi, pi - 1e-9, -pi, 3.0, 2 * pi, 7.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shears_of_any_angle_keep_their_digits(angle, dtype):
    """Angles near pi have cosines near zero, and many layers make a small scale."""
    circuit = hardware_efficient(4, 24)
    w = np.random.default_rng(2).normal(size=circuit.n_weights)
    w[::3] = angle
    x = np.random.default_rng(4).normal(size=(2, 4))
    tolerance = 2e-5 if dtype is np.float32 else 1e-12
    _, g, results = check_expvals_only(circuit, x, w, dtype, tolerance)
    exact = BatchedProgram(circuit.executable(), np.float64).value_and_vjp(x, [w, w], g)
    for got, wanted in zip(results[1:], (exact[1], exact[2].sum(axis=0)), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=10 * tolerance)


def check_expvals_only(circuit, x, w, dtype, tolerance):
    program = BatchedProgram(circuit.executable(), dtype)
    g = np.random.default_rng(1).normal(size=(len(x), len(circuit.observables)))
    results = program.value_and_vjp(x, w, g)
    expected = [circuit.expvals(p) for p in points(x, w)]
    np.testing.assert_allclose(results[0], expected, rtol=0, atol=tolerance)
    return program, g, results


def test_runs_of_many_qubits_are_rebuilt_where_tables_would_fill_the_cache(monkeypatch):
    """Tables that do not stay give the same numbers, bit for bit, on any number of threads."""
    monkeypatch.setattr("q_store.runtime.batched.execution.PAYS_FROM_NANOSECONDS", 0)
    circuit = hardware_efficient(6, 4)
    rng = np.random.default_rng(0)
    x, w, g = rng.normal(size=(70, 6)), rng.normal(size=48), rng.normal(size=(70, 6))
    for dtype in (np.float32, np.float64):
        expected = BatchedProgram(circuit.executable(), dtype, 1).value_and_vjp(x, w, g)
        for kept in (1 << 17, 160, 0):
            monkeypatch.setattr("q_store.runtime.batched.plan._KEPT_NUMBERS", kept)
            program = BatchedProgram(circuit.executable(), dtype, threads=3)
            program._plans[oc.EXPVAL, False, ()] = build(program.executable, oc.EXPVAL, False)
            for a, b in zip(program.value_and_vjp(x, w, g), expected, strict=True):
                np.testing.assert_array_equal(a, b)


def test_narrow_lanes_and_many_rows():
    """Enough rows on 12 qubits that some bits share a transform, others do not."""
    rng = np.random.default_rng(6)
    edges = [(int(a), int(b)) for a in range(12) for b in range(a) if rng.random() < 0.6]
    circuit = qaoa(12, edges, 1)
    for batch, dtype in ((1, np.float64), (1, np.float32), (20, np.float64)):
        x, w = np.zeros((batch, 0)), np.array([0.3, 0.8])
        program = BatchedProgram(circuit.executable(), dtype)
        values, _, d_w = program.value_and_vjp(x, w, np.full((batch, 1), 1 / batch))
        expected = circuit.expvals(w)
        np.testing.assert_allclose(values, [expected] * batch, rtol=0, atol=1e-3)
        numeric = differences(lambda v: circuit.expvals(v)[0], w, 1e-4)
        np.testing.assert_allclose(d_w, numeric, rtol=0, atol=2e-2)


@given(st.lists(st.integers(1, 255), unique=True, min_size=1, max_size=30))
def test_masks_in_coordinates_of_a_basis(masks):
    basis, own = coordinates(masks)
    assert set(basis) <= set(masks)
    for mask, bits in zip(masks, own, strict=True):
        assert mask == reduce(xor, (b for i, b in enumerate(basis) if bits >> i & 1), 0)
    columns = index_columns(basis, 8)
    y = 0
    for p in range(1, 256):
        y ^= columns[(p & -p).bit_length() - 1]
        assert y == sum(((p & b).bit_count() & 1) << i for i, b in enumerate(basis))
