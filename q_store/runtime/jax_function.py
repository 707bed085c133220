"""`quantum_function`: a circuit as a pure JAX function of inputs and weights."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.parameters import InputParams
from q_store.qir.diagnostics import error
from q_store.runtime import jax_estimates
from q_store.runtime.backend import BackendLike
from q_store.runtime.gradient_config import GradientLike
from q_store.runtime.jax_ops import evaluate
from q_store.runtime.layer_core import LayerCore, Noise
from q_store.runtime.slots import AnyFunction

Weights = Any
"""One array (P,), one per sample (..., P), or a mapping from name to array."""


class QuantumFunction:
    """What `quantum_function` returns; call it with inputs and weights."""

    def __init__(self, core: LayerCore) -> None:
        self.core = core

    def __call__(self, inputs: Any, weights: Weights = None, *, key: Any = None) -> Any:
        """Run the circuit.

        Args:
            inputs: Features, shape (..., features); integers are converted.
            weights: Shape (P,), shared; (..., P), a row per sample; or the mapping that `init`
                gives where `weight_shapes` names tensors.
            key: With shots, a JAX random key that decides the draws; without, they follow `seed`
                and the number of the call.

        Returns:
            Shape (..., width), of the common dtype of inputs and weights.
        """
        core = self.core
        x = jnp.asarray(inputs)
        core.check_real(x.dtype)
        w = self._flat(weights)
        result = _result_dtype(x, w)
        compute = jnp.dtype("float64" if result == np.float64 else "float32")
        features = core.features(x.shape)
        function = core.function(features, compute.name)
        lead = x.shape[:-1]
        x = _cast(x, compute)
        if len(lead) != 1 or x.shape[-1] != features:
            x = x[..., :features].reshape(math.prod(lead), features)
        w = _cast(w, compute)
        if w.ndim > 1:
            w = w.reshape(-1, w.shape[-1])
        core.check_weights(w.shape, x.shape[0])
        values = self._run(function, x, w, key)
        if len(lead) != 1:
            values = values.reshape(*lead, *values.shape[1:])
        return _cast(values, result) if values.dtype == compute else values

    def _run(self, function: AnyFunction, x: Any, w: Any, key: Any) -> Any:
        core = self.core
        seed = _seed_array(key)
        if core.output == "state":
            return jax_estimates.state(function, x, w)
        if core.output == "samples":
            return jax_estimates.samples(function, x, w, core.shots or 1, self._seed, seed)
        if core.estimate is not None:
            return jax_estimates.estimated(function, x, w, core.estimate, self._seed, seed)
        return evaluate(function, x, w)

    def _seed(self, given: Any) -> int:
        """The seed of one call on the host."""
        if np.size(given):
            return int(np.ravel(np.asarray(given))[0])
        return self.core.next_seed(lambda: random.getrandbits(62))

    def _flat(self, weights: Weights) -> Any:
        """Weights as one array (P,) or (..., P)."""
        shapes = self.core.weight_shapes
        if weights is None:
            if self.core.weight_names:
                raise error(
                    "QS602",
                    f"weights must have shape ({len(self.core.weight_names)},), got None",
                    help="`f.init(jax.random.key(0))` draws some, and a call is `f(x, weights)`",
                )
            return jnp.zeros(0)
        if isinstance(weights, Mapping):
            if set(weights) != set(shapes):
                raise error("QS602", f"weights must have keys {list(shapes)}, got {list(weights)}")
            return jnp.concatenate([jnp.ravel(jnp.asarray(weights[name])) for name in shapes])
        array = jnp.asarray(weights)
        named = array.ndim != 1 and array.shape in shapes.values()
        return jnp.ravel(array) if named else array

    def init(self, key: Any, dtype: Any = None) -> Any:
        """Weights drawn uniformly from [0, 2*pi): an array, or a mapping for named tensors."""
        shapes = self.core.weight_shapes
        keys = jax.random.split(key, max(len(shapes), 1))
        drawn = {
            name: jax.random.uniform(k, shape, dtype or float, 0, 2 * math.pi)
            for k, (name, shape) in zip(keys, shapes.items(), strict=False)
        }
        return drawn["weights"] if list(drawn) == ["weights"] else drawn

    @property
    def circuit(self) -> QuantumCircuit:
        """A circuit to draw and count, the encoding included."""
        return self.core.circuit

    def metrics(self, *, reset: bool = False) -> dict[str, float]:
        """What this function has run; see `q_store.runtime.usage.Usage.summary`."""
        return self.core.metrics(reset=reset)

    def __repr__(self) -> str:
        core = self.core
        return (
            f"<quantum function of {core.n_qubits} qubits, {len(core.weight_names)} weights, "
            f"{core.out_features} outputs>"
        )


def quantum_function(
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
    seed: int | None = None,
    depth: int = 1,
    entanglement: str = "linear",
    strict: bool = False,
    metrics: bool = True,
    noise: Noise = None,
) -> QuantumFunction:
    """A function `f(inputs, weights)` under `jit`, `grad`, `vmap`, `jacfwd`, `jacrev`, `hessian`.

    `circuit_fn` and the other arguments are those of `q_store.torch.QuantumLayer`. Exact
    expectation values and probabilities have derivatives of every order in both modes with
    `adjoint`, `parameter_shift` and `hadamard`; with shots, with other methods and for states
    there are first derivatives in reverse mode.
    float64 needs `jax_enable_x64`.
    """
    core = LayerCore(
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
    return QuantumFunction(core)


def _result_dtype(inputs: Any, weights: Any) -> Any:
    floats = [a.dtype for a in (inputs, weights) if jnp.issubdtype(a.dtype, np.floating) and a.size]
    return jnp.result_type(*floats) if floats else jnp.result_type(float)


def _cast(array: Any, dtype: Any) -> Any:
    """`astype`, which costs a traced operation where it changes nothing, too."""
    return array if array.dtype == dtype else array.astype(dtype)


def _seed_array(key: Any) -> Any:
    if key is None:
        return np.zeros(0, np.uint32)
    return jax.random.bits(key, (1,), jnp.uint32)
