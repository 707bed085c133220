"""One call for several gates, beside the calls one by one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store import QStoreError, QuantumCircuit, scalar, vector
from q_store.qir.registry import built_in_gates


def one_by_one(name: str, calls: list[tuple[Any, ...]]) -> QuantumCircuit:
    circuit = QuantumCircuit(6)
    for call in calls:
        getattr(circuit, name)(*call)
    return circuit


@pytest.mark.parametrize(
    ("name", "call", "calls"),
    [
        ("h", (range(4),), [(0,), (1,), (2,), (3,)]),
        ("h", (np.array([3, 1]),), [(3,), (1,)]),
        ("cx", (0, [1, 2, 3]), [(0, 1), (0, 2), (0, 3)]),
        ("cx", ([1, 2], 0), [(1, 0), (2, 0)]),
        ("cx", ((0, 1), (1, 2)), [(0, 1), (1, 2)]),
        ("rx", ([0, 2], 0.5), [(0, 0.5), (2, 0.5)]),
        ("rx", ([0, 2], [0.5, 0.25]), [(0, 0.5), (2, 0.25)]),
        ("rx", ([0, 2], np.array([0.5, 0.25])), [(0, 0.5), (2, 0.25)]),
        ("rx", ([0, 2], ["a", scalar("b") * 2]), [(0, "a"), (2, scalar("b") * 2)]),
        ("rx", ([0, 2], "t"), [(0, "t"), (2, "t")]),
        ("rx", (range(2), vector("w", 2)), [(0, "w[0]"), (1, "w[1]")]),
        ("u", ([0, 1], 0.1, [0.2, 0.3], "c"), [(0, 0.1, 0.2, "c"), (1, 0.1, 0.3, "c")]),
        ("ccx", (0, [1, 2], [2, 3]), [(0, 1, 2), (0, 2, 3)]),
        ("depolarizing", (range(2), [0.1, 0.2]), [(0, 0.1), (1, 0.2)]),
    ],
)
def test_sequences_are_calls_one_by_one(name: str, call: Any, calls: Any) -> None:
    assert getattr(QuantumCircuit(6), name)(*call) == one_by_one(name, calls)


def test_names_of_parameters_are_shared() -> None:
    circuit = QuantumCircuit(2).rx([0, 1], param="t").u([1, 0], params=["a", "b", "c"])
    assert circuit == QuantumCircuit(2).rx(0, "t").rx(1, "t").u(1, "a", "b", "c").u(
        0, "a", "b", "c"
    )


@given(st.data())
def test_every_gate_of_the_table(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from([g for g in built_in_gates().values() if g.wires]))
    count = data.draw(st.integers(1, 4))
    several = data.draw(st.permutations([True] + [False] * ((row.wires or 0) - 1)))
    several += [data.draw(st.booleans()) for _ in row.angle_names]
    orders = [data.draw(st.permutations(range(6))) for _ in range(count)]
    call: list[Any] = []
    for place, many in enumerate(several):
        if place < (row.wires or 0):
            # Wires that stay are the last ones, so that they are none of the others.
            call.append(
                [order[0] % 2 for order in orders]
                if many
                else place + 2 - (place > several.index(True))
            )
        else:
            call.append([0.1 * k for k in range(count)] if many else 0.5)
    calls = [
        tuple(item[k] if isinstance(item, list) else item for item in call) for k in range(count)
    ]
    assert getattr(QuantumCircuit(6), row.mnemonic)(*call) == one_by_one(row.mnemonic, calls)


def test_all_of_the_gates_or_none() -> None:
    circuit = QuantumCircuit(3).h(0)
    with pytest.raises(QStoreError, match="`rx` on wire 3") as caught:
        circuit.rx([1, 2, 3], ["a", "b", "c"])
    assert "test_broadcasting" in str(caught.value.diagnostics[0].span.file)
    assert (len(circuit), circuit.parameters) == (1, ())
    circuit.measure(2)
    with pytest.raises(QStoreError, match="has been measured"):
        circuit.h(range(3))
    assert len(circuit) == 1


def test_a_sequence_of_angles_alone_is_a_mistake() -> None:
    with pytest.raises(QStoreError) as caught:
        QuantumCircuit(2).rx(0, [0.1, 0.2])
    assert caught.value.code == "QS306"
