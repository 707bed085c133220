"""Numbers for the parameters of circuits as IonQ's JSON: one set, or many rows."""

from typing import Any

import numpy as np
import pytest

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.symbols import scalar
from q_store.qir.diagnostics import QStoreError
from q_store.targets.ionq.json.circuits import ionq_circuits


def layered() -> QuantumCircuit:
    circuit = QuantumCircuit(2).ry(0, param="x[0]").rxx(0, 1, param="w[0]").rx(1, param="w[1]")
    return circuit.rxx(0, 1, param="w[0]").measure_all()


def test_rows_of_values_have_names_as_well() -> None:
    rows = np.random.default_rng(6).uniform(-3, 3, (4, 3))
    func = layered().to_ir()
    names = [arg.name for arg in func.args]
    columns = {"x": rows[:, :1], "w": rows[:, 1:]}
    order = [i for name in names for i in ({"x": [0], "w": [1, 2]}[name])]
    wanted = [one.gates for one in ionq_circuits(func, values=rows[:, order])]
    for values in (
        columns,
        {"x": rows[:, 0], "w[0]": rows[:, 1], "w[1]": list(rows[:, 2])},
        [{"x": x, "w": w} for x, *w in rows.tolist()],
    ):
        assert [one.gates for one in ionq_circuits(func, values=values)] == wanted


def test_a_value_beside_rows_of_others_is_the_same_in_all() -> None:
    func = QuantumCircuit(1).rx(0, param="a").ry(0, param="b").measure_all().to_ir()
    made = ionq_circuits(func, values={"a": np.array([0.1, 0.2, 0.3]), "b": 0.5})
    turns = [[gate["rotation"] for gate in one.gates] for one in made]
    assert turns == [[0.1, 0.5], [0.2, 0.5], [0.3, 0.5]]


def test_values_by_name_reach_classical_functions() -> None:
    circuit = QuantumCircuit(1).rx(0, np.sin(scalar("a")) * 2.0)
    (made,) = ionq_circuits(circuit.to_ir(), values={"a": 0.5})
    assert made.gates[0]["rotation"] == pytest.approx(2 * np.sin(0.5))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, r"no value for `x\[0\]`, `w\[0\]`, `w\[1\]`"),
        ({"w": [1, 2]}, r"no value for `x\[0\]`"),
        ({"x": [1], "w": [1, 2, 3]}, r"`w` takes 2 values, or rows of them, got 3"),
        ({"x": [1], "w": [1, 2], "v": 0}, r"no parameter `v`"),
        ({"x": "a", "w": [1, 2]}, r"the value of `x` is no number"),
        ([[1.0, 2.0]], r"one column for each of the 3 elements"),
        ([[1.0, 2.0, np.inf]], r"an angle is not finite"),
        ("abc", r"a mapping by name, or rows of numbers"),
        ({"x": [1], "w": 1}, r"`w` takes 2 values, or rows of them, got 1"),
        ({"x": [1], "w": np.zeros((4, 3))}, r"`w` takes 2 values, or rows of them, got shape"),
        ({"x": [], "w": [1, 2]}, r"`x` takes 1 value, or rows of them, got 0"),
        ({"x": np.zeros(3), "w": np.zeros((4, 2))}, r"`x` has 3 rows of values, `w` 4"),
        ([{"x": [1], "w": [1, 2]}, {"x": [1]}], r"no value for `w\[0\]`"),
    ],
)
def test_values_that_do_not_fit(values: Any, message: str) -> None:
    with pytest.raises(QStoreError, match=message) as caught:
        ionq_circuits(layered().to_ir(), values=values)
    assert caught.value.code == "QS730"
