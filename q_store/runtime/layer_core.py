"""What a quantum layer is in every framework: its arguments, its traced circuit, its functions.

A `LayerCore` holds no arrays of a framework. The layers ask it for shapes of weights, for the
function of a feature count, for seeds, and for what to save: the circuit travels as IR text, so a
copy in another process needs neither the Python function nor its module.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from numbers import Integral
from typing import Any, Final

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.encoding import ENCODINGS, prepend_encoding
from q_store.frontends.parameters import InputParams
from q_store.frontends.trace import TracedCircuit, trace_circuit
from q_store.passes.manager import run_pipeline
from q_store.qir.diagnostics import did_you_mean, error
from q_store.qir.func import Func, Module
from q_store.qir.observables import Expval, Probs
from q_store.qir.parser import parse_module
from q_store.runtime.backend import BackendLike, backend_of, place
from q_store.runtime.backends.placement import Placement
from q_store.runtime.config import settings
from q_store.runtime.function import CircuitFunction
from q_store.runtime.gradient_config import EXACT, PURE, GradientConfig, GradientLike
from q_store.runtime.gradients.choice import check_gradient, needs_gates_alone, resolved
from q_store.runtime.gradients.estimate import Estimate
from q_store.runtime.noise import NoiseModel, noisy
from q_store.runtime.seeds import seed_of_layer
from q_store.runtime.simulator_config import SimulatorConfig
from q_store.runtime.slots import AnyFunction
from q_store.runtime.usage import MeteredFunction, Usage
from q_store.targets.lower import has_effects

Noise = str | NoiseModel | Mapping[str, Any] | None
"""What layers take as `noise`: the name of a published model, a model, its `to_dict`, or none."""

OUTPUTS: Final = ("expval", "probs", "samples", "state")
INITIALIZERS: Final = ("uniform", "normal", "small", "zeros", "ones")
"""Names every layer knows: uniform over [0, 2*pi), normal of deviation 1 or 0.01, constants."""

_PLAIN_WEIGHTS: Final = ("weights", "params", "theta", "w")
"""Argument names of `circuit_fn` whose one vector becomes the parameter `weights`."""

_TRANSIENT: Final = ("_functions", "_warned_unused", "_calls", "placement", "usage", "estimate")
"""What a copy makes anew: another machine may have other backends."""


class LayerCore:
    """A circuit with everything a layer around it decides once, when it is made.

    The arguments are those of the layers. Raises `QS601` to `QS604`, `QS620` to `QS623` and what
    tracing raises.
    """

    func: Func
    """The traced circuit, before an encoding is prepended."""
    n_qubits: int
    encoding: str | None
    """What is prepended, `None` when the circuit takes data itself."""
    in_features: int | None
    out_features: int
    """Extent of the last axis of the output."""
    weight_names: list[str]
    """One name per weight, in order."""
    weight_shapes: dict[str, tuple[int, ...]]
    """The parameters a layer registers, in order."""
    usage: Usage
    """What this layer has run since it was made."""

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
        seed: int | None = None,
        depth: int = 1,
        entanglement: str = "linear",
        strict: bool = False,
        metrics: bool = True,
        noise: Noise = None,
    ) -> None:
        one_of("output", output, OUTPUTS)
        _check_shots(shots, output)
        _check_features(in_features)
        self.backend = settings().default_backend if backend is None else backend
        self.config, self.strict = SimulatorConfig.of(self.backend), strict
        self.output, self.shots, self.seed = output, shots, seed_of_layer(seed)
        self.gradient = GradientConfig.of(gradient)
        self.metered = metrics
        self.noise = None if noise is None else NoiseModel.of(noise)
        traced = trace_circuit(
            circuit_fn,
            n_qubits,
            observables=observables,
            output=output,
            weight_shapes=weight_shapes,
            input_params=input_params,
            in_features=in_features,
            depth=depth,
            entanglement=entanglement,
        )
        self._adopt(traced, input_encoding, in_features)
        self.placement = place(self.config, n_qubits=self.n_qubits, strict=strict, stacklevel=5)
        check_gradient(self.gradient, output, self.placement.name, shots)
        if self.gradient.method in PURE and (self.noise is not None or has_effects(self.func)):
            raise needs_gates_alone(self.gradient.method)
        self._start_transient()

    def _adopt(self, traced: TracedCircuit, encoding: str | None, in_features: int | None) -> None:
        self.n_qubits = traced.n_qubits
        self.func = traced.func
        if encoding is not None:
            one_of("input_encoding", encoding, tuple(ENCODINGS))
        self.encoding = None if traced.has_inputs else encoding
        used = self.used_features if traced.has_inputs else None
        if in_features is not None and used is not None and in_features < used:
            raise error(
                "QS601", f"the circuit reads {used} features, but in_features={in_features}"
            )
        self.in_features = in_features if in_features is not None else used
        self.out_features = _width(traced, self.output)
        self.weight_names = list(traced.weight_names)
        self.weight_shapes = _registered_shapes(self.func)

    def _start_transient(self) -> None:
        """State that is made anew in every copy."""
        self.usage = Usage()
        self._functions: dict[tuple[int, str], AnyFunction] = {}
        self._warned_unused = False
        self._calls = 0

    # --- running ------------------------------------------------------------------------------

    @property
    def resolved_backend(self) -> str:
        """The name of the backend that runs, of `auto` the one of the latest call."""
        names = [backend_of(f.program, self.placement) for f in self._functions.values()]
        return names[-1] if names else backend_of(None, self.placement)

    @property
    def resolved_gradient(self) -> str:
        """The gradient method that is used."""
        return resolved(self.gradient, self.placement.name, self.shots).method

    @property
    def circuit(self) -> QuantumCircuit:
        """The circuit to draw and count, with its encoding once the number of features is known."""
        func = self.func
        if self.encoding is not None and self.in_features is not None:
            func = prepend_encoding(func, self.in_features, self.encoding)
        return QuantumCircuit.from_ir(func)

    @cached_property
    def estimate(self) -> Estimate | None:
        """How values and gradients are estimated; `None` where both are exact, and then the
        function differentiates itself."""
        exact = self.gradient.swept or self.gradient.method in EXACT
        if self.output in ("samples", "state") or (self.shots is None and exact):
            return None
        config = resolved(self.gradient, self.placement.name, self.shots)
        return Estimate(config, self.shots)

    @property
    def used_features(self) -> int:
        """How many features the circuit itself reads."""
        return sum(value.type.size for value in self.func.args_with_role("input"))

    def features(self, shape: Sequence[int | None]) -> int:
        """The number of features the circuit will read from inputs of this shape.

        Warns once about unused ones. Raises `QS601` when there are too few.
        """
        if len(shape) == 0:
            raise error("QS601", "inputs must have shape (..., features), got a scalar")
        given = shape[-1]
        if given is None:
            raise error("QS601", "the last axis of inputs must have a known extent, got None")
        if self.encoding is not None:
            if self.in_features is not None and given != self.in_features:
                raise error("QS601", f"inputs must have {self.in_features} features, got {given}")
            return given
        used = self.used_features
        if given < used:
            raise error("QS601", f"the circuit reads {used} features, inputs have {given}")
        if given > used and not self._warned_unused:
            self._warned_unused = True
            warnings.warn(
                f"the circuit reads features 0..{used - 1} of {given}; "
                f"features {list(range(used, given))} are unused",
                UserWarning,
                stacklevel=4,
            )
        return used

    def function(self, features: int, dtype: str = "float32") -> AnyFunction:
        """The circuit of this many features in a precision, `float32` or `float64`."""
        found = self._functions.get((features, dtype))
        if found is None:
            func = self.func
            if self.encoding is not None:
                func = prepend_encoding(func, features, self.encoding)
            if self.noise is not None:
                func = noisy(func, self.noise)
            func = run_pipeline("default", Module((func,))).main
            # Estimates have seeds, so they are made from the outside; see `estimate`.
            gradient = self.gradient if self.estimate is None else "auto"
            made = CircuitFunction(func, dtype, self._placement_for(func), gradient)
            found = MeteredFunction(made, self.usage) if self.metered else made
            self._functions[features, dtype] = found
        return found

    def _placement_for(self, func: Func) -> Placement:
        """Trajectories of a noisy circuit follow the layer's seed unless they have their own."""
        if self.seed is None or self.placement.seed is not None or not has_effects(func):
            return self.placement
        return replace(self.placement, seed=self.seed)

    @property
    def inner_shape(self) -> tuple[int, ...]:
        """Axes between those of the batch and the last one: shots, or rows of a density matrix."""
        if self.output == "samples":
            return (self.shots or 1,)
        if self.output != "state":
            return ()
        func = self.func if self.noise is None else noisy(self.func, self.noise)
        return (1 << self.n_qubits,) if has_effects(func) else ()

    def check_real(self, dtype: object) -> None:
        """Raises `QS602` for inputs of a complex type or of text."""
        name = getattr(dtype, "name", None) or str(dtype).removeprefix("torch.")
        if any(word in name for word in ("complex", "string", "object")):
            raise error("QS602", f"inputs must be real numbers, got {name}")

    def check_weights(self, shape: Sequence[int | None], batch: int | None) -> None:
        """Raises `QS602` unless weights are one row, or one per sample. `None` is any extent."""
        wanted = len(self.weight_names)
        rows = shape[0] if len(shape) == 2 else None
        known = rows is not None and batch is not None
        if not len(shape) or shape[-1] != wanted or (known and rows != batch):
            raise error(
                "QS602",
                f"weights must have shape ({wanted},) or ({batch}, {wanted}), got {tuple(shape)}",
            )

    def next_seed(self, fresh: Callable[[], int]) -> int:
        """A seed for one call: shot noise differs from call to call and, given `seed`, repeats from
        run to run. `fresh` draws one from the framework's own generator."""
        if self.seed is None:
            return fresh()
        self._calls += 1
        return self.seed * 1_000_003 + self._calls

    def metrics(self, *, reset: bool = False) -> dict[str, float]:
        """See `Usage.summary`; empty when the layer was made with `metrics=False`."""
        if not self.metered:
            return {}
        found = self.usage.summary(self.resolved_backend)
        if reset:
            self.usage.reset()
        return found

    # --- saving -------------------------------------------------------------------------------

    @property
    def backend_config(self) -> str | dict[str, Any]:
        """The backend asked for, as JSON can hold it; `backend=` takes it again."""
        return self.backend if isinstance(self.backend, str) else self.config.to_dict()

    @property
    def noise_config(self) -> dict[str, Any] | None:
        """The noise model as JSON can hold it; `noise=` takes it again."""
        return None if self.noise is None else self.noise.to_dict()

    @property
    def circuit_text(self) -> str:
        """The traced circuit as IR text, which is a `circuit_fn` again."""
        return str(Module((self.func,)))

    def __getstate__(self) -> dict[str, Any]:
        """Everything but compiled programs and counters."""
        state = {name: part for name, part in self.__dict__.items() if name not in _TRANSIENT}
        state["func"] = self.circuit_text
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.gradient = GradientConfig.of(state["gradient"])
        self.func = parse_module(state["func"]).main
        self.placement = place(self.config, n_qubits=self.n_qubits, strict=self.strict)
        self._start_transient()


