"""Which Keras this process uses, and what its arrays and circuits need.

`tf.keras` is Keras 3, or tf_keras when `TF_USE_LEGACY_KERAS` is set; Keras 3 runs on TensorFlow,
torch or JAX. `arrays()` and `circuits()` hide the difference from the layer.
"""

from __future__ import annotations

import inspect
import os
import random
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from q_store.qir.diagnostics import error
from q_store.runtime.gradients.estimate import Estimate
from q_store.runtime.slots import AnyFunction

Seeds = Callable[[], int]


def is_legacy() -> bool:
    """Whether `tf.keras` is tf_keras; TensorFlow reads the same variable."""
    return os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")


def keras_module() -> Any:
    """The Keras in use. Raises `QS801` when it is not installed."""
    name, extra = ("tf_keras", "tf-legacy") if is_legacy() else ("keras", "keras")
    try:
        return import_module(name)
    except ImportError as missing:
        raise error(
            "QS801", f"this needs the package {name}", help=f"pip install 'q-store[{extra}]'"
        ) from missing


class Circuits(Protocol):
    """How a framework runs circuits, x being (B, F) and w (P,) or (B, P)."""

    def evaluate(self, function: AnyFunction, x: Any, w: Any) -> Any:
        """Values (B, width)."""

    def estimated(
        self, function: AnyFunction, x: Any, w: Any, estimate: Estimate, seeds: Seeds
    ) -> Any:
        """Estimated values (B, width), once differentiable."""

    def samples(self, function: AnyFunction, x: Any, w: Any, shots: int, seeds: Seeds) -> Any:
        """Measured bits (B, shots, k)."""

    def state(self, function: AnyFunction, x: Any, w: Any) -> Any:
        """States (B, 2**n)."""

    def scalars(self, read: Callable[[], Sequence[float]], count: int) -> list[Any] | None:
        """Numbers that are read on the host when a step runs; `None` when that is impossible."""


class TensorFlowCircuits:
    """See `Circuits`."""

    def __init__(self) -> None:
        from q_store.runtime import tf_ops, tf_plain

        self.evaluate = tf_ops.evaluate
        self.estimated = tf_ops.estimated
        self.samples = tf_ops.samples
        self.state = tf_ops.state
        self._compiles_with_xla = tf_plain.compiles_with_xla

    def scalars(self, read: Callable[[], Sequence[float]], count: int) -> list[Any] | None:
        import tensorflow as tf

        if self._compiles_with_xla():
            return None
        if not tf.inside_function():
            return [tf.constant(value, tf.float32) for value in read()]
        # Circuits have no state to TensorFlow, which would order them and the reading.
        graph = tf.compat.v1.get_default_graph()
        ran = [op for op in graph.get_operations() if op.type == "PyFuncStateless"]
        with tf.control_dependencies(ran):
            found = tf.numpy_function(lambda: np.asarray(read(), np.float32), [], tf.float32)
        found.set_shape([count])
        return list(tf.unstack(found))


class TorchCircuits:
    """See `Circuits`."""

    def __init__(self) -> None:
        from q_store.runtime import torch_estimates, torch_ops

        self.evaluate = torch_ops.evaluate
        self.state = torch_ops.state_vector
        self._estimated = torch_estimates.estimated

    def estimated(
        self, function: AnyFunction, x: Any, w: Any, estimate: Estimate, seeds: Seeds
    ) -> Any:
        return self._estimated(function, x, w, estimate, seeds())

    def samples(self, function: AnyFunction, x: Any, w: Any, shots: int, seeds: Seeds) -> Any:
        import torch

        from q_store.runtime import torch_plain

        if torch_plain.wanted():
            return torch_plain.samples(function, x, w, shots)
        host_x, host_w = x.detach().cpu().numpy(), w.detach().cpu().numpy()
        return torch.from_numpy(function.samples(host_x, host_w, shots, seeds())).to(x.device)

    def scalars(self, read: Callable[[], Sequence[float]], count: int) -> list[Any]:
        return list(read())


