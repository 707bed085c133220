"""`QuantumLayer`: a circuit as a torch module that trains like any other layer."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn

from q_store.frontends.encoding import ENCODINGS, prepend_encoding
from q_store.frontends.trace import TracedCircuit, trace_circuit
from q_store.passes.manager import run_pipeline
from q_store.qir.diagnostics import did_you_mean, error
from q_store.qir.func import Func, Module, element_names
from q_store.qir.observables import Expval, Sample
from q_store.qir.parser import parse_module
from q_store.runtime.backend import resolve_backend
from q_store.runtime.function import CircuitFunction, circuit_function
from q_store.runtime.torch_ops import evaluate, state_vector
from q_store.runtime.torch_shots import sampled_expvals

Initializer = str | Callable[[Tensor], Any]

_INITIALIZERS: Final[dict[str, Callable[[Tensor, torch.Generator | None], Any]]] = {
    "uniform": lambda w, g: w.uniform_(0, 2 * math.pi, generator=g),
    "normal": lambda w, g: w.normal_(0, 1, generator=g),
    "small": lambda w, g: w.normal_(0, 0.01, generator=g),
    "zeros": lambda w, _: w.zero_(),
    "ones": lambda w, _: w.fill_(1),
}
_OUTPUTS: Final = ("expval", "probs", "samples", "state")
_GRADIENTS: Final = ("auto", "adjoint", "parameter_shift")
_LEGACY_KEYS: Final = ("quantum_weights", "q_weights.0", "weight")


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
        backend: `auto`, `batched`, or the name of a backend that falls back to `batched` with a
            warning when it is missing (`strict=True` raises). See `resolved_backend`.
        observables: Texts such as `"Z0 + 0.5*X1 Z2"` or `PauliSum`s; default Z on each qubit, or
            on the measured qubits when the circuit measures some.
        output: `expval` (..., observables); `probs` (..., 2**k), first qubit most significant;
            `samples` (..., shots, k) uint8, not differentiable; `state` (..., 2**n) complex.
        shots: Estimate expectation values from this many shots of every Pauli word, with
            parameter-shift gradients from as many; number of draws for `samples`.
        gradient: `adjoint` (the default, exact) or `parameter_shift` (the default with shots).
        weight_shapes: Name to shape, one parameter each; otherwise one vector `weights`.
        input_params: Names, or a prefix of names, of string parameters that are data.
        input_encoding: What to prepend when the circuit takes no data: `angle`, `iqp`,
            `amplitude` or `None`.
        in_features: Number of features, when it should be checked and shown before the first call.
        initializer: `uniform` over [0, 2*pi), `normal`, `small`, `zeros`, `ones`, or a function
            that fills a tensor in place.
        seed: Makes initial weights and shots reproducible.
        dtype: Of the weights; float32 and float64 simulate in that precision, half precisions in
            float32. Default: torch's default dtype.
        device: Of the weights.
        depth, entanglement: Shape of the ansatz built when `circuit_fn` is `None`.
        strict: Refuse a missing backend instead of falling back.

    Raises:
        QStoreError: `QS601` wrong feature count, `QS602` unusable argument, `QS603` unknown
            backend, `QS604` missing backend with `strict`, and what tracing raises.
    """

    _version = 1

    def __init__(
        self,
        circuit_fn: Any = None,
        n_qubits: int | None = None,
        backend: str = "auto",
        *,
        observables: Sequence[Any] | None = None,
        output: str = "expval",
        shots: int | None = None,
        gradient: str = "auto",
        weight_shapes: Mapping[str, int | tuple[int, ...]] | None = None,
        input_params: Sequence[str] | str | None = None,
        input_encoding: str | None = "angle",
        in_features: int | None = None,
        initializer: Initializer = "uniform",
        seed: int | None = None,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
        depth: int = 1,
        entanglement: str = "linear",
        strict: bool = False,
    ) -> None:
        super().__init__()
        _one_of("output", output, _OUTPUTS)
        _one_of("gradient", gradient, _GRADIENTS)
        if shots is not None and (not isinstance(shots, int) or shots < 1):
            raise error("QS602", f"shots must be a positive integer or None, got {shots!r}")
        if output == "samples" and shots is None:
            raise error("QS602", "output='samples' needs shots=, got None")
        if shots is not None and output in ("probs", "state"):
            raise error("QS602", f"shots={shots} goes with expval or samples, not {output!r}")
        dtype = dtype or torch.get_default_dtype()
        if not dtype.is_floating_point:
            raise error("QS602", f"dtype must be a real floating type, got {dtype}")
        self.backend = backend
        self.resolved_backend = resolve_backend(backend, strict=strict)
        self.output, self.shots, self.gradient, self.seed = output, shots, gradient, seed
        traced = trace_circuit(
            circuit_fn,
            n_qubits,
            observables=observables,
            output=output,
            weight_shapes=weight_shapes,
            input_params=input_params,
            depth=depth,
            entanglement=entanglement,
        )
        self._adopt(traced, input_encoding, in_features)
        self.initializer = initializer
        self._register_weights(dtype, device)
        self.reset_parameters()

    # --- construction -------------------------------------------------------------------------

    def _adopt(self, traced: TracedCircuit, encoding: str | None, in_features: int | None) -> None:
        self.n_qubits: int = traced.n_qubits
        self._func = traced.func
        if encoding is not None:
            _one_of("input_encoding", encoding, tuple(ENCODINGS))
        self._encoding = None if traced.has_inputs else encoding
        inputs = self._func.args_with_role("input")
        used = sum(value.type.size for value in inputs) if traced.has_inputs else None
        if in_features is not None and used is not None and in_features < used:
            raise error(
                "QS601", f"the circuit reads {used} features, but in_features={in_features}"
            )
        self.in_features = in_features if in_features is not None else used
        self._start_transient()
        self.out_features = _width(traced)

    def _start_transient(self) -> None:
        """State that is rebuilt after pickling."""
        self._functions: dict[tuple[int, torch.dtype], CircuitFunction] = {}
        self._warned_unused = False
        self._calls = 0

    def _register_weights(self, dtype: torch.dtype, device: Any) -> None:
        values = self._func.args_with_role("weight")
        if len(values) == 1 and values[0].type.shape and values[0].name in _PLAIN_WEIGHTS:
            shapes = {"weights": values[0].type.shape}
        elif any(value.type.shape for value in values):
            shapes = {value.name: value.type.shape for value in values}
        else:
            shapes = {"weights": (len(values),)} if values else {}
        self.weight_names: list[str] = [n for value in values for n in element_names(value)]
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
                    _one_of("initializer", self.initializer, tuple(_INITIALIZERS))
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
        result_dtype = self._result_dtype(inputs, w)
        compute = torch.float64 if result_dtype is torch.float64 else torch.float32
        features = self._features(inputs)
        function = self._function(features, compute)
        lead = inputs.shape[:-1]
        x = inputs if inputs.dtype is compute else inputs.to(compute)
        if len(lead) != 1 or inputs.shape[-1] != features:
            x = x[..., :features].reshape(math.prod(lead), features)
        if w.dtype is not compute:
            w = w.to(compute)
        if w.dim() > 1:
            w = w.reshape(-1, w.shape[-1])
        self._check_weights(w, x.shape[0])
        values = self._run(function, x, w)
        if len(lead) != 1:
            values = values.reshape(*lead, *values.shape[1:])
        if values.dtype is compute and values.dtype is not result_dtype:
            values = values.to(result_dtype)
        return values

    def _run(self, function: CircuitFunction, x: Tensor, w: Tensor) -> Tensor:
        if self.output == "samples":
            return self._samples(function, x, w)
        if self.output == "state":
            return state_vector(function, x, w)
        if self.shots is not None:
            return sampled_expvals(function, x, w, self.shots, self._next_seed())
        if self.gradient == "parameter_shift":
            return sampled_expvals(function, x, w, None, 0)
        return evaluate(function, x, w)

    def _samples(self, function: CircuitFunction, x: Tensor, w: Tensor) -> Tensor:
        qubits = next(out.qubits for out in function.executable.outputs if out.kind == "sample")
        bits = function.program.samples(
            x.detach().cpu().numpy(),
            w.detach().cpu().numpy(),
            qubits,
            self.shots or 1,
            self._next_seed(),
        )
        return torch.from_numpy(bits).to(x.device)

    def _next_seed(self) -> int:
        """Shot noise differs from call to call and, given `seed`, repeats from run to run."""
        if self.seed is None:
            return int(torch.randint(2**62, ()).item())
        self._calls += 1
        return self.seed * 1_000_003 + self._calls

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

    def _check_weights(self, weights: Tensor, batch: int) -> None:
        wanted = len(self.weight_names)
        if weights.shape[-1] != wanted or (weights.dim() == 2 and weights.shape[0] != batch):
            raise error(
                "QS602",
                f"weights must have shape ({wanted},) or ({batch}, {wanted}), "
                f"got {tuple(weights.shape)}",
            )

    def _features(self, inputs: Tensor) -> int:
        """The number of features the circuit will read; warns once about unused ones."""
        if inputs.dim() == 0:
            raise error("QS601", "inputs must have shape (..., features), got a scalar")
        given = inputs.shape[-1]
        if self._encoding is not None:
            if self.in_features is not None and given != self.in_features:
                raise error("QS601", f"inputs must have {self.in_features} features, got {given}")
            return given
        used = self._used_features
        if given < used:
            raise error("QS601", f"the circuit reads {used} features, inputs have {given}")
        if given > used and not self._warned_unused:
            self._warned_unused = True
            warnings.warn(
                f"the circuit reads features 0..{used - 1} of {given}; "
                f"features {list(range(used, given))} are unused",
                UserWarning,
                stacklevel=3,
            )
        return used

    @property
    def _used_features(self) -> int:
        return sum(value.type.size for value in self._func.args_with_role("input"))

    def _function(self, features: int, dtype: torch.dtype = torch.float32) -> CircuitFunction:
        found = self._functions.get((features, dtype))
        if found is None:
            func = self._func
            if self._encoding is not None:
                func = prepend_encoding(func, features, self._encoding)
            numpy_dtype = "float64" if dtype is torch.float64 else "float32"
            func = run_pipeline("default", Module((func,))).main
            found = circuit_function(func, numpy_dtype, self.resolved_backend)
            self._functions[features, dtype] = found
        return found

    # --- looking at it ------------------------------------------------------------------------

    @property
    def func(self) -> Func:
        """The traced circuit, before an encoding is prepended."""
        return self._func

    def extra_repr(self) -> str:
        features = "?" if self.in_features is None else self.in_features
        return (
            f"in_features={features}, out_features={self.out_features}, "
            f"n_qubits={self.n_qubits}, weights={len(self.weight_names)}, "
            f"output={self.output!r}, backend={self.resolved_backend!r}"
        )

    # --- saving -------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """Everything but compiled programs; the circuit travels as IR text."""
        state = self.__dict__.copy()
        for name in ("_functions", "_warned_unused", "_calls"):
            del state[name]
        state["_func"] = str(Module((self._func,)))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        text = state.pop("_func")
        super().__setstate__(state)
        self._func = parse_module(text).main
        self._start_transient()

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        """Accept the names older layers and other libraries gave a single weight vector."""
        if len(self._weight_keys) == 1:
            wanted = prefix + self._weight_keys[0]
            for legacy in _LEGACY_KEYS:
                if wanted not in state_dict and prefix + legacy in state_dict:
                    state_dict[wanted] = state_dict.pop(prefix + legacy)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


_PLAIN_WEIGHTS: Final = ("weights", "params", "theta", "w")
"""Argument names of `circuit_fn` whose one vector becomes the parameter `weights`."""


def _width(traced: TracedCircuit) -> int:
    """The extent of the last axis of the output."""
    width = 0
    for observation in traced.observations:
        if isinstance(observation, Expval):
            width += 1
        elif isinstance(observation, Sample):
            width += len(observation.qubits)
        else:
            width += observation.result_type(traced.n_qubits).size
    return width


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise error(
            "QS602",
            f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}",
            help=did_you_mean(str(value), known),
        )
