"""`q_store.compile`: a program in any form to a function of its parameters, and `unitary`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from q_store.frontends.formats import Defines, first_of, names_a_file, read_program
from q_store.frontends.formats import read_text_program as read_text
from q_store.frontends.parameters import InputParams
from q_store.frontends.trace import WeightShapes, trace_circuit
from q_store.passes.manager import run_pipeline
from q_store.passes.pipeline import Pipeline
from q_store.plugins import is_own
from q_store.qir.diagnostics import did_you_mean, error
from q_store.qir.func import Func, Module
from q_store.qir.observables import Expval, Observation, Probs
from q_store.qir.values import Value
from q_store.runtime.backend import BackendLike, load, place
from q_store.runtime.compile_cache import SMALLEST, cached_executable
from q_store.runtime.function import CircuitFunction
from q_store.runtime.gradient_config import GradientLike
from q_store.runtime.gradients.asking import jacobian
from q_store.runtime.program import Program
from q_store.runtime.reference_func import unitary_of_func
from q_store.runtime.seeds import check_seed
from q_store.targets.executable import Executable
from q_store.targets.lower import lower

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
_DEFAULT_SHOTS: Final = 1000
_MAX_DENSE: Final = 12
"""A unitary of this many qubits takes 256 MiB."""


def compile(
    program: Any,
    n_qubits: int | None = None,
    *,
    passes: str | Pipeline = "default",
    defines: Defines | None = None,
    observables: Any = None,
    output: str = "expval",
    weight_shapes: WeightShapes | None = None,
    input_params: InputParams | None = None,
    in_features: int | None = None,
    backend: BackendLike = None,
    dtype: DTypeLike = "float64",
) -> CompiledCircuit:
    """Compile a circuit in any form: what `trace_circuit` takes, files of every format and text
    among it.

    `passes` is a pipeline as text; `defines` gives values to settings and constants of a program
    of the text language, or to OpenQASM inputs that shape a circuit; `backend` and `dtype`
    (`float32` or `float64`) say what runs it. The rest is as for layers.

    Raises `QS386` where there is nothing to define, and what reading, tracing and passes raise.
    """
    source = _defined(program, defines) if defines else program
    traced = trace_circuit(
        source,
        n_qubits,
        observables=observables,
        output=output,
        weight_shapes=weight_shapes,
        input_params=input_params,
        in_features=in_features,
    )
    return CompiledCircuit(traced.func, backend, dtype, passes)


def _defined(program: Any, defines: Defines) -> Any:
    if isinstance(program, Path) or (isinstance(program, str) and names_a_file(program)):
        return first_of(read_program(program, defines))
    if isinstance(program, str):
        return first_of(read_text(program, "<circuit>", defines))
    raise error(
        "QS386",
        f"a {type(program).__name__} has no settings: nothing can be defined as `{min(defines)}`",
        help="programs of the text language and of OpenQASM 3 have",
    )


class CompiledCircuit:
    """A circuit after its passes, ready to run.

    >>> bell = compile("qubits q[2]; weight t; ry(t) q[0]; cx q[0], q[1]; expect Z0; expect X0 X1")
    >>> [round(float(value), 3) for value in bell(t=0.3)]
    [0.955, 0.296]
    """

    def __init__(
        self, traced: Func, backend: BackendLike, dtype: DTypeLike, passes: str | Pipeline
    ) -> None:
        self._traced, self._backend, self._dtype = traced, backend, dtype
        self._passes = _pipeline(passes)
        if len(traced.ops) < SMALLEST:  # Of larger ones the executable may be on disk.
            _ = self.func

    @cached_property
    def func(self) -> Func:
        """The function after the passes; it ends by observing."""
        return run_pipeline(self._passes, Module((self._traced,))).main

    @property
    def module(self) -> Module:
        """The function as a module, whose text is IR."""
        return Module((self.func,))

    @cached_property
    def executable(self) -> Executable:
        """The flat arrays that backends run; `save` writes them to a `.npz` file that `qstorec run`
        takes. Those of large circuits are kept on disk, see `q_store.configure`."""
        if not all(map(is_own, self._passes.walk())):
            return lower(self.func)  # The text of a pass from elsewhere does not say what it does.
        return cached_executable(self._traced, str(self._passes), lambda: lower(self.func))

    @cached_property
    def program(self) -> Program:
        """The executable in the backend."""
        placement = place(self._backend, n_qubits=self.n_qubits)
        return load(self.executable, self._dtype, placement)

    @cached_property
    def circuit_function(self) -> CircuitFunction:
        """Expectation values and probabilities as a function of all data and all weights, which
        `q_store.gradients` and `q_store.optimizers` take."""
        placement = place(self._backend, n_qubits=self.n_qubits)
        return CircuitFunction(self.func, self._dtype, placement)

    @property
    def n_qubits(self) -> int:
        """Number of wires."""
        return self.executable.n_qubits

    def __repr__(self) -> str:
        """`CompiledCircuit(n_qubits=2, parameters={'t': ()}, observations=[expval(Z0 Z1)])`"""
        last = self._traced.observe
        observations = ", ".join(map(str, last.observations)) if last else ""
        return (
            f"CompiledCircuit(n_qubits={self._traced.n_qubits}, parameters={self.parameters}, "
            f"observations=[{observations}])"
        )

    @property
    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by name, in order; `()` for a scalar."""
        return {value.name: value.type.shape for value in self._traced.args}

    @property
    def observations(self) -> tuple[Observation, ...]:
        """What a call gives, in order."""
        last = self.func.observe
        return last.observations if last else ()

    def __call__(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        shots: int = _DEFAULT_SHOTS,
        seed: int | None = 0,
        **named: Any,
    ) -> Any:
        """What the circuit yields for numbers for all its parameters, by name.

        Weights have their shape; data may have batch dimensions (B, …) in front, the same for all.
        An expectation value is () or (B,), probabilities are (2**k,), the state is (2**n,)
        complex, samples are (shots, k) bits, each with the batch in front; qubit 0, or the first
        listed, is most significant. Several observations are a tuple. The same `seed` draws the
        same samples; `None` draws others in every call.

        Raises `QS320` for an unknown name, `QS321` for a value of another shape, `QS711` for a
        parameter without a value.
        """
        drawn = check_seed(seed)
        if drawn is None:
            drawn = int(np.random.default_rng().integers(2**62))
        inputs, weights, batch = self._arrays(_merged(values, named))
        found = list(self._results(inputs, weights, shots, drawn))
        shaped = [np.reshape(part, (*batch, *part.shape[1:])) for part in found]
        return shaped[0] if len(shaped) == 1 else tuple(shaped)

    def gradient(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        method: GradientLike = "auto",
        shots: int | None = None,
        seed: int | None = None,
        **named: Any,
    ) -> Any:
        """Derivatives for every parameter by name, at numbers for all of them, as for a call.

        The derivative of an expectation value for a parameter of shape S is (B, …, *S), of
        probabilities (B, …, 2**k, *S), with the batch of the data in front. Several observations
        are a tuple. `method` is that of layers; without `shots` derivatives are exact.

        >>> turn = compile("qubits q[1]; weight t; rx(t) q; expect Z0; expect Y0")
        >>> z, y = turn.gradient(t=0.0)
        >>> float(z["t"]), float(y["t"])
        (0.0, -1.0)

        Raises what a call raises, `QS646` for a circuit that gives samples or states, and `QS640`
        to `QS643` for a method that cannot be used.
        """
        for item in self.observations:
            if not isinstance(item, Expval | Probs):
                raise error("QS646", f"only values and probabilities have derivatives, not {item}")
        inputs, weights, batch = self._arrays(_merged(values, named))
        found = jacobian(
            self.circuit_function, inputs, weights, gradient=method, shots=shots, seed=seed
        )
        parts = [
            self._by_name(found.inputs[:, columns], found.weights[:, columns], batch)
            for columns in _columns(self.observations)
        ]
        return parts[0] if len(parts) == 1 else tuple(parts)

    def _by_name(self, inputs: Real, weights: Real, batch: tuple[int, ...]) -> dict[str, Real]:
        """Derivatives (B, [width,] F) and (B, [width,] P) cut into those of each parameter."""
        found: dict[str, Real] = {}
        data = self._traced.args_with_role("input")
        trained = self._traced.args_with_role("weight")
        for values, joined in ((data, inputs), (trained, weights)):
            start = 0
            for value in values:
                stop = start + value.type.size
                shape = (*batch, *joined.shape[1:-1], *value.type.shape)
                found[value.name] = joined[..., start:stop].reshape(shape)
                start = stop
        return {name: found[name] for name in self.parameters}

    def _results(self, inputs: Real, weights: Real, shots: int, seed: int) -> Any:
        values: Any = None
        column = 0
        for position, item in enumerate(self.executable.outputs):
            if item.kind == "expval":
                values = self.program.expvals(inputs, weights) if values is None else values
                yield values[:, column]
                column += 1
            elif item.kind == "probs":
                yield self.program.probs(inputs, weights, item.qubits)
            elif item.kind == "sample":
                yield self.program.samples(inputs, weights, item.qubits, shots, seed + position)
            else:
                yield self.program.state(inputs, weights)

    # --- parameters ---------------------------------------------------------------------------

    def _arrays(self, given: Mapping[str, Any]) -> tuple[Real, Real, tuple[int, ...]]:
        """Inputs (B, F), weights (P,) and the shape of the batch."""
        _check_names(self.parameters, given)
        weights = self._row(
            [_weight(v, given).reshape(-1) for v in self._traced.args_with_role("weight")]
        )
        data = [(v, _array(v, given)) for v in self._traced.args_with_role("input")]
        batch = _common([_batch(v, array) for v, array in data])
        return self._rows(data, batch), weights, batch

    def _row(self, parts: Sequence[Real]) -> Real:
        return np.concatenate([*parts, np.zeros(0)]).astype(self.program.dtype)

    def _rows(self, data: Sequence[tuple[Value, Real]], batch: tuple[int, ...]) -> Real:
        """Inputs (B, F) of the batch, flattened to one dimension."""
        count = int(np.prod(batch, dtype=int))
        columns = [np.zeros((count, 0))]
        for value, array in data:
            full = np.broadcast_to(array, (*batch, *value.type.shape))
            columns.append(full.reshape(count, value.type.size))
        return np.concatenate(columns, axis=1).astype(self.program.dtype)


