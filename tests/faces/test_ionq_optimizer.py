"""`q_store.ionq`: circuits in, native circuits and prices out."""

import warnings
from math import pi

import numpy as np
import pytest
from hypothesis import given, settings

from q_store import QStoreError, QuantumCircuit, vector
from q_store.ionq import IonQOptimizer, to_ionq_json
from q_store.qir.func import Func
from q_store.testing.equivalence import assert_equivalent
from q_store.testing.strategies import circuits

SNIPPET = """
from q_store.ionq import IonQOptimizer

optimizer = IonQOptimizer(
    target_hardware='ionq.aria',
    optimization_level=3,
    # New in v4.0: Cost-aware gate selection
    minimize_cost=True,
    max_cost_per_shot=0.01
)

# Automatically converts to native gates
optimized_circuit = optimizer.optimize(circuit)

# Detailed cost estimation before execution
cost_estimate = optimizer.estimate_cost(
    circuit=optimized_circuit,
    shots=1000
)

print(f"Estimated cost: ${cost_estimate.total_cost:.2f}")
print(f"Gate count: {cost_estimate.native_gate_count}")
print(f"Circuit depth: {cost_estimate.optimized_depth}")
"""


def circuit() -> QuantumCircuit:
    made = QuantumCircuit(n_qubits=4)
    made.h(0)
    made.cx(0, 1)
    made.rx(1, param="theta")
    made.measure_all()
    return made


def test_the_printed_snippet_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(SNIPPET, "snippet", "exec"), {"circuit": circuit()})
    assert capsys.readouterr().out.splitlines() == [
        "Estimated cost: $12.42",
        "Gate count: 4",
        "Circuit depth: 3",
    ]


@pytest.mark.parametrize("target", ["ionq.aria", "ionq.forte"])
def test_circuits_keep_their_meaning(target: str) -> None:
    optimizer = IonQOptimizer(target)

    @settings(max_examples=50)
    @given(circuits(observed=True, max_qubits=4, max_ops=10))
    def check(func: Func) -> None:
        made = optimizer.optimize(func)
        assert_equivalent(func, made, "observed")

    check()


def test_circuits_come_back_as_circuits_with_their_parameters() -> None:
    optimized = IonQOptimizer("ionq.forte").optimize(circuit())
    assert isinstance(optimized, QuantumCircuit)
    assert optimized.parameters == ("theta",)
    assert set(optimized.count_ops()) <= {"gpi", "gpi2", "zz"}


def test_swaps_leave_no_swaps() -> None:
    swapping = QuantumCircuit(3).h(0).swap(0, 1).cx(1, 2).swap(0, 2).t(0)
    for measured in (swapping, swapping.copy().measure_all()):
        optimized = IonQOptimizer("ionq.aria").optimize(measured)
        assert set(optimized.count_ops()) <= {"gpi", "gpi2", "ms", "rz", "phase"}
        state = QuantumCircuit.from_ir(optimized.to_ir()).to_ir()
        assert_equivalent(observed(measured), observed(QuantumCircuit.from_ir(state)), "observed")


def observed(circuit: QuantumCircuit) -> Func:
    return circuit.to_ir() if circuit.observations else circuit.copy().state().to_ir()


def test_what_does_nothing_to_fresh_qubits_goes() -> None:
    fourier = QuantumCircuit(4)
    for i in range(4):
        fourier.h(i)
        for j in range(i + 1, 4):
            fourier.cp(j, i, pi / 2 ** (j - i))
    fourier.measure_all()
    optimizer = IonQOptimizer("ionq.forte")
    assert optimizer.estimate_cost(optimizer.optimize(fourier)).native_gate_count == 4
    plain = IonQOptimizer("ionq.forte", optimization_level=1)
    assert plain.estimate_cost(plain.optimize(fourier)).gates_2q == 6


def fourier_of_cx(n: int) -> QuantumCircuit:
    """A Fourier transform of |0> as compilers to U and CX write it."""
    made = QuantumCircuit(n)
    for high in reversed(range(n)):
        made.u(high, pi / 2, 0.0, pi)
        for low in reversed(range(high)):
            half = pi / 2 ** (high - low + 1)
            made.u(high, 0.0, 0.0, half).cx(high, low).u(low, 0.0, 0.0, -half)
            made.cx(high, low).u(low, 0.0, 0.0, half)
    return made.measure_all()


