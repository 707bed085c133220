"""Rows against PennyLane's operators, global phase included."""

import math
import warnings

import numpy as np
import pytest

from q_store.qir.gates import ROWS
from q_store.qir.registry import gate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pennylane as qml

SPELLED = [row for row in ROWS if "pennylane" in row.names]


def pennylane_operator(row, angles):
    known = {**vars(qml), "wires": list(range(row.wires))}
    return eval(row.names["pennylane"], known | dict(zip(row.angle_names, angles, strict=True)))


def random_angles(row, seed: int) -> list[float]:
    return [
        float(a)
        for a in np.random.default_rng(seed).uniform(-math.pi, math.pi, len(row.angle_names))
    ]


@pytest.mark.parametrize("row", SPELLED, ids=lambda row: row.mnemonic)
@pytest.mark.parametrize("seed", range(3))
def test_row_equals_its_pennylane_operator(row, seed):
    angles = random_angles(row, seed)
    operator = pennylane_operator(row, angles)
    expected = qml.matrix(operator, wire_order=range(row.wires))
    np.testing.assert_allclose(
        row.matrix(*angles), np.reshape(expected, (2**row.wires,) * 2), rtol=0, atol=1e-12
    )


OTHERS = {
    "continuous variables": (
        "Beamsplitter CatState CoherentState ControlledAddition ControlledPhase CrossKerr "
        "CubicPhase DisplacedSqueezedState Displacement FockState GaussianState Kerr "
        "NumberOperator QuadOperator QuadP QuadX QuadraticPhase Rotation SqueezedState Squeezing "
        "ThermalState TwoModeSqueezing"
    ),
    "three levels": "GellMann TAdd TClock THadamard TRX TRY TRZ TSWAP TShift TritFlip",
}


def test_every_qubit_gate_of_fixed_width_is_covered():
    covered = {type(pennylane_operator(row, random_angles(row, 0))) for row in SPELLED}
    covered.add(qml.U1)  # below, an alias of p
    gates = {
        name
        for name, kind in vars(qml).items()
        if isinstance(kind, type)
        and issubclass(kind, qml.operation.Operation)
        and not issubclass(kind, qml.operation.Channel)
        and isinstance(kind.num_wires, int)
        and kind not in covered
    }
    assert gates <= set(" ".join(OTHERS.values()).split())


@pytest.mark.parametrize(
    "operator", [qml.PauliX, qml.Hadamard, qml.PhaseShift, qml.CNOT, qml.Toffoli, qml.IsingXX]
)
def test_pennylane_class_names_are_aliases(operator):
    assert gate(operator.__name__) in SPELLED


def test_u1_is_an_alias_of_p():
    np.testing.assert_allclose(gate("U1").matrix(0.3), qml.matrix(qml.U1(0.3, 0)), atol=1e-12)