def _common(batches: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*batches)
    except ValueError:
        shown = " and ".join(map(str, dict.fromkeys(batches)))
        raise error("QS321", f"the batches of the data do not fit together: {shown}") from None


def _batch(value: Value, array: Real) -> tuple[int, ...]:
    return array.shape[: array.ndim - len(value.type.shape)]


def _pipeline(passes: object) -> Pipeline:
    if isinstance(passes, Pipeline):
        return passes
    if not isinstance(passes, str):
        raise error(
            "QS401",
            f"passes must be the text of a pipeline or a Pipeline, got {passes!r}",
            help="for example passes='canonicalize,cancel', or passes='' for none",
        )
    return Pipeline.parse(passes)


def _merged(values: Mapping[str, Any] | None, named: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(values, Mapping | None):
        raise error("QS321", f"values must be a mapping of parameter names, got {values!r}")
    return {**(values or {}), **named}


def _check_names(known: Mapping[str, object], given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in known:
            raise error(
                "QS320",
                f"the circuit has no parameter {name!r}",
                notes=[f"parameters: {', '.join(known) or 'none'}"],
                help=did_you_mean(str(name), known),
            )
    for name in known:
        if name not in given:
            raise error("QS711", f"the parameter `{name}` has no value")


def _array(value: Value, given: Mapping[str, Any]) -> Real:
    try:
        array = np.asarray(given[value.name], dtype=np.float64)
    except (TypeError, ValueError):
        array = np.asarray(np.nan)
    shape = value.type.shape
    if array.shape[array.ndim - len(shape) :] != shape or not np.isfinite(array).all():
        raise error(
            "QS321",
            f"the value of `{value.name}` must be finite real numbers of shape {shape}, got "
            f"{given[value.name]!r}",
        )
    return array


def _weight(value: Value, given: Mapping[str, Any]) -> Real:
    array = _array(value, given)
    if array.shape != value.type.shape:
        raise error("QS321", f"`{value.name}` has shape {value.type.shape}, got {array.shape}")
    return array


def _columns(observations: Sequence[Observation]) -> list[int | slice]:
    """Where each observation stands in what a `CircuitFunction` gives: values before
    probabilities."""
    places: dict[int, int | slice] = {}
    start = 0
    for position, item in enumerate(observations):
        if isinstance(item, Expval):
            places[position] = start
            start += 1
    for position, item in enumerate(observations):
        if isinstance(item, Probs):
            places[position] = slice(start, start + (1 << len(item.qubits)))
            start += 1 << len(item.qubits)
    return [places[position] for position in range(len(observations))]


def unitary(
    program: Any, values: Mapping[str, Any] | None = None, /, n_qubits: int | None = None
) -> Complex:
    """The unitary (2**n, 2**n) of a circuit in any form, its global phase included.

    `values` has a number or an array for every parameter; what the circuit observes at its end
    does not matter. Qubit 0 is the most significant bit of both indices. No passes run; the unitary
    after some is `unitary(compile(circuit, passes=…).func)`.

    >>> bell = unitary("qubits q[2]; weight t; ry(t) q[0]; cx q[0], q[1]", {"t": np.pi / 2})
    >>> bell[:, 0].real.round(3).tolist()
    [0.707, 0.0, 0.0, 0.707]

    Raises `QS510` for more than 12 qubits, `QS520` for a circuit with measurements in the middle,
    resets or noise, `QS711`, `QS320`, `QS321` for wrong values, and what tracing raises.
    """
    func = trace_circuit(program, n_qubits).func
    if func.n_qubits > _MAX_DENSE:
        raise error(
            "QS510",
            f"a unitary of {func.n_qubits} qubits is too large: at most {_MAX_DENSE} qubits",
            help="`compile(circuit, output='state')` gives one column",
        )
    given = _merged(values, {})
    _check_names({value.name: value for value in func.args}, given)
    return unitary_of_func(func, {value.name: _weight(value, given) for value in func.args})
