"""What the test suites of other packages expect of a layer, rewritten for Keras; run on every Keras
and backend by `test_generations.py`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from q_store.keras import QuantumLayer
from q_store.qir.diagnostics import QStoreError
from q_store.qir.observables import Expval, PauliSum, Probs
from q_store.runtime import reference
from tests.keras.frameworks import array, features, gradients, keras, make, total
from tests.runtime.foreign_observables import TEXT, each_foreign

WEIGHTS = np.linspace(0.3, 2.1, 6)


def fitted(model: Any, x: np.ndarray, y: np.ndarray, rate: float, epochs: int) -> list[float]:
    model.compile(keras.optimizers.Adam(rate), "mse")
    losses: list[float] = model.fit(x, y, epochs=epochs, verbose=0).history["loss"]
    return losses


class TestLearning:
    @pytest.mark.parametrize("options", [{}, {"shots": 1000, "seed": 3}], ids=["exact", "shots"])
    def test_a_power_of_x_learns_to_flip(self, options: dict[str, Any]) -> None:
        """The weight of X**a goes from 0.5 to 1, where <Z> is -1."""
        layer = QuantumLayer(
            lambda circuit, x, w: circuit.rz(0, x[0]).rx(0, math.pi * w[0]),
            1,
            initializer=keras.initializers.Constant(0.5),
            **options,
        )
        model = keras.Sequential([keras.Input((1,)), layer])
        losses = fitted(model, np.zeros((1, 1), "float32"), -np.ones((1, 1), "float32"), 0.03, 40)
        assert array(layer.quantum_weights["weights"])[0] == pytest.approx(1.0, abs=0.1)
        assert losses[-1] == pytest.approx(0.0, abs=0.1)

    def test_a_network_that_gives_the_weights_learns(self) -> None:
        """A classical net controls the circuit; its output is the weights of each sample."""
        keras.utils.set_random_seed(1)
        layer = QuantumLayer(
            lambda circuit, x, w: circuit.rz(0, x[0]).rx(0, w[0]).ry(0, w[1]), 1, trainable=False
        )
        commands = keras.Input((2,))
        hidden = keras.layers.Dense(8, activation="tanh")(commands)
        angles = keras.layers.Dense(2)(hidden)
        model = keras.Model(commands, layer(commands[:, :1], weights=angles))
        x = np.eye(2, dtype="float32")
        before = [weight.copy() for weight in model.layers[1].get_weights()]
        losses = fitted(model, x, np.array([[1.0], [-1.0]], "float32"), 0.1, 30)
        assert losses[-1] < 0.1
        assert not np.allclose(before[0], model.layers[1].get_weights()[0])


class TestObservables:
    @each_foreign
    def test_those_of_other_libraries(self, make_observable: Callable[[], Any]) -> None:
        ours, theirs = make(observables=[TEXT]), make(observables=[make_observable()])
        x = features(3, 3)
        assert np.array_equal(array(theirs(x)), array(ours(x)))
        both = [
            gradients(lambda x, w, use=use: total(use(x, weights=w)), x, WEIGHTS)
            for use in (ours, theirs)
        ]
        for found, wanted in zip(*both, strict=True):
            assert np.array_equal(found, wanted)
        again = QuantumLayer.from_config(theirs.get_config())
        assert np.array_equal(array(again(x, weights=WEIGHTS)), array(ours(x, weights=WEIGHTS)))

    def test_several_measurements_stand_side_by_side(self) -> None:
        layer = make(observables=[Expval(PauliSum.parse("Z0")), Probs((1, 2))])
        x = features(10, 3)
        found = array(layer(x, weights=WEIGHTS))
        assert found.shape == (10, 5)
        z, probs = make(observables=["Z0"]), make(observables=None, output="probs")
        assert np.allclose(found[:, :1], array(z(x, weights=WEIGHTS)))
        joint = array(probs(x, weights=WEIGHTS)).reshape(10, 2, 4).sum(1)
        assert np.allclose(found[:, 1:], joint)


class TestGradients:
    def test_gradients_reach_bits(self) -> None:
        layer = QuantumLayer(n_qubits=2, input_encoding="basis", dtype="float64", seed=1)
        x = np.array([[0.0, 1.0], [1.0, 1.0]])
        (found,) = gradients(lambda x: total(layer(x)), x)
        value = lambda x: np.atleast_1d(array(layer(x.reshape(2, 2))).sum())  # noqa: E731
        wanted = reference.finite_difference(value, x.ravel()).reshape(2, 2)
        assert np.allclose(found, wanted, atol=1e-6)
        assert found.any()

    def test_weights_of_each_sample(self) -> None:
        layer, x = make(), features(4, 3)
        w = np.random.default_rng(2).random((4, 6))
        found = gradients(lambda x, w: total(layer(x, weights=w)), x, w)
        assert [grad.shape for grad in found] == [(4, 3), (4, 6)]
        for i in range(4):
            alone = gradients(lambda x, w: total(layer(x, weights=w)), x[i], w[i])
            assert np.allclose(found[0][i], alone[0], atol=1e-12)
            assert np.allclose(found[1][i], alone[1], atol=1e-12)

    def test_a_batch_is_the_sum_of_its_samples(self) -> None:
        layer, x = make(), features(5, 3)
        of = lambda x: gradients(lambda w: total(layer(x, weights=w)), WEIGHTS)[0]  # noqa: E731
        assert np.allclose(of(x), sum(of(row) for row in x), atol=1e-12)

    def test_an_empty_batch(self) -> None:
        layer, x = make(), features(0, 3)
        by_x, by_w = gradients(lambda x, w: total(layer(x, weights=w)), x, WEIGHTS)
        assert by_x.shape == (0, 3)
        assert by_w.shape == (6,)
        assert not by_w.any()

    def test_infinities_stay_in_their_sample(self) -> None:
        layer, x = make(), features(3, 3)
        x[2, 1] = np.inf
        finite = np.isfinite(array(layer(x))).all(1)
        assert finite.tolist() == [True, True, False]


class TestModels:
    def test_inputs_by_name(self) -> None:
        """Two named inputs of a model, joined before the circuit."""
        parts = {name: keras.Input((width,), name=name) for name, width in (("a", 2), ("b", 1))}
        joined = keras.layers.Concatenate()([parts["a"], parts["b"]])
        layer = make(dtype="float32")
        model = keras.Model(parts, layer(joined))
        x = features(4, 3, dtype="float32")
        found = model.predict({"a": x[:, :2], "b": x[:, 2:]}, verbose=0)
        assert np.allclose(found, array(layer(x)), atol=1e-6)

    def test_gradients_of_named_inputs_are_those_of_their_samples(self) -> None:
        layer, x = make(), features(4, 3)
        join = keras.layers.Concatenate(dtype="float64")
        parts = (x[:, :2], x[:, 2:])
        both = gradients(lambda a, b: total(layer(join([a, b]), weights=WEIGHTS)), *parts)
        for i in range(4):
            (alone,) = gradients(lambda x: total(layer(x, weights=WEIGHTS)), x[i])
            assert np.allclose(np.concatenate([grad[i] for grad in both]), alone, atol=1e-12)

    def test_masks_pass_through(self) -> None:
        """The mean over steps leaves out those that are masked, and counts no others."""
        layer = make(dtype="float32")
        inputs = keras.Input((4, 3))
        hidden = layer(keras.layers.Masking()(inputs))
        model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(hidden))
        x = features(2, 4, 3, dtype="float32")
        x[0, 1:] = 0
        found = model.predict(x, verbose=0)
        values = array(layer(x))
        assert np.allclose(found, [values[0, 0], values[1].mean(0)], atol=1e-5)
        assert not make(output="samples", shots=2, observables=None).supports_masking

    def test_the_summary_knows_shapes_and_weights(self, capsys: pytest.CaptureFixture[str]) -> None:
        model = keras.Sequential([keras.Input((3,)), make(name="quantum", dtype="float32")])
        model.summary()
        text = capsys.readouterr().out
        assert "(None, 2)" in text
        assert model.count_params() == 6


class TestErrors:
    @pytest.mark.parametrize(
        ("action", "code", "words"),
        [
            (lambda: make()(features(4, 2)), "QS601", "reads 3 features, inputs have 2"),
            (lambda: make(in_features=2), "QS601", "in_features=2"),
            (
                lambda: make()([keras.Input((3,)), keras.Input((3,))]),
                "QS602",
                "inputs must be one tensor, got shapes",
            ),
            (lambda: make()({"a": keras.Input((3,))}), "QS602", "inputs must be one tensor"),
            (lambda: make().build(None), "QS602", "inputs must be one tensor, got shapes None"),
            (lambda: make()(features(4, 3) + 0j), "QS602", "real numbers, got complex128"),
            (lambda: make(observables=["Q0"]), "QS107", "Q0"),
            (lambda: make(observables=["Z7"]), "QS301", "qubit 7"),
            (lambda: make(observables=[3.5]), "QS107", "3.5"),
            (lambda: make(observables=[]), "QS335", r"got \[\]"),
            (lambda: make(shots="many"), "QS602", "shots must be a positive integer.*'many'"),
            (lambda: make(backend="qsmi"), "QS603", "qsim"),
            (lambda: make()(features(2, 3), weights=np.zeros(5)), "QS602", r"got \(5,\)"),
        ],
    )
    def test_names_what_was_expected_and_what_came(
        self, action: Callable[[], object], code: str, words: str
    ) -> None:
        with pytest.raises(QStoreError, match=words) as caught:
            action()
        assert caught.value.code == code
