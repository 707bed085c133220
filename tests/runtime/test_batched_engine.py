"""The engine's manners: shapes, dtypes, edge cases, errors, sampling, derived parameters."""

import copy
import pickle
from math import pi

import numpy as np
import pytest

from q_store.qir.diagnostics import QStoreError
from q_store.qir.gates import ROWS
from q_store.runtime.batched import opcodes as oc
from q_store.runtime.batched.engine import BatchedProgram
from q_store.runtime.batched.plan import build
from q_store.runtime.batched.planning import get_plan
from q_store.targets.executable import ClassicalProgram
from tests.runtime.batched_reference import (
    FIXED,
    ROTATIONS,
    Angle,
    Circuit,
    apply,
    differences,
    random_circuit,
)


def layered(n=4, layers=2):
    """RY of inputs, then layers of RY, RZ and a CX ring; Z on each qubit."""
    gates = [("ry", (q,), Angle(0.0, {q: 1.0})) for q in range(n)]
    weight = n
    for _ in range(layers):
        for q in range(n):
            gates.append(("ry", (q,), Angle(0.0, {weight: 1.0})))
            gates.append(("rz", (q,), Angle(0.0, {weight + 1: 1.0})))
            weight += 2
        gates += [("cx", (q, (q + 1) % n), None) for q in range(n)]
    return Circuit(n, gates, n, weight - n, [[(1.0, {q: "Z"})] for q in range(n)])


@pytest.fixture
def program():
    return BatchedProgram(layered().executable(), np.float64)


def arguments(batch=5, n=4, layers=2, seed=0):
    rng = np.random.default_rng(seed)
    shape = (batch, n)
    return rng.normal(size=shape), rng.normal(size=2 * n * layers), rng.normal(size=shape)


def code_of(call, *args, **kwargs):
    with pytest.raises(QStoreError) as caught:
        call(*args, **kwargs)
    return caught.value.code


def test_an_empty_batch_gives_empty_results(program):
    w = np.ones(16)
    values, d_x, d_w = program.value_and_vjp(np.zeros((0, 4)), w, np.zeros((0, 4)))
    assert values.shape == d_x.shape == (0, 4)
    np.testing.assert_array_equal(d_w, np.zeros(16))
    assert program.state(np.zeros((0, 4)), w).shape == (0, 16)
    assert program.probs(np.zeros((0, 4)), w, (1,)).shape == (0, 2)
    assert program.samples(np.zeros((0, 4)), w, (1,), 7, 1).shape == (0, 7, 1)
    values, saved = program.forward(np.zeros((0, 4)), w, keep_state=True)
    assert program.backward(saved, np.zeros((0, 4)), w, values)[0].shape == (0, 4)


def test_no_gates_no_parameters_one_qubit():
    program = BatchedProgram(Circuit(1, [], 0, 0, [[(2.0, {0: "Z"}), (0.5, {})]]).executable())
    np.testing.assert_array_equal(program.expvals(None, None), [[2.5]])
    np.testing.assert_array_equal(program.expvals(np.zeros((3, 0)), np.zeros(0)), [[2.5]] * 3)
    np.testing.assert_array_equal(program.state(None, None), [[1, 0]])
    values, d_x, d_w = program.value_and_vjp(None, None, [[1.0]])
    assert (values.shape, d_x.shape, d_w.shape) == ((1, 1), (1, 0), (0,))


