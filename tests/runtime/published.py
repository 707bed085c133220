"""Published values of quantum layers and gradients, from the tests and manuals of other packages.

Each circuit and number was derived again with a state vector before it was written here. `X**a` of
those packages is a rotation by pi*a up to phase. Tests of every framework run this table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pennylane as qml
import pytest

from q_store import GradientConfig

PI = math.pi


@dataclass(frozen=True)
class Case:
    """A circuit at a point, what it yields there, and the gradient for the inputs."""

    name: str
    source: str
    circuit_fn: Callable[..., Any]
    n_qubits: int
    point: Sequence[float]
    observables: Sequence[str] | None = None
    values: Sequence[float] | None = None
    gradient: Sequence[float] | None = None
    """Of sum(cotangent * outputs), or of sum(exp(outputs)), for the inputs."""
    weights: Sequence[float] = ()
    weight_gradient: Sequence[float] | None = None
    cotangent: Sequence[float] | None = None
    """Ones by default."""
    through_exp: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 2e-5


def _x_power(circuit: Any, x: Any) -> None:
    circuit.rx(0, PI * x[0])


def _y_power(circuit: Any, x: Any) -> None:
    circuit.ry(0, PI * x[0])


def _x_twice(circuit: Any, x: Any) -> None:
    circuit.rx(0, 2 * PI * x[0])


def _two_powers(circuit: Any, x: Any) -> None:
    circuit.rx(0, PI * x[0]).ry(1, PI * x[1]).cx(0, 1)


def _six_rotations(circuit: Any, x: Any) -> None:
    circuit.rx(0, 0.123).ry(0, 0.456).rz(0, 0.789)
    circuit.rz(0, x[0]).ry(0, x[1]).rx(0, x[2])


def _after(flip: bool) -> Callable[..., Any]:
    def circuit_fn(circuit: Any, x: Any) -> None:
        if flip:
            circuit.x(0)
        circuit.rx(0, PI * x[0]).rz(0, PI * x[1])

    return circuit_fn


def _phase(circuit: Any, x: Any) -> None:
    circuit.h(0).p(0, x[0]).h(0)


def _u(circuit: Any, x: Any) -> None:
    circuit.h(0).u(0, x[0], x[1], x[2]).h(0)


def _ordered(order: Sequence[int]) -> Callable[..., Any]:
    def circuit_fn(circuit: Any, x: Any) -> None:
        place = [order.index(i) for i in range(3)]
        circuit.rx(0, x[place[0]]).rz(0, x[place[1]]).rx(0, x[place[2]])

    return circuit_fn


def _encoder(circuit: Any, inputs: Any, weights: Any) -> None:
    circuit.rx(0, inputs[0]).ry(1, inputs[1]).cx(0, 1).ry(0, weights[0])


def _two_rotations(circuit: Any, x: Any) -> None:
    circuit.rx(1, x[0]).rx(0, x[1])


_TFQ, _QML = "TensorFlow Quantum", "Qiskit Machine Learning"
_ZXY = ("Z0", "X0", "Y0")


def _powers() -> Iterator[Case]:
    source = f"{_TFQ}, adjoint gradient op and differentiator tests"
    yield Case("x power", source, _x_power, 1, [0.123], ["Z0"], gradient=[-1.18398])
    yield Case("y power", source, _y_power, 1, [0.3], ["X0"], [0.809017], [1.84658])
    for point, slope in ((0.25, -6.28319), (0.125, -9.01068)):
        yield Case(
            f"chain rule at {point}",
            source,
            _x_twice,
            1,
            [point],
            ["Z0"],
            gradient=[slope],
            through_exp=True,
        )
    yield Case(
        "two powers and a sum",
        source,
        _two_powers,
        2,
        [0.123, 0.456],
        ["Z0 + X1"],
        gradient=[-1.18398, 0.43288],
    )


def _docstrings() -> Iterator[Case]:
    source = f"{_TFQ}, docstrings of Expectation and ControlledPQC"
    table = {1.0: (0.630052, 0.763384), 2.0: (0.257072, 0.963269), 3.0: (0.790867, 0.544111)}
    for angle, values in table.items():
        name = f"six rotations at {angle}"
        yield Case(name, source, _six_rotations, 1, [angle] * 3, ["Z0", "X0"], values)
    half, quarters = [0.5, 0.5], [0.25, 0.75]
    yield Case("after identity", source, _after(False), 1, half, _ZXY, [0, 1, 0], [-PI, PI])
    yield Case("after flip", source, _after(True), 1, quarters, ["Z0"], [-0.707107])
    for name, flip, point, gradient in (
        ("identity", False, half, [-PI, PI]),
        ("flip", True, quarters, [-0.92, 0.03]),
    ):
        # Exact shift rules of the mean of 5000 shots: a standard deviation of at most
        # pi/2 * sqrt(6/5000) = 0.054, in the published digits as well.
        for shots, tolerance in ((None, 0.12), (5000, 0.25)):
            yield Case(
                f"gradient after {name}, {shots or 'no'} shots",
                source,
                _after(flip),
                1,
                point,
                _ZXY,
                gradient=gradient,
                options={"shots": shots, "seed": 4},
                tolerance=tolerance,
            )


def _qiskit() -> Iterator[Case]:
    source = f"{_QML}, estimator and sampler gradient tests"
    for point, slope in ((PI / 4, -0.707107), (0.0, 0.0), (PI / 2, -1.0)):
        yield Case(f"phase at {point:.2f}", source, _phase, 1, [point], ["Z0"], gradient=[slope])
    for point, slopes in (
        ((PI / 4, 0.0, 0.0), (-0.70711, 0.0, 0.0)),
        ((PI / 4, PI / 4, PI / 4), (-0.35355, -0.85355, -0.85355)),
    ):
        yield Case(f"u at {point[1]:.2f}", source, _u, 1, point, ["Z0"], gradient=slopes)
    values, gradient = (PI / 4, PI / 2, PI / 3), (-0.35355, 0.61237, -0.61237)
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        yield Case(
            f"parameter order {order}",
            source,
            _ordered(order),
            1,
            [values[i] for i in order],
            ["Z0"],
            gradient=[gradient[i] for i in order],
        )
    for cotangent, sign in (((1, 0), -1), ((0, 1), 1)):
        yield Case(
            f"probability {cotangent}",
            source,
            _phase,
            1,
            [PI / 4],
            gradient=[sign * 0.5 / math.sqrt(2)],
            cotangent=cotangent,
            options={"output": "probs"},
        )


_MINDQUANTUM = "MindQuantum, layer test"


def _encoders() -> Iterator[Case]:
    """The weight is drawn near 0 there; 0.0092 is the draw that gives the published digits."""
    for weight, value, tolerance in ((0.0, 0.995, 1e-4), (0.0092, 0.994962, 1e-6)):
        yield Case(
            f"encoder then ansatz at {weight}",
            _MINDQUANTUM,
            _encoder,
            2,
            [0.1, 0.2],
            ["Z0"],
            [value],
            weights=[weight],
            tolerance=tolerance,
        )


def _entangling_layers() -> Case:
    """The circuit is PennyLane's template; its initializer of then drew from this generator."""

    def circuit(weights: Any) -> Any:
        qml.StronglyEntanglingLayers(weights, wires=range(3))
        return qml.expval(qml.PauliZ(0))

    weights = np.random.RandomState(1967).normal(0.0, 0.1, (2, 3, 3))
    gradient = [
        [
            [0.0, -1.63051504e-01, -4.14810501e-04],
            [0.0, -1.50136528e-04, -1.77922957e-04],
            [0.0, -3.92874550e-02, 8.14523075e-05],
        ],
        [
            [-1.14472273e-04, 3.85963953e-02, 0.0],
            [-5.76791765e-05, -9.78478343e-02, 0.0],
            [0.0, 0.0, 0.0],
        ],
    ]
    return Case(
        "strongly entangling layers",
        "PennyLane Lightning, release notes of 0.18",
        qml.QNode(circuit, qml.device("default.qubit", 3)),
        3,
        [],
        values=[0.9801286266677633],
        weights=weights.ravel().tolist(),
        weight_gradient=np.ravel(gradient).tolist(),
        options={"weight_shapes": {"weights": (2, 3, 3)}, "input_encoding": None},
        tolerance=1e-9,
    )


