"""`QuantumLayer`: a circuit as a Keras layer, for Keras 3 on any backend and for tf_keras."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from q_store.frontends.parameters import InputParams
from q_store.qir.diagnostics import QStoreError, error
from q_store.runtime import keras_generation as generation
from q_store.runtime.backend import BackendLike
from q_store.runtime.gradient_config import GradientLike
from q_store.runtime.keras_metrics import UsageMetric
from q_store.runtime.keras_workers import prepare_fit
from q_store.runtime.layer_core import INITIALIZERS, LayerCore, Noise
from q_store.runtime.slots import AnyFunction

_keras = generation.keras_module()
_Layer: Any = _keras.layers.Layer
_LEGACY: Final = generation.is_legacy()
_BACKEND: Final = generation.backend()
_ARRAYS: Final = generation.arrays()
_CIRCUITS: Final = generation.circuits()
_CONFIG_FORMAT: Final = 1
"""Grows when older versions could not understand a new configuration."""

_register: Any = getattr(_keras, "saving", _keras.utils).register_keras_serializable

_TOLD: Final = "_keras_call_info_injected"
"""Keras rewrites the message of an exception from `call` unless it finds this name on it, and
cannot rebuild an exception that holds diagnostics."""
setattr(QStoreError, _TOLD, True)


def _of_core(name: str, doc: str) -> Any:
    return property(lambda layer: getattr(layer.core, name), doc=doc)


@_register(package="q_store")
class QuantumLayer(_Layer):
    """A parametrised circuit from features to expectation values, probabilities, samples or states.

    `circuit_fn` is traced once, at construction; `q_store.torch.QuantumLayer` says how, and
    explains the arguments that are the same here. Inputs of shape (..., features) give outputs of
    shape (..., width); a rank-1 input is one sample. Gradients flow to inputs and weights, any
    number of times. The simulation runs in float64 under the policy `float64` and in float32
    otherwise; the output has the compute dtype of the policy.

    The configuration holds the circuit as IR text, so a saved model loads in a process that has
    never seen `circuit_fn`. Exported models (SavedModel) hold it as plain TensorFlow operations.

    Args:
        circuit_fn: Function, circuit, IR text or `None`.
        n_qubits: Number of qubits; may be left out when `circuit_fn` is a finished circuit.
        backend: `auto`, the name of a backend, or a `SimulatorConfig`; what is missing falls back
            to `batched` with a warning (`strict=True` raises). Default: that of `configure`.
        observables, output, shots, gradient, weight_shapes, input_params, input_encoding,
            in_features, seed, depth, entanglement, strict: As in torch.
        initializer: `uniform` over [0, 2*pi), `normal`, `small`, `zeros`, `ones`, or anything
            Keras takes as an initializer.
        regularizer, constraint: Of the weights, anything Keras takes.
        metrics: Report circuit time, circuits per second, gradient variance, cost and backend in
            the logs of training.
        **kwargs: `name`, `dtype` and `trainable` of every Keras layer.
        noise: A published model such as `aria-1`, or a `NoiseModel`: channels after every gate of
            the circuit as written, encoding included, and errors of reading; see docs/noise.md.

    Raises:
        QStoreError: `QS601` wrong feature count, `QS602` unusable argument, `QS603` unknown
            backend, `QS604` missing backend with `strict`, `QS606` a configuration of a newer
            version, `QS607` weights of another shape in a file, `QS640` to `QS643` an unusable
            gradient method, `QS645` a second derivative of an estimate, and what tracing raises.
    """

    def __init__(
        self,
        circuit_fn: Any = None,
        n_qubits: int | None = None,
        backend: BackendLike = None,
        *,
        observables: Sequence[Any] | None = None,
        output: str = "expval",
        shots: int | None = None,
        gradient: GradientLike = "auto",
        weight_shapes: Mapping[str, int | tuple[int, ...]] | None = None,
        input_params: InputParams | None = None,
        input_encoding: str | None = "angle",
        in_features: int | None = None,
        initializer: Any = "uniform",
        regularizer: Any = None,
        constraint: Any = None,
        seed: int | None = None,
        depth: int = 1,
        entanglement: str = "linear",
        strict: bool = False,
        metrics: bool = True,
        noise: Noise = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        prepare_fit()
        self.core = LayerCore(
            circuit_fn,
            n_qubits,
            backend,
            observables=observables,
            output=output,
            shots=shots,
            gradient=gradient,
            weight_shapes=weight_shapes,
            input_params=input_params,
            input_encoding=input_encoding,
            in_features=in_features,
            seed=seed,
            depth=depth,
            entanglement=entanglement,
            strict=strict,
            metrics=metrics,
            noise=noise,
        )
        self.circuit_name = _importable_name(circuit_fn)
        self.initializer = _initializer(initializer, self.core.seed)
        self.regularizer = _keras.regularizers.get(regularizer)
        self.constraint = _keras.constraints.get(constraint)
        self._circuit_weights: list[Any] = []
        self._named_initializer = initializer if initializer in INITIALIZERS else None
        self._usage_metric = UsageMetric(self.core, self.name) if metrics else None
        # Leading axes stay what they are, so their masks hold for the outputs.
        self.supports_masking = output in ("expval", "probs")
        # XLA cannot call the engine; asked for explicitly, the circuit is written out instead.
        self.supports_jit = _BACKEND != "tensorflow"

    func = _of_core("func", "The traced circuit, before an encoding is prepended.")
    circuit = _of_core("circuit", "A `QuantumCircuit` to draw and count, the encoding included.")
    n_qubits = _of_core("n_qubits", "Number of qubits.")
    resolved_backend = _of_core("resolved_backend", "The backend that runs.")
    resolved_gradient = _of_core("resolved_gradient", "The gradient method that is used.")
    in_features = _of_core("in_features", "Number of features, `None` before the layer is built.")
    out_features = _of_core("out_features", "Extent of the last axis of the output.")
    weight_names = _of_core("weight_names", "One name per weight, in order.")

    # --- Keras --------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights; the number of features is fixed from here on."""
        if self.built:
            return
        shape = _one_shape(input_shape)
        self.core.features(shape)
        if self.core.in_features is None:
            self.core.in_features = shape[-1]
        uncast = {"experimental_autocast" if _LEGACY else "autocast": False}
        self._circuit_weights = [
            self.add_weight(
                name=name,
                shape=extent,
                initializer=self._initializer_of(index),
                regularizer=self.regularizer,
                constraint=self.constraint,
                trainable=True,
                **uncast,
            )
            for index, (name, extent) in enumerate(self.core.weight_shapes.items())
        ]
        super().build(input_shape)

    def _initializer_of(self, index: int) -> Any:
        """One seed per tensor: an initializer draws the same numbers every time."""
        seed, name = self.core.seed, self._named_initializer
        if name is None or index == 0:
            return self.initializer
        return _initializer(name, None if seed is None else seed + index)

    @property
    def quantum_weights(self) -> dict[str, Any]:
        """The variables by name, none before the layer is built."""
        return dict(zip(self.core.weight_shapes, self._circuit_weights, strict=False))

    @generation.as_written
    def call(self, inputs: Any, training: Any = None, weights: Any = None) -> Any:
        """Run the circuit.

        Args:
            inputs: Features, shape (..., features); integers are converted.
            training: Changes no result.
            weights: Instead of the layer's own: (n_weights,), or (..., n_weights), a row per
                sample. Make the layer with `trainable=False` when all weights come this way.

        Returns:
            Shape (..., width), see `output`, in the compute dtype.
        """
        if self._usage_metric is not None:
            self._usage_metric.in_step(training)
        arrays, core = _ARRAYS, self.core
        core.check_real(inputs.dtype)
        inputs = generation.dense(inputs)
        features = core.features(tuple(inputs.shape))
        function = core.function(features, self._simulation_dtype)
        lead = arrays.shape(inputs)[:-1]
        x = arrays.cast(inputs, function.dtype.name)
        if len(lead) != 1 or inputs.shape[-1] != features:
            x = arrays.reshape(x[..., :features], (math.prod(lead), features))
        values = self._run(function, x, self._flat(weights, function, x))
        if core.output in ("expval", "probs"):
            values = arrays.cast(values, self.compute_dtype)
        if len(lead) != 1:
            values = arrays.reshape(values, (*lead, *values.shape[1:]))
        return values

    def _run(self, function: AnyFunction, x: Any, w: Any) -> Any:
        core, circuits = self.core, _CIRCUITS
        if core.output == "samples":
            return circuits.samples(function, x, w, core.shots or 1, self._next_seed)
        if core.output == "state":
            return circuits.state(function, x, w)
        if core.estimate is not None:
            return circuits.estimated(function, x, w, core.estimate, self._next_seed)
        return circuits.evaluate(function, x, w)

    def _next_seed(self) -> int:
        return self.core.next_seed(generation.fresh_seed)

    @property
    def _simulation_dtype(self) -> str:
        wanted = "float64" if self.compute_dtype == "float64" else "float32"
        if wanted == "float64" and _BACKEND == "jax":
            import jax

            return str(jax.dtypes.canonicalize_dtype(wanted))
        return wanted

    def _flat(self, weights: Any, function: AnyFunction, x: Any) -> Any:
        """Weights (P,) or (B, P) in the function's dtype: the layer's own, or those given."""
        arrays = _ARRAYS
        if weights is None:
            parts = [
                arrays.reshape(arrays.convert_to_tensor(variable), (-1,))
                for variable in self._circuit_weights
            ]
            if not parts:
                return arrays.reshape(x[:0, :0], (0,))
            w = parts[0] if len(parts) == 1 else arrays.concatenate(parts)
        else:
            w = arrays.convert_to_tensor(weights)
            if len(w.shape) > 1:
                w = arrays.reshape(w, (math.prod(arrays.shape(w)[:-1]), w.shape[-1]))
        self.core.check_weights(tuple(w.shape), x.shape[0])
        return arrays.cast(w, function.dtype.name)

    def compute_output_shape(self, input_shape: Any, *_: Any, **__: Any) -> tuple[Any, ...]:
        """(..., width), for samples (..., shots, qubits), for density matrices (..., N, N)."""
        core = self.core
        return (*tuple(input_shape)[:-1], *core.inner_shape, core.out_features)

    def _output_dtype(self) -> str:
        wide = self._simulation_dtype == "float64"
        complex_dtype = "complex128" if wide else "complex64"
        others = {"samples": "uint8", "state": complex_dtype}
        return others.get(self.core.output, str(self.compute_dtype))

    def compute_output_spec(self, inputs: Any, training: Any = None, weights: Any = None) -> Any:
        """Shape and dtype of the output, without running the circuit."""
        self.core.check_real(inputs.dtype)
        self.core.features(tuple(inputs.shape))
        shape = self.compute_output_shape(inputs.shape)
        return _keras.KerasTensor(shape, dtype=self._output_dtype())

    def compute_output_signature(self, input_signature: Any) -> Any:
        """The same for tf_keras."""
        import tensorflow as tf

        shape = self.compute_output_shape(input_signature.shape)
        return tf.TensorSpec(shape, self._output_dtype())

    # --- looking at it ------------------------------------------------------------------------

    def quantum_metrics(self, *, reset: bool = False) -> dict[str, float]:
        """What this layer has run since it was made or last reset; empty with `metrics=False`."""
        return self.core.metrics(reset=reset)

    # --- saving -------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make the layer again; the circuit as IR text."""
        core = self.core
        initializer = self._named_initializer or _keras.initializers.serialize(self.initializer)
        return {
            **super().get_config(),
            "format": _CONFIG_FORMAT,
            "circuit_fn": core.circuit_text,
            "circuit_name": self.circuit_name,
            "n_qubits": core.n_qubits,
            "backend": core.backend_config,
            "output": core.output,
            "shots": core.shots,
            "gradient": core.gradient.plain,
            "input_encoding": core.encoding,
            "in_features": core.in_features,
            "initializer": initializer,
            "regularizer": _keras.regularizers.serialize(self.regularizer),
            "constraint": _keras.constraints.serialize(self.constraint),
            "seed": core.seed,
            "metrics": core.metered,
            **({} if core.noise is None else {"noise": core.noise_config}),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> QuantumLayer:
        """The layer of a configuration. Raises `QS606` for one that a newer version wrote."""
        config = dict(config)
        found = config.pop("format", _CONFIG_FORMAT)
        if not isinstance(found, int) or found > _CONFIG_FORMAT:
            raise error(
                "QS606",
                f"format of the layer's configuration must be at most {_CONFIG_FORMAT}, "
                f"got {found!r}",
                help="load the model with the version of q-store that saved it, or a newer one",
            )
        name = config.pop("circuit_name", "")
        layer = cls(**config)
        layer.circuit_name = name
        return layer

    def load_own_variables(self, store: Any) -> None:
        """Read weights. Raises `QS607` when a shape is not that of this layer's circuit."""
        for index, (name, variable) in enumerate(self.quantum_weights.items()):
            found = store[str(index)].shape if str(index) in store else None
            if found != tuple(variable.shape):
                raise error(
                    "QS607",
                    f"weights {name!r} of layer {self.name!r} must have shape "
                    f"{tuple(variable.shape)}, got {'nothing' if found is None else found}",
                    help="the file belongs to a layer with another circuit",
                )
        super().load_own_variables(store)


def _initializer(initializer: Any, seed: int | None) -> Any:
    """The Keras initializer that a name every quantum layer knows stands for, or any other."""
    kinds = _keras.initializers
    named = {
        "uniform": lambda: kinds.RandomUniform(0.0, 2 * math.pi, seed=seed),
        "normal": lambda: kinds.RandomNormal(0.0, 1.0, seed=seed),
        "small": lambda: kinds.RandomNormal(0.0, 0.01, seed=seed),
        "zeros": kinds.Zeros,
        "ones": kinds.Ones,
    }
    if isinstance(initializer, str) and initializer in named:
        return named[initializer]()
    try:
        return kinds.get(initializer)
    except (ValueError, TypeError) as problem:
        known = ", ".join(map(repr, INITIALIZERS))
        raise error(
            "QS602",
            f"initializer must be one of {known} or a Keras initializer, got {initializer!r}",
        ) from problem


def _one_shape(shape: Any) -> tuple[int | None, ...]:
    """The shape of the inputs. Raises `QS602` where there are several, or none."""
    unknown = shape is None or getattr(shape, "rank", 0) is None
    extents = None if unknown or isinstance(shape, Mapping) else tuple(shape)
    if extents is None or not all(n is None or isinstance(n, int) for n in extents):
        raise error(
            "QS602",
            f"inputs must be one tensor, got shapes {shape}",
            help="keras.layers.Concatenate joins several; weights are given as `weights=`",
        )
    return extents


def _importable_name(circuit_fn: Any) -> str:
    """`module:function` for a function that can be imported, else empty; for people to read."""
    module = getattr(circuit_fn, "__module__", None)
    name = getattr(circuit_fn, "__qualname__", "<")
    return f"{module}:{name}" if callable(circuit_fn) and module and "<" not in name else ""