class JaxCircuits:
    """See `Circuits`."""

    def __init__(self) -> None:
        from q_store.runtime import jax_estimates, jax_ops

        self.evaluate = jax_ops.evaluate
        self.state = jax_estimates.state
        self._estimates = jax_estimates

    def estimated(
        self, function: AnyFunction, x: Any, w: Any, estimate: Estimate, seeds: Seeds
    ) -> Any:
        none = np.zeros(0, np.uint32)
        return self._estimates.estimated(function, x, w, estimate, lambda _: seeds(), none)

    def samples(self, function: AnyFunction, x: Any, w: Any, shots: int, seeds: Seeds) -> Any:
        none = np.zeros(0, np.uint32)
        return self._estimates.samples(function, x, w, shots, lambda _: seeds(), none)

    def scalars(self, read: Callable[[], Sequence[float]], count: int) -> list[Any]:
        import jax
        from jax.experimental import io_callback

        shape = jax.ShapeDtypeStruct((count,), np.float32)
        found = io_callback(lambda: np.asarray(read(), np.float32), shape)
        return [found[i] for i in range(count)]


_CIRCUITS: dict[str, Callable[[], Circuits]] = {
    "tensorflow": TensorFlowCircuits,
    "torch": TorchCircuits,
    "jax": JaxCircuits,
}


class Arrays(Protocol):
    """The array functions the layer needs, those of `keras.ops`."""

    def cast(self, x: Any, dtype: str) -> Any: ...
    def reshape(self, x: Any, shape: Any) -> Any: ...
    def concatenate(self, parts: Sequence[Any]) -> Any: ...
    def shape(self, x: Any) -> tuple[Any, ...]: ...
    def convert_to_tensor(self, x: Any) -> Any: ...


class _TensorFlowArrays:
    """What tf_keras offers no `ops` for."""

    def __init__(self) -> None:
        import tensorflow as tf

        self.cast = tf.cast
        self.reshape = tf.reshape
        self.convert_to_tensor = tf.convert_to_tensor
        self._tf = tf

    def concatenate(self, parts: Sequence[Any]) -> Any:
        return self._tf.concat(parts, axis=0)

    def shape(self, x: Any) -> tuple[Any, ...]:
        dynamic = self._tf.shape(x)
        return tuple(dynamic[i] if n is None else n for i, n in enumerate(x.shape.as_list()))


def arrays() -> Arrays:
    """Array functions of the Keras in use."""
    found: Arrays = _TensorFlowArrays() if is_legacy() else keras_module().ops
    return found


@cache
def backend() -> str:
    """`tensorflow`, `torch` or `jax`. Raises `QS602` for another backend of Keras."""
    name = "tensorflow" if is_legacy() else str(keras_module().backend.backend())
    if name not in _CIRCUITS:
        known = ", ".join(_CIRCUITS)
        raise error("QS602", f"the Keras backend must be one of {known}, got {name!r}")
    return name


def circuits() -> Circuits:
    """Circuits in the framework Keras runs on."""
    return _CIRCUITS[backend()]()


def as_written(method: Callable[..., Any]) -> Callable[..., Any]:
    """Keep tf_keras from translating a method's Python into graph operations."""
    if not is_legacy():
        return method
    found: Any = import_module("tensorflow").autograph.experimental.do_not_convert(method)
    # Else tf_keras sees `**kwargs` and hands over a mask.
    found.__signature__ = inspect.signature(method)
    wrapped: Callable[..., Any] = found
    return wrapped


def dense(inputs: Any) -> Any:
    """Sparse tensors of TensorFlow and JAX with their zeros; others as they are."""
    if hasattr(inputs, "todense"):
        return inputs.todense()
    if hasattr(inputs, "dense_shape") and backend() == "tensorflow":
        found = import_module("tensorflow").sparse.to_dense(inputs)
        found.set_shape(inputs.shape)
        return found
    return inputs


def fresh_seed() -> int:
    """From Python's generator, which `keras.utils.set_random_seed` seeds."""
    return random.getrandbits(62)