CASES = (*_powers(), *_docstrings(), *_qiskit(), *_encoders(), _entangling_layers())

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def check(
    case: Case, values: Sequence[float], gradient: Sequence[float], by_weights: Sequence[float]
) -> None:
    """Compare what a framework found with what was published."""
    for found, wanted in (
        (values, case.values),
        (gradient, case.gradient),
        (by_weights, case.weight_gradient),
    ):
        if wanted is not None:
            assert list(found) == pytest.approx(list(wanted), abs=case.tolerance)


@dataclass(frozen=True)
class Perturbed:
    """Qiskit Machine Learning, test_spsa_gradient: <Z> of one of two rotations, which moves with
    the direction of both.

    Published from a generator of their own: (-0.841471, 0.841471) at 1, (-0.14112, 0.14112) at 3,
    and (-0.841471, 0.168294) from five directions. With signs (d, e) an estimate is
    -sin(x) * (1, d e), whatever the generator.
    """

    angle: float
    size: float
    directions: int

    circuit_fn = staticmethod(_two_rotations)
    observables = ("Z1",)

    @property
    def point(self) -> np.ndarray:
        """A batch of equal samples, each of which draws directions of its own."""
        return np.full((64, 2), self.angle)

    @property
    def gradient(self) -> GradientConfig:
        return GradientConfig("spsa", epsilon=1e-6, samples=self.directions)

    def check(self, found: Any) -> None:
        """Gradients (64, 2): what moves the value is exact, what does not is the mean of signs."""
        own, other = np.asarray(found).T
        assert np.allclose(own, -self.size, atol=1e-3)
        signs = other / self.size * self.directions
        possible = range(-self.directions, self.directions + 1, 2)
        assert np.allclose(signs, np.round(signs), atol=1e-3)
        assert set(np.round(signs).astype(int).tolist()) == set(possible)


PERTURBED = (Perturbed(1.0, 0.841471, 1), Perturbed(3.0, 0.14112, 1), Perturbed(1.0, 0.841471, 5))

each_perturbed = pytest.mark.parametrize("case", PERTURBED, ids=str)


def ising(n: int, layers: int) -> tuple[Callable[..., Any], str]:
    """TensorCircuit, test_vqe_layer: a circuit and the energy of n open sites.

    The ground energy of six sites is -7.296230.
    """

    def circuit_fn(circuit: Any, weights: Any) -> None:
        for q in range(n):
            circuit.h(q)
        at = 0
        for _ in range(layers):
            for q in range(n - 1):
                circuit.rzz(q, q + 1, weights[at + q])
            for q in range(n):
                circuit.rx(q, weights[at + n - 1 + q])
            at += 2 * n - 1

    zz = [f"Z{q} Z{q + 1}" for q in range(n - 1)]
    return circuit_fn, " + ".join(zz) + "".join(f" - X{q}" for q in range(n))
