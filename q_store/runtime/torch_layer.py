"""`QuantumLayer`: a circuit as a torch module that trains like any other layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from q_store.frontends.parameters import InputParams
from q_store.qir.diagnostics import QStoreError, error
from q_store.runtime import torch_plain
from q_store.runtime.backend import BackendLike
from q_store.runtime.gradient_config import GradientLike
from q_store.runtime.layer_core import LayerCore, Noise, one_of
from q_store.runtime.slots import AnyFunction
from q_store.runtime.torch_estimates import estimated, samples
from q_store.runtime.torch_ops import evaluate, state_vector

_P = ParamSpec("_P")
_R = TypeVar("_R")

Initializer = str | Callable[[Tensor], Any]

_INITIALIZERS: Final[dict[str, Callable[[Tensor, torch.Generator | None], Any]]] = {
    "uniform": lambda w, g: w.uniform_(0, 2 * math.pi, generator=g),
    "normal": lambda w, g: w.normal_(0, 1, generator=g),
    "small": lambda w, g: w.normal_(0, 0.01, generator=g),
    "zeros": lambda w, _: w.zero_(),
    "ones": lambda w, _: w.fill_(1),
}
_LEGACY_KEYS: Final = ("quantum_weights", "q_weights.0", "weight")


def _not_traced(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """While `torch.compile` traces, the method runs as it is: Dynamo must not look into our
    compiler."""
    torch.compiler.assume_constant_result(method)
    return method


def _of_core(name: str, doc: str) -> Any:
    return property(lambda layer: getattr(layer.core, name), doc=doc)


class QuantumLayer(nn.Module):
    """A parametrised circuit from features to expectation values, probabilities, samples or states.

    `circuit_fn` is traced once, at construction, with symbolic handles bound by argument name:
    `circuit`/`qc`/`c` get a fresh `QuantumCircuit(n_qubits)`, `inputs`/`x`/`features`/`data` the
    input vector, `weights`/`params`/`theta`/`w` the weight vector, the keys of `weight_shapes`
    those tensors, `n_qubits`/`num_qubits`/`wires` the number; two unnamed arguments are
    (inputs, weights) and three (circuit, inputs, weights). It may also be a finished circuit.
    Without it a hardware-efficient ansatz of `depth` layers is built.

    Inputs of shape (..., features) give outputs of shape (..., width); a rank-1 input is one
    sample. Angles are radians. Gradients flow to inputs and weights, also a second time.

    Args:
        circuit_fn: Function, circuit, IR text or `None`.
        n_qubits: Number of qubits; may be left out when `circuit_fn` is a finished circuit.
        backend: `auto`, the name of a backend, or a `SimulatorConfig`; what is missing falls back
            to `batched` with a warning (`strict=True` raises), and `resolved_backend` says what
            runs. Default: that of `configure`.
        observables: Texts such as `"Z0 + 0.5*X1 Z2"` or `PauliSum`s; default Z on each qubit, or
            on the measured qubits when the circuit measures some.
        output: `expval` (..., observables); `probs` (..., 2**k), first qubit most significant;
            `samples` (..., shots, k) uint8, not differentiable; `state` (..., 2**n) complex.
        shots: Estimate expectation values from this many shots of every Pauli word, gradients
            from as many of every circuit they need; number of draws for `samples`.
        gradient: `auto` (adjoint, with shots parameter shift), another method, or a
            `GradientConfig`; see docs/gradients.md.
        weight_shapes: Name to shape, one parameter each; otherwise one vector `weights`.
        input_params: Which parameters of a finished circuit are data: names, a prefix of names, or
            symbols of Qiskit or SymPy. Default: `x`, `inputs`, `data`, `feature2` and the like.
        input_encoding: What to prepend when the circuit takes no data: `angle`, `iqp`,
            `amplitude`, `basis` or `None`.
        in_features: Number of features. Needed where `circuit_fn` asks how many there are
            (`len(x)`, `for value in x`, `x[-1]`, PennyLane's templates); otherwise to have it
            checked and shown before the first call.
        initializer: `uniform` over [0, 2*pi), `normal`, `small`, `zeros`, `ones`, or a function
            that fills a tensor in place.
        seed: Makes initial weights and shots reproducible.
        dtype: Of the weights; float32 and float64 simulate in that precision, half precisions in
            float32. Default: torch's default dtype.
        device: Of the weights.
        depth, entanglement: Shape of the ansatz built when `circuit_fn` is `None`.
        strict: Refuse a missing backend instead of falling back.
        metrics: Count circuits, time and gradient variance for `metrics()`.
        noise: A published model such as `aria-1`, or a `NoiseModel`: channels after every gate of
            the circuit as written, encoding included, and errors of reading; see docs/noise.md.

    Raises:
        QStoreError: `QS601` wrong feature count, `QS602` unusable argument, `QS603` unknown
            backend, `QS604` missing backend with `strict`, `QS640` to `QS643` an unusable gradient
            method, `QS645` a second derivative of an estimate, and what tracing raises.
    """

    _version = 1

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
        initializer: Initializer = "uniform",
        seed: int | None = None,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
        depth: int = 1,
        entanglement: str = "linear",
        strict: bool = False,
        metrics: bool = True,
        noise: Noise = None,
    ) -> None:
        super().__init__()
        dtype = dtype or torch.get_default_dtype()
        if not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
            raise error(
                "QS602", f"dtype must be a real floating type such as torch.float32, got {dtype!r}"
            )
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
        self.initializer = initializer
        self._register_weights(dtype, device)
        self.reset_parameters()

    func = _of_core("func", "The traced circuit, before an encoding is prepended.")
    circuit = _of_core("circuit", "A `QuantumCircuit` to draw and count, the encoding included.")
    n_qubits = _of_core("n_qubits", "Number of qubits.")
    backend = _of_core("backend", "The backend asked for.")
    resolved_backend = _of_core("resolved_backend", "The backend that runs.")
    output = _of_core("output", "Kind of output.")
    shots = _of_core("shots", "Number of shots, or `None` for exact values.")
    gradient = _of_core("gradient", "The `GradientConfig` asked for.")
    resolved_gradient = _of_core("resolved_gradient", "The gradient method that is used.")
    seed = _of_core("seed", "Seed of initial weights and shots.")
    in_features = _of_core("in_features", "Number of features, `None` when any number will do.")
    out_features = _of_core("out_features", "Extent of the last axis of the output.")
    weight_names = _of_core("weight_names", "One name per weight, in order.")

    # --- construction -------------------------------------------------------------------------

    def _register_weights(self, dtype: torch.dtype, device: Any) -> None:
        shapes = self.core.weight_shapes
        self._weight_keys = tuple(shapes)
        for name, shape in shapes.items():
            if hasattr(self, name):
                raise error(
                    "QS602",
                    f"a weight cannot be called {name!r}: the layer has an attribute of that name",
                )
            parameter = nn.Parameter(torch.empty(shape, dtype=dtype, device=device))
            self.register_parameter(name, parameter)

    def reset_parameters(self) -> None:
        """Draw the weights again from the initializer (from `seed`, when one was given)."""
        for name in self._weight_keys:
            parameter = self.get_parameter(name)
            generator = None
            if self.seed is not None and parameter.device.type != "meta":
                generator = torch.Generator(parameter.device).manual_seed(self.seed)
            with torch.no_grad():
                if callable(self.initializer):
                    self.initializer(parameter)
                else:
                    one_of("initializer", self.initializer, tuple(_INITIALIZERS))
                    _INITIALIZERS[self.initializer](parameter, generator)

    # --- running ------------------------------------------------------------------------------

    def forward(self, inputs: Tensor, weights: Tensor | None = None) -> Tensor:
        """Run the circuit.

        Args:
            inputs: Features, shape (..., features); integers are converted.
            weights: Instead of the layer's own: (n_weights,), or (..., n_weights), a row per
                sample.

        Returns:
            Shape (..., width), see `output`, in the dtype of the weights (float32 under autocast).
        """
        w = self._flat_weights() if weights is None else weights
        for name, given in (("inputs", inputs), ("weights", w)):
            if not isinstance(given, Tensor):
                raise _no_tensor(name, given)
        if inputs.is_complex():
            self.core.check_real(inputs.dtype)
        if inputs.layout is not torch.strided:
            inputs = inputs.to_dense()
        result_dtype = self._result_dtype(inputs, w)
        compute = torch.float64 if result_dtype is torch.float64 else torch.float32
        shape = tuple(map(int, inputs.shape)) if torch_plain.is_traced() else inputs.shape
        features = self.core.features(shape)
        function = self._function(features, compute)
        lead = inputs.shape[:-1]
        x = inputs if inputs.dtype is compute else inputs.to(compute)
        if len(lead) != 1 or shape[-1] != features:
            x = x[..., :features].reshape(math.prod(lead), features)
        if w.dtype is not compute:
            w = w.to(compute)
        if w.dim() > 1:
            w = w.reshape(-1, w.shape[-1])
        self.core.check_weights(w.shape, x.shape[0])
        values = self._run(function, x, w)
        if len(lead) != 1:
            values = values.reshape(*lead, *values.shape[1:])
        if values.dtype is compute and values.dtype is not result_dtype:
            values = values.to(result_dtype)
        return values

    def _run(self, function: AnyFunction, x: Tensor, w: Tensor) -> Tensor:
        core = self.core
        if core.output == "samples":
            bits: Tensor = samples(function, x, w, core.shots or 1, self._next_seed())
            return bits
        if core.output == "state":
            return state_vector(function, x, w)
        if core.estimate is not None:
            values: Tensor = estimated(function, x, w, core.estimate, self._next_seed())
            return values
        return evaluate(function, x, w)

    def _next_seed(self) -> int:
        return self.core.next_seed(lambda: int(torch.randint(2**62, ()).item()))

    def _result_dtype(self, inputs: Tensor, weights: Tensor) -> torch.dtype:
        if not inputs.is_meta and torch.is_autocast_enabled(inputs.device.type):
            return torch.float32
        if self._weight_keys or weights.numel():
            return weights.dtype
        return inputs.dtype if inputs.dtype.is_floating_point else torch.get_default_dtype()

    def _flat_weights(self) -> Tensor:
        keys = self._weight_keys
        if len(keys) == 1:
            only = getattr(self, keys[0])
            flat: Tensor = only if only.dim() == 1 else only.reshape(-1)
            return flat
        if not keys:
            return torch.empty(0)
        return torch.cat([getattr(self, key).reshape(-1) for key in keys])

    @_not_traced
    def _function(self, features: int, dtype: torch.dtype = torch.float32) -> AnyFunction:
        return self.core.function(features, "float64" if dtype is torch.float64 else "float32")

    # --- looking at it ------------------------------------------------------------------------

    def extra_repr(self) -> str:
        features = "?" if self.in_features is None else self.in_features
        method, noise = self.gradient.method, self.core.noise
        shown = {
            "shots": self.shots,
            "gradient": None if method == "auto" else method,
            "noise": noise and (noise.name or noise),
        }
        rest = [f", {name}={value!r}" for name, value in shown.items() if value is not None]
        return (
            f"in_features={features}, out_features={self.out_features}, "
            f"n_qubits={self.n_qubits}, weights={len(self.weight_names)}, "
            f"output={self.output!r}, backend={self.resolved_backend!r}{''.join(rest)}"
        )

    def metrics(self, *, reset: bool = False) -> dict[str, float]:
        """What this layer has run since it was made or last reset.

        `circuit_ms` per forward call, `circuits_per_second`, `gradient_variance`, `cost_usd`, and
        `backend_<name>`; empty with `metrics=False`. Compiled models are not counted.
        """
        return self.core.metrics(reset=reset)

    # --- saving -------------------------------------------------------------------------------

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Accept the names older layers and other libraries gave a single weight vector.

        Raises `QS606` for what a newer version saved.
        """
        found = local_metadata.get("version", self._version)
        if found > self._version:
            raise error(
                "QS606",
                f"format of the layer's state must be at most {self._version}, got {found}",
                help="load the model with the version of q-store that saved it, or a newer one",
            )
        if len(self._weight_keys) == 1:
            wanted = prefix + self._weight_keys[0]
            for legacy in _LEGACY_KEYS:
                if wanted not in state_dict and prefix + legacy in state_dict:
                    state_dict[wanted] = state_dict.pop(prefix + legacy)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args, **kwargs)


def _no_tensor(name: str, given: object) -> QStoreError:
    kind = type(given)
    return error(
        "QS602",
        f"{name} must be a torch tensor, got {kind.__module__}.{kind.__qualname__}",
        help=f"`torch.as_tensor({name})` makes one of numbers and of numpy arrays",
    )


def log_metrics(writer: Any, model: nn.Module, step: int) -> None:
    """Write what the quantum layers of a model have run since the last call to a `SummaryWriter`.

    The tags are the name of the layer and that of the number: `1/circuit_ms`.
    """
    for name, module in model.named_modules():
        if isinstance(module, QuantumLayer):
            for key, value in module.metrics(reset=True).items():
                writer.add_scalar(f"{name or 'quantum_layer'}/{key}", value, step)