def one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    """Raises `QS602` for a value of an argument that is not one of those known."""
    if value not in known:
        raise error(
            "QS602",
            f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}",
            help=did_you_mean(str(value), known),
        )


def _check_shots(shots: object, output: str) -> None:
    if shots is None:
        if output == "samples":
            raise error("QS602", "output='samples' needs shots=, got None")
        return
    if isinstance(shots, bool) or not isinstance(shots, int) or shots < 1:
        raise error("QS602", f"shots must be a positive integer or None, got {shots!r}")
    if output in ("probs", "state"):
        raise error("QS602", f"shots={shots} goes with expval or samples, not {output!r}")


def _check_features(in_features: object) -> None:
    if in_features is None:
        return
    if isinstance(in_features, bool) or not isinstance(in_features, Integral) or in_features < 1:
        raise error("QS602", f"in_features must be a positive integer or None, got {in_features!r}")


def _registered_shapes(func: Func) -> dict[str, tuple[int, ...]]:
    """One entry per parameter of a layer: named tensors, or one vector of all scalars."""
    values = func.args_with_role("weight")
    if len(values) == 1 and values[0].type.shape and values[0].name in _PLAIN_WEIGHTS:
        return {"weights": values[0].type.shape}
    if any(value.type.shape for value in values):
        return {value.name: value.type.shape for value in values}
    return {"weights": (len(values),)} if values else {}


def _width(traced: TracedCircuit, output: str) -> int:
    """The extent of the last axis of the output. Values and probabilities stand side by side;
    bits and states that the circuit ends with besides are other outputs."""
    first = traced.observations[0]
    if output in ("samples", "state"):
        return first.result_type(traced.n_qubits).size
    kept = [item for item in traced.observations if isinstance(item, Expval | Probs)]
    if not kept:
        raise error(
            "QS335",
            f"output={output!r}, but the circuit ends with {first!r} alone",
            help="give observables, or another output",
        )
    return sum(item.result_type(traced.n_qubits).size for item in kept)