def test_no_observables():
    program = BatchedProgram(Circuit(2, [("h", (0,), None)], 0, 0).executable())
    assert program.n_outputs == 0
    assert program.expvals(np.zeros((3, 0)), None).shape == (3, 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_memory_order_and_dtype_of_arguments(dtype):
    program = BatchedProgram(layered().executable(), dtype)
    x, w, g = arguments()
    expected = program.value_and_vjp(x, w, g)
    for change in (np.asfortranarray, lambda a: np.repeat(a, 2, axis=0)[::2], lambda a: a.tolist()):
        for a, b in zip(
            program.value_and_vjp(change(x), change(w), change(g)), expected, strict=True
        ):
            np.testing.assert_array_equal(a, b)
    rounded = program.expvals(x.astype(np.float32), w.astype(np.float32))
    np.testing.assert_allclose(rounded, expected[0], rtol=0, atol=1e-5)


def test_read_only_arguments_are_left_alone(program):
    x, w, g = arguments()
    before = x.copy(), w.copy(), g.copy()
    for array in (x, w, g):
        array.flags.writeable = False
    program.value_and_vjp(x, w, g)
    for array, old in zip((x, w, g), before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_bad_sample_spoils_only_itself(program, bad):
    x, w, g = arguments(batch=19)
    clean, clean_dx, _ = program.value_and_vjp(x, w, g)
    x[7, 2] = bad
    values, d_x, _ = program.value_and_vjp(x, w, g)
    assert np.isnan(values[7]).any()
    keep = np.arange(19) != 7
    np.testing.assert_array_equal(values[keep], clean[keep])
    np.testing.assert_array_equal(d_x[keep], clean_dx[keep])
    assert np.isnan(program.probs(x, w, (0, 1))[7]).all()
    assert code_of(program.samples, x, w, (0,), 10, 0) == "QS534"


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr("q_store.runtime.batched.execution.PAYS_FROM_NANOSECONDS", 0)
    x, w, g = arguments(batch=150)
    for dtype in (np.float32, np.float64):
        one, two, five = (
            BatchedProgram(layered().executable(), dtype, threads=t) for t in (1, 2, 5)
        )
        expected = one.value_and_vjp(x, w, g)
        for program in (two, five):
            for a, b in zip(program.value_and_vjp(x, w, g), expected, strict=True):
                np.testing.assert_array_equal(a, b)
        drawn = [p.samples(x, w, (0, 2), 20, 3) for p in (one, two)]
        np.testing.assert_array_equal(*drawn)


def test_the_number_of_threads_is_checked(monkeypatch):
    exe = layered().executable()
    assert code_of(BatchedProgram, exe, threads=0) == "QS511"
    monkeypatch.setenv("QSTORE_NUM_THREADS", "2")
    assert BatchedProgram(exe).threads == 2
    monkeypatch.setenv("QSTORE_NUM_THREADS", "many")
    assert code_of(BatchedProgram, exe) == "QS511"


def test_wrong_shapes_are_refused(program):
    x, w, g = arguments()
    assert code_of(program.expvals, x[:, :3], w) == "QS530"
    assert code_of(program.expvals, x[0], w) == "QS530"
    assert code_of(program.expvals, None, w) == "QS530"
    assert code_of(program.expvals, x, w[:3]) == "QS530"
    assert code_of(program.expvals, x, None) == "QS530"
    assert code_of(program.expvals, x, np.zeros((4, 16))) == "QS530"
    assert code_of(program.value_and_vjp, x, w, g[:, :2]) == "QS531"
    assert code_of(program.backward, np.zeros((1, 16, 2, 3)), x, w, g) == "QS531"
    assert code_of(program.state_vjp, x, w, g) == "QS531"
    assert code_of(program.probs, x, w, (0, 0)) == "QS532"
    assert code_of(program.probs, x, w, (4,)) == "QS532"
    assert code_of(program.samples, x, w, (0,), -1) == "QS533"


def test_wrong_programs_are_refused():
    exe = layered().executable()
    assert code_of(BatchedProgram, exe, np.float16) == "QS512"
    assert code_of(BatchedProgram, Circuit(0, []).executable()) == "QS505"
    huge = BatchedProgram(Circuit(44, [("h", (0,), None)], 0, 0, [[(1.0, {0: "X"})]]).executable())
    with pytest.raises(QStoreError, match=r"needs \d+ bytes of memory, \d+ bytes are available"):
        huge.expvals(None, None)
    assert code_of(huge.state, None, None) == "QS510"


def test_samples_follow_the_probabilities_and_the_seed(program):
    x, w, _ = arguments(batch=3)
    bits = program.samples(x, w, (2, 0), shots=40_000, seed=11)
    assert bits.shape == (3, 40_000, 2)
    assert bits.dtype == np.uint8
    chances = program.probs(x, w, (2, 0))
    for b in range(3):
        counts = np.bincount(2 * bits[b, :, 0] + bits[b, :, 1], minlength=4)
        deviation = np.abs(counts - 40_000 * chances[b])
        assert (deviation < 5 * np.sqrt(40_000 * chances[b] + 1)).all()
    np.testing.assert_array_equal(bits, program.samples(x, w, (2, 0), shots=40_000, seed=11))
    alone = program.samples(x[:1], w, (2, 0), shots=40_000, seed=11)
    np.testing.assert_array_equal(alone[0], bits[0])
    assert (program.samples(x, w, (2, 0), 100, 12) != bits[:, :100]).any()


def test_impossible_outcomes_are_never_drawn():
    exe = Circuit(2, [("h", (0,), None), ("cx", (0, 1), None)]).executable()
    bits = BatchedProgram(exe, np.float32).samples(None, None, None, 5000, 1)[0]
    np.testing.assert_array_equal(bits[:, 0], bits[:, 1])
    assert 2300 < bits[:, 0].sum() < 2700


def test_per_sample_weights_match_separate_calls(program):
    x, _, g = arguments(batch=4)
    w = np.random.default_rng(2).normal(size=(4, 16))
    values, d_x, d_w = program.value_and_vjp(x, w, g)
    assert d_w.shape == (4, 16)
    for b in range(4):
        alone = program.value_and_vjp(x[b : b + 1], w[b], g[b : b + 1])
        np.testing.assert_allclose(values[b], alone[0][0], rtol=0, atol=1e-14)
        np.testing.assert_allclose(d_x[b], alone[1][0], rtol=0, atol=1e-14)
        np.testing.assert_allclose(d_w[b], alone[2], rtol=0, atol=1e-14)


@pytest.mark.parametrize("row", [r for r in ROWS if r.wires], ids=lambda r: r.name)
def test_every_row_of_the_gate_table_runs_to_the_phase(row):
    if row.mnemonic in FIXED or row.mnemonic in ROTATIONS:
        n_angles = int(row.mnemonic in ROTATIONS)
        assert len(row.angle_names) == n_angles
    n = row.wires
    angles = [0.3 + 0.45 * k for k in range(len(row.angle_names))]
    start = [("ry", (q,), Angle(0.5 + q)) for q in range(n)] + [("s", (0,), None)]
    exe = Circuit(n, start).executable()
    before = Circuit(n, start).state([]).reshape((2,) * n)
    wires = tuple(reversed(range(n)))
    expected = apply(np.asarray(row.matrix(*angles)), wires, before).reshape(-1)
    exe = with_gate(exe, row.mnemonic, wires, angles)
    found = BatchedProgram(exe, np.float64).state(None, None)[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def with_gate(exe, name, wires, angles):
    """``exe`` with one more gate of constant angles at the end."""
    from dataclasses import replace

    s = len(angles)
    return replace(
        exe,
        op_names=(*exe.op_names, name),
        opcode=np.append(exe.opcode, len(exe.op_names)).astype(np.int32),
        wires=np.append(exe.wires, wires).astype(np.int32),
        wire_ptr=np.append(exe.wire_ptr, exe.wire_ptr[-1] + len(wires)).astype(np.int32),
        slot_ptr=np.append(exe.slot_ptr, exe.slot_ptr[-1] + s).astype(np.int32),
        a_indptr=np.append(exe.a_indptr, [exe.a_indptr[-1]] * s).astype(np.int32),
        b=np.append(exe.b, angles),
    )


def classical(ops):
    """A program from (name, [(const, {index: coef}), ...]) in order."""
    names = tuple(sorted({name for name, _ in ops}))
    arguments = [argument for _, given in ops for argument in given]
    return ClassicalProgram(
        names,
        np.array([names.index(name) for name, _ in ops], np.int32),
        np.cumsum([0, *(len(given) for _, given in ops)]).astype(np.int32),
        np.cumsum([0, *(len(terms) for _, terms in arguments)]).astype(np.int32),
        np.array([i for _, terms in arguments for i in terms], np.int32),
        np.array([c for _, terms in arguments for c in terms.values()], np.float64),
        np.array([const for const, _ in arguments], np.float64),
    )


UNARY = ["neg", "sin", "cos", "tan", "asin", "acos", "atan", "exp", "log", "sqrt", "abs"]
UNARY += ["sinh", "cosh", "tanh"]
BINARY = ["add", "sub", "mul", "div", "pow", "atan2"]


@pytest.mark.parametrize("name", UNARY + BINARY)
@pytest.mark.parametrize("per_sample", [False, True])
def test_derived_parameters_and_their_gradients(name, per_sample):
    # p = [x0, x1 | w0 | d0, d1]: d0 = op(x0/4 + w0/4 + 0.4 [, x1/3 + 0.2]), d1 = d0 * x1.
    given = [(0.4, {0: 0.25, 2: 0.25}), (0.2, {1: 1 / 3})]
    program = classical(
        [(name, given[: 2 if name in BINARY else 1]), ("mul", [(0.0, {3: 1.0}), (0.0, {1: 1.0})])]
    )
    gates = [("ry", (0,), Angle(0.1, {3: 1.0})), ("cx", (0, 1), None)]
    gates += [("rx", (1,), Angle(0.0, {4: 0.5, 2: 1.0}))]
    circuit = Circuit(2, gates, 2, 1, [[(1.0, {1: "Z"}), (0.5, {0: "X"})]], classical=program)
    engine = BatchedProgram(circuit.executable(), np.float64)
    function = {"neg": np.negative, "abs": np.abs, "asin": np.arcsin, "acos": np.arccos}.get(name)
    names = {"mul": "multiply", "div": "divide", "sub": "subtract", "pow": "power"}
    names |= {"atan": "arctan", "atan2": "arctan2"}
    function = function or getattr(np, names.get(name, name))

    def loss(x, w):
        total = 0.0
        for b in range(len(x)):
            w0 = w[b, 0] if per_sample else w[0]
            a = (0.4 + 0.25 * x[b, 0] + 0.25 * w0, 0.2 + x[b, 1] / 3)
            d0 = function(*a) if name in BINARY else function(a[0])
            total += circuit.expvals([*x[b], w0, d0, d0 * x[b, 1]])[0]
        return total

    x, w = np.array([[0.3, 0.9], [-0.2, 0.4]]), np.array([[0.5], [0.1]] if per_sample else [0.5])
    values, d_x, d_w = engine.value_and_vjp(x, w, np.ones((2, 1)))
    assert values.sum() == pytest.approx(loss(x, w), abs=1e-12)
    np.testing.assert_allclose(d_x, differences(lambda v: loss(v, w), x), rtol=0, atol=1e-6)
    np.testing.assert_allclose(d_w, differences(lambda v: loss(x, v), w), rtol=0, atol=1e-6)


def test_a_domain_error_gives_nan_for_its_sample_without_warnings():
    program = classical([("log", [(0.0, {0: 1.0})])])
    gates = [("ry", (0,), Angle(0.0, {1: 1.0}))]
    circuit = Circuit(1, gates, 1, 0, [[(1.0, {0: "Z"})]], classical=program)
    engine = BatchedProgram(circuit.executable(), np.float64)
    values, d_x, _ = engine.value_and_vjp([[-1.0], [2.0]], None, [[1.0], [1.0]])
    assert np.isnan(values[0, 0])
    assert np.isnan(d_x[0, 0])
    assert values[1, 0] == pytest.approx(np.cos(np.log(2.0)))


def test_an_unknown_classical_op_is_refused():
    circuit = Circuit(1, [], 1, 0, classical=classical([("sine", [(0.0, {0: 1.0})])]))
    assert code_of(BatchedProgram, circuit.executable()) == "QS504"


def test_copies_and_pickles_run(program):
    x, w, g = arguments()
    expected = program.value_and_vjp(x, w, g)
    for other in (copy.deepcopy(program), pickle.loads(pickle.dumps(program))):
        assert other.dtype == program.dtype
        for a, b in zip(other.value_and_vjp(x, w, g), expected, strict=True):
            np.testing.assert_array_equal(a, b)
    plan = build(program.executable, oc.EXPVAL, False)
    twin = copy.deepcopy(plan)
    assert twin.addresses[0] == twin.ints.ctypes.data != plan.addresses[0]


def test_output_widths():
    from dataclasses import replace

    from q_store.targets.executable import Output

    outputs = (Output("expval", 0, 2), Output("probs", qubits=(0, 1)), Output("state"))
    outputs += (Output("sample", qubits=(1,), shots=3),)
    exe = replace(layered().executable(), outputs=outputs)
    assert BatchedProgram(exe).output_widths == (2, 4, 16, 1)


def test_clifford_gates_cost_nothing():
    gates = [("cx", (0, 1), None), ("x", (1,), None), ("cz", (1, 2), None), ("swap", (0, 2), None)]
    circuit = Circuit(3, gates * 5, 0, 0, [[(1.0, {0: "Z", 1: "X"})]])
    assert build(circuit.executable(), oc.EXPVAL, False).steps == 0
    rotations = [("ry", (q,), Angle(0.0, {q: 1.0})) for q in range(3)]
    circuit = Circuit(3, rotations + gates, 3, 0, [[(1.0, {q: "Z"})] for q in range(3)])
    assert build(circuit.executable(), oc.EXPVAL, False).steps == 3


def test_gates_of_one_wire_fuse_into_one_block():
    gates = [(name, (0,), Angle(0.0, {k: 1.0})) for k, name in enumerate(["rx", "ry", "rz", "rx"])]
    gates += [("h", (0,), None), ("t", (0,), None), ("ry", (0,), Angle(pi))]
    circuit = Circuit(2, gates, 4, 0, [[(1.0, {0: "Z"})]])
    assert build(circuit.executable(), oc.EXPVAL, False).steps == 1


def test_what_no_observable_sees_is_left_out():
    circuit = random_circuit(np.random.default_rng(0), 5, 60, 2, 2, outputs=0)
    assert build(circuit.executable(), oc.EXPVAL, False).steps == 0
    circuit = layered(layers=1)
    circuit.observables = [[(1.0, {1: "Z"})]]
    assert build(circuit.executable(), oc.EXPVAL, False).steps == 2


def test_identical_circuits_are_planned_once():
    first, second = layered().executable(), layered().executable()
    plans = [get_plan(exe, oc.EXPVAL, False, ()) for exe in (first, second)]
    assert plans[0] is plans[1]
    assert get_plan(layered(layers=1).executable(), oc.EXPVAL, False, ()) is not plans[0]
