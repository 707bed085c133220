"""Random circuits of PennyLane's templates on 1 to 8 wires: in, out, values and gradients."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store import QuantumCircuit, from_pennylane, to_pennylane
from q_store.qir.observables import PauliSum
from tests.frontends.sdk_oracles import assert_same, our_gradient, our_unitary

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pennylane as qml
    from pennylane import numpy as pnp

Shape = tuple[int, ...]
Layer = tuple[Callable[[Any, list[int]], object], Callable[[int], Shape], int]
"""Puts a template down, the shape of its parameters for a number of wires, fewest wires."""

TWO_DESIGN = np.linspace(-1, 1, 8)
LAYERS: dict[str, Layer] = {
    "AngleEmbedding": (lambda w, q: qml.AngleEmbedding(w, q, rotation="Y"), lambda n: (n,), 1),
    "IQPEmbedding": (lambda w, q: qml.IQPEmbedding(w, q), lambda n: (n,), 1),
    "BasicEntanglerLayers": (
        lambda w, q: qml.BasicEntanglerLayers(w, q, rotation=qml.RY),
        lambda n: (2, n),
        1,
    ),
    "StronglyEntanglingLayers": (
        lambda w, q: qml.StronglyEntanglingLayers(w, q),
        lambda n: (1, n, 3),
        1,
    ),
    "SimplifiedTwoDesign": (
        lambda w, q: qml.SimplifiedTwoDesign(TWO_DESIGN[: len(q)], w, q),
        lambda n: (1, n - 1, 2),
        2,
    ),
    "RandomLayers": (lambda w, q: qml.RandomLayers(w, q, seed=5), lambda n: (1, 2 * n), 2),
    "QAOAEmbedding": (
        lambda w, q: qml.QAOAEmbedding(TWO_DESIGN[: len(q)], w, q),
        lambda n: (1, 2 * n),
        3,
    ),
    "ParticleConservingU2": (
        lambda w, q: qml.ParticleConservingU2(w, q, init_state=np.arange(len(q)) % 2),
        lambda n: (1, 2 * n - 1),
        2,
    ),
    "adjoint": (
        lambda w, q: qml.adjoint(qml.StronglyEntanglingLayers)(w, q),
        lambda n: (1, n, 3),
        1,
    ),
    "ctrl": (
        lambda w, q: qml.ctrl(qml.BasicEntanglerLayers, q[0], control_values=[0])(w, q[1:]),
        lambda n: (1, n - 1),
        2,
    ),
    "QFT": (lambda w, q: qml.QFT(q), lambda n: (0,), 1),
    "Permute": (lambda w, q: qml.Permute(q[::-1], q), lambda n: (0,), 2),
}


@st.composite
def programs(draw: st.DrawFn) -> tuple[int, Callable[..., None], list[Shape], int]:
    """A number of wires, a quantum function of arrays `w0`, `w1`, …, their shapes, a seed."""
    width = draw(st.integers(1, 8))
    fitting = [name for name, (_, _, least) in LAYERS.items() if least <= width]
    chosen = draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=3))
    seed = draw(st.integers(0, 10_000))
    wires = [int(q) for q in np.random.default_rng(seed).permutation(width)]
    shapes = [LAYERS[name][1](width) for name in chosen]

    def circuit(*arrays: Any) -> None:
        qml.Barrier(wires=range(width))
        for name, array in zip(chosen, arrays, strict=True):
            LAYERS[name][0](array, wires)

    return width, circuit, shapes, seed


def read(width: int, circuit: Callable[..., None], shapes: list[Shape]) -> QuantumCircuit:
    """The function with named arguments, read with symbols for them."""
    used = {f"w{k}": shape for k, shape in enumerate(shapes) if np.prod(shape)}

    def named(**arrays: Any) -> None:
        circuit(*[arrays.get(f"w{k}", np.zeros(shape)) for k, shape in enumerate(shapes)])

    names = ", ".join(used)
    scope: dict[str, Any] = {"named": named}
    exec(f"def function({names}): named({', '.join(f'{n}={n}' for n in used)})", scope)
    return from_pennylane(scope["function"], shapes=used, wires=range(width))


def numbers(shapes: list[Shape], seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.uniform(-2, 2, shape) for shape in shapes]


@settings(max_examples=8)
@given(programs())
def test_random_templates_in_and_out(program: Any) -> None:
    width, circuit, shapes, seed = program
    arrays = numbers(shapes, seed)
    ours = read(width, circuit, shapes)
    bound = ours.bind({f"w{k}": a.tolist() for k, a in enumerate(arrays) if a.size})
    tape = qml.tape.make_qscript(circuit)(*arrays)
    gates = qml.tape.QuantumScript([op for op in tape.operations if op.name != "Barrier"])
    expected = np.asarray(qml.matrix(gates, wire_order=range(width)))
    assert_same(our_unitary(bound), expected)
    back = to_pennylane(ours)
    assert back.parameter_shapes == ours.parameter_shapes
    again = qml.tape.make_qscript(back)(*[a for a in arrays if a.size])
    again = qml.tape.QuantumScript([op for op in again.operations if op.name != "Barrier"])
    assert_same(np.asarray(qml.matrix(again, wire_order=range(width))), expected)


@settings(max_examples=12)
@given(programs())
def test_gradients_of_random_templates(program: Any) -> None:
    width, circuit, shapes, seed = program
    arrays = numbers(shapes, seed)
    if not any(array.size for array in arrays):
        return
    ours = read(width, circuit, shapes)
    paulis = PauliSum.parse("X0 + 0.5*Z0")

    @qml.qnode(qml.device("default.qubit", wires=width), diff_method="backprop")
    def node(*values: Any) -> Any:
        circuit(*values)
        return qml.expval(qml.X(0) + 0.5 * qml.Z(0))

    given_arrays = [pnp.array(a, requires_grad=bool(a.size)) for a in arrays]
    theirs = qml.grad(node)(*given_arrays)
    theirs = theirs if isinstance(theirs, tuple) else (theirs,)
    flat = np.concatenate([a.reshape(-1) for a in arrays])
    value, gradient = our_gradient(ours, paulis, flat)
    np.testing.assert_allclose(value, float(node(*given_arrays)), atol=1e-9)
    expected = np.concatenate([np.reshape(g, -1) for g in theirs])
    np.testing.assert_allclose(gradient, expected, atol=1e-9)