@pytest.mark.parametrize("level", [2, 3])
def test_prices_are_of_the_program_that_a_job_has(level: int) -> None:
    circuit = fourier_of_cx(4)
    optimizer = IonQOptimizer("ionq.forte", optimization_level=level)
    cost = optimizer.estimate_cost(circuit)
    assert (cost.gates_1q, cost.gates_2q) == (4, 0)
    assert cost == optimizer.estimate_cost(optimizer.optimize(circuit))
    job = to_ionq_json(circuit, target="ionq.forte", gateset="native", level=level)
    assert [gate["gate"] for gate in job["input"]["circuit"]] == ["gpi2"] * 4


def test_large_circuits_are_compiled_in_seconds() -> None:
    found = IonQOptimizer("ionq.forte", optimization_level=2).optimize(fourier_of_cx(20))
    assert found.count_ops() == {"gpi2": 20}


def test_native_circuits_are_optimized_as_others_are() -> None:
    native = QuantumCircuit(2).gpi2(0, 0.0).gpi2(0, 0.0).zz(0, 1, 0.3).zz(0, 1, 0.2).measure_all()
    assert IonQOptimizer("ionq.forte").optimize(native).count_ops() == {"gpi": 1}


def test_functions_are_traced() -> None:
    def model(w):
        return QuantumCircuit(2).ry(0, w[0]).cx(0, 1).ry(1, w[1])

    found = IonQOptimizer("ionq.aria").estimate_cost(model, shots=10)
    assert (found.gates_2q, found.shots) == (1, 10)
    w = vector("w", 2)
    built = QuantumCircuit(2).rzz(0, 1, w[0]).rx(0, w[1])
    assert IonQOptimizer("ionq.aria").estimate_cost(built).gates_2q == 1


def test_too_dear_is_a_warning_with_the_form_that_was_found() -> None:
    rng, dear = np.random.default_rng(2), QuantumCircuit(4)
    for _ in range(6):
        for q in range(4):
            dear.ry(q, float(rng.uniform(-pi, pi))).cx(q, (q + 1) % 4)
    dear.measure_all()
    optimizer = IonQOptimizer("ionq.aria", max_cost_per_shot=0.001)
    with pytest.warns(RuntimeWarning, match=r"QS422[\s\S]*entanglers and \d+ pulses"):
        made = optimizer.optimize(dear)
    assert optimizer.diagnostics[0].code == "QS422"
    assert set(made.count_ops()) <= {"gpi", "gpi2", "ms"}
    with pytest.raises(QStoreError, match=r"error\[QS422\]"):
        IonQOptimizer("ionq.aria", max_cost_per_shot=0.001, strict=True).optimize(dear)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cheap = IonQOptimizer("ionq.aria", max_cost_per_shot=100.0)
        cheap.optimize(dear)
    assert cheap.diagnostics == ()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"target_hardware": "ionq.fort"}, "QS420"),
        ({"optimization_level": 4}, "QS428"),
        ({"optimization_level": True}, "QS428"),
        ({"max_cost_per_shot": -1}, "QS428"),
        ({"max_cost_per_shot": float("nan")}, "QS428"),
        ({"max_cost_per_shot": "1"}, "QS428"),
        ({"rates": "/nowhere/rates.toml"}, "QS421"),
    ],
)
def test_wrong_options(options: dict, code: str) -> None:
    with pytest.raises(QStoreError, match=code):
        IonQOptimizer(**options)


def test_wrong_circuits() -> None:
    with pytest.raises(QStoreError, match="QS423"):
        IonQOptimizer("ionq.forte").optimize(QuantumCircuit(37))
    with pytest.raises(QStoreError, match="QS332"):
        IonQOptimizer("ionq.forte").optimize(3)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("target", ["ionq.aria", "ionq.forte", "ionq.tempo", "ionq.simulator"])
def test_levels_and_machines(level: int, target: str) -> None:
    optimizer = IonQOptimizer(target, optimization_level=level, minimize_cost=level % 2 == 0)
    made = optimizer.optimize(circuit())
    assert_equivalent(circuit().to_ir(), made.to_ir(), "observed")
    assert optimizer.estimate_cost(made, shots=100).gates_2q == 1
