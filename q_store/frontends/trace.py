"""Circuit functions to IR: call the function once with symbols and keep what it writes down.

`trace_circuit` accepts a function with the arguments `signature` describes, or something that is a
circuit already: a `QuantumCircuit`, a `Func` or `Module`, a circuit of another library, the text of
a program, or a file with any of these (`formats`), `FILE.py:NAME` among them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from q_store.frontends.ansatz import hardware_efficient
from q_store.frontends.arrays import Features, Handle
from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.expr import Expr
from q_store.frontends.foreign import native_observables, packages_of
from q_store.frontends.formats import (
    first_of,
    names_a_file,
    read_program,
    read_text_program,
)
from q_store.frontends.observing import OUTPUTS, observe
from q_store.frontends.parameters import (
    InputParams,
    Parameter,
    ParameterTable,
    with_roles,
)
from q_store.frontends.python_files import named_object
from q_store.frontends.signature import (
    CIRCUIT,
    INPUTS,
    N_QUBITS,
    SHAPED,
    WEIGHTS,
    argument_meanings,
)
from q_store.frontends.symbols import array, scalar
from q_store.qir.diagnostics import QStoreError, did_you_mean, error
from q_store.qir.func import Func, Module, Role, element_names
from q_store.qir.observables import Observation, PauliSum
from q_store.qir.ops import Op

Observables = str | PauliSum | Observation | Sequence[str | PauliSum | Observation]
WeightShapes = Mapping[str, int | Sequence[int]] | int | Sequence[int]


@dataclass(frozen=True, slots=True)
class TracedCircuit:
    """A circuit ready to compile: what the function wrote, with roles and observations."""

    func: Func
    """Ends in `m.observe`. Arguments are in order of first appearance, each with its role."""
    n_qubits: int

    @property
    def has_inputs(self) -> bool:
        """Whether data enters the circuit; if not, an encoding has to be put in front."""
        return bool(self.func.args_with_role("input"))

    @property
    def input_names(self) -> tuple[str, ...]:
        """One name per feature, in order: `x[0]`, `x[1]`, …"""
        return self._elements("input")

    @property
    def weight_names(self) -> tuple[str, ...]:
        """One name per weight, in order."""
        return self._elements("weight")

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every weight parameter by name, in order; `()` for a scalar."""
        return {value.name: value.type.shape for value in self.func.args_with_role("weight")}

    @property
    def used_inputs(self) -> frozenset[str]:
        """Those of `input_names` that an angle depends on."""
        used = frozenset(
            f"{value.name}[{','.join(map(str, index))}]" if index else value.name
            for op in _all_ops(self.func.ops)
            for angle in op.angles
            for (value, index), _ in angle.terms
        )
        return used & frozenset(self.input_names)

    @property
    def observations(self) -> tuple[Observation, ...]:
        """What the circuit yields, in order."""
        last = self.func.observe
        return last.observations if last else ()

    def _elements(self, role: Role) -> tuple[str, ...]:
        return tuple(
            [name for value in self.func.args_with_role(role) for name in element_names(value)]
        )


def _all_ops(ops: Iterable[Op]) -> Iterator[Op]:
    """Ops and the ops of their bodies."""
    for op in ops:
        yield op
        for region in op.regions:
            yield from _all_ops(region.ops)


def trace_circuit(
    circuit_fn: object = None,
    n_qubits: int | None = None,
    *,
    observables: Observables | None = None,
    output: str = "expval",
    weight_shapes: WeightShapes | None = None,
    input_params: InputParams | None = None,
    in_features: int | None = None,
    depth: int = 1,
    entanglement: str = "linear",
) -> TracedCircuit:
    """The circuit that a function, or an object that is a circuit already, stands for.

    The function is called once, with symbols for what its arguments are named after (see
    `signature`), and returns a circuit, IR, a pair `(circuit, observables)`, or nothing when it
    was given a circuit to fill in. `None` stands for `depth` layers of RX, RY, RZ and CX.

    `weight_shapes` gives shapes by argument name, or one shape for the weights argument, and
    `in_features` the size of the inputs; arrays without a shape grow with use. `input_params` says
    which parameters are data (names, or a prefix). `observables` default to Z on every qubit, or
    on the measured ones; `output` is `expval`, `probs`, `samples` or `state`.

    Raises `QS330` to `QS339`, `QS601` for a function that reads more than `in_features`, and
    whatever the function raises.
    """
    if output not in OUTPUTS:
        raise error(
            "QS336",
            f"unknown output {output!r}: expected {', '.join(OUTPUTS)}",
            help=did_you_mean(str(output), OUTPUTS),
        )
    tracing = _Tracing(n_qubits, weight_shapes, in_features, input_params)
    circuit_fn = named_object(circuit_fn)
    produced = circuit_fn
    if circuit_fn is None:
        produced = hardware_efficient(tracing.width("circuit_fn=None"), depth, entanglement)
    elif callable(circuit_fn) and _converted(circuit_fn) is None:
        produced = tracing.call(circuit_fn)
    if isinstance(produced, tuple) and len(produced) == 2:
        produced, returned = produced
        if observables is not None:
            raise error("QS335", "observables are given as an argument and by the circuit function")
        observables = returned
    func = tracing.func(produced)
    observables = native_observables(observables, produced)
    return TracedCircuit(observe(func, observables, output), func.n_qubits)


class _Tracing:
    """One call of `trace_circuit`: its options and the symbols handed out."""

    def __init__(
        self,
        n_qubits: int | None,
        weight_shapes: WeightShapes | None,
        in_features: int | None,
        input_params: InputParams | None,
    ) -> None:
        self.n_qubits = None if n_qubits is None else QuantumCircuit(n_qubits).n_qubits
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.weights_shape = None
        if isinstance(weight_shapes, Mapping):
            self.shapes = {name: _shape(name, shape) for name, shape in weight_shapes.items()}
        elif weight_shapes is not None:
            self.weights_shape = _shape("weights", weight_shapes)
        self.inputs_shape = None if in_features is None else _shape("in_features", in_features)
        self.input_params = input_params
        self.handles: list[tuple[Handle | Expr, str, Role]] = []
        self.given: QuantumCircuit | None = None

    def width(self, why: str) -> int:
        if self.n_qubits is None:
            raise error(
                "QS333",
                f"n_qubits is needed for {why}",
                help="give n_qubits=4, or `--n-qubits 4` on the command line",
            )
        return self.n_qubits

    def call(self, function: Callable[..., Any]) -> object:
        """Call the function; its result, or the circuit it filled in."""
        meanings = argument_meanings(function, self.shapes)
        arguments = {name: self.argument(name, meaning) for name, meaning in meanings.items()}
        result = _recorded(function, arguments)
        if result is None:
            result = self.given
        elif isinstance(result, tuple) and len(result) == 2 and result[0] is None:
            result = (self.given, result[1])
        if result is None:
            raise error(
                "QS332",
                f"`{getattr(function, '__name__', function)}` returned nothing and takes no "
                "circuit to fill in",
                help="return the circuit, or take an argument named `circuit`",
            )
        return result

    def argument(self, name: str, meaning: str) -> object:
        if meaning == CIRCUIT:
            self.given = QuantumCircuit(self.width(f"the argument `{name}`"))
            return self.given
        if meaning == N_QUBITS:
            return self.width(f"the argument `{name}`")
        shapes = {INPUTS: self.inputs_shape, WEIGHTS: self.weights_shape}
        shape = self.shapes[name] if meaning == SHAPED else shapes[meaning]
        symbol = scalar(name) if shape == () else array(name, shape)
        if meaning == INPUTS and shape:
            symbol = Features(name, shape)
        self.handles.append((symbol, name, "input" if meaning == INPUTS else "weight"))
        return symbol

    def func(self, produced: object) -> Func:
        """The IR of what the function returned, parameters declared."""
        converted = _converted(produced)
        if converted is None:
            kind = type(produced)
            raise error(
                "QS332",
                f"a circuit of type {kind.__module__}.{kind.__name__} is not understood: expected "
                "a QuantumCircuit, a Func or Module, or IR text",
            )
        if isinstance(converted, Func):
            func = self.with_roles(converted)
        else:
            func = self.lowered(converted)
        if self.n_qubits is not None and func.n_qubits != self.n_qubits:
            raise error(
                "QS333", f"the circuit has {func.n_qubits} qubits, but n_qubits is {self.n_qubits}"
            )
        return func

    def with_roles(self, func: Func) -> Func:
        """IR says roles and shapes itself; options may change the roles."""
        for value in func.args:
            if value.type.kind != "f64":
                raise error(
                    "QS340",
                    f"@{func.name} takes %{value.name}: {value.type}; a circuit takes numbers only "
                    "and allocates its own qubits",
                )
        entries = [
            Parameter(value.name, value.type.shape, True, role)
            for value, role in zip(func.args, func.roles, strict=True)
        ]
        self.check_shapes(ParameterTable(entries))
        roles = {entry.name: entry.role for entry in with_roles(entries, self.input_params)}
        return func.replace(roles=tuple([roles[entry.name] for entry in entries]))

    def lowered(self, circuit: QuantumCircuit) -> Func:
        """Declare what was handed out, then shapes of weights known by name only, then lower."""
        circuit = circuit.copy()
        table = circuit.parameter_table
        for symbol, name, role in self.handles:
            shape = symbol.extent if isinstance(symbol, Handle) else ()
            if name in table:
                table.declare(name, _covering(shape, table[name]), role)
            elif role == "weight" and (shape or isinstance(symbol, Expr)):
                table.declare(name, shape, role)
        self.check_shapes(table)
        return circuit.to_ir(input_params=self.input_params)

    def check_shapes(self, table: ParameterTable) -> None:
        """Every key of `weight_shapes` is a parameter of that shape."""
        for name, shape in self.shapes.items():
            if name not in table:
                raise error(
                    "QS331",
                    f"`weight_shapes` names `{name}`, which is neither an argument of the circuit "
                    "function nor a parameter of the circuit",
                    help=did_you_mean(name, table.names),
                )
            table.declare(name, shape, "weight")


def _covering(shape: tuple[int, ...], entry: Parameter) -> tuple[int, ...]:
    """The larger of what was asked for and what is used; a difference in kind is left to
    `declare` to report."""
    if entry.fixed or len(shape) != len(entry.shape):
        return entry.shape
    return tuple(map(max, shape, entry.shape))


def _recorded(function: Callable[..., Any], arguments: dict[str, object]) -> object:
    """The result of a call, or the circuit of PennyLane operators it put down."""
    if "pennylane" not in sys.modules:
        return _call(function, arguments)
    record = import_module("q_store.frontends.pennylane").record_call
    result: object = record(_call, function, arguments)
    return result


def _call(function: Callable[..., Any], arguments: dict[str, object]) -> object:
    """Call by name, arguments that have no name in a call first."""
    kinds = {name: p.kind for name, p in inspect.signature(function).parameters.items()}
    first = [name for name in arguments if kinds[name] is inspect.Parameter.POSITIONAL_ONLY]
    rest = {name: value for name, value in arguments.items() if name not in first}
    try:
        return function(*[arguments[name] for name in first], **rest)
    except (TypeError, ValueError, IndexError, AttributeError, ImportError) as problem:
        if not isinstance(problem, QStoreError):
            problem.add_note(_what_it_got(function, arguments))
        raise


def _what_it_got(function: Callable[..., Any], arguments: Mapping[str, object]) -> str:
    """For errors of functions, or of libraries they call, that expect numbers or a batch."""
    shown = [f"`{name}` is {_brief(value)}" for name, value in arguments.items() if _brief(value)]
    name = getattr(function, "__name__", type(function).__name__)
    note = f"q-store called `{name}` once, for one sample without a batch"
    return note + (f", with symbols: {', '.join(shown)}" if shown else "")


def _brief(value: object) -> str:
    """What a symbol or an array of them is, nothing for anything else."""
    if isinstance(value, Handle | Expr):
        return repr(value)
    return f"an array {value.shape} of symbols" if hasattr(value, "shape") else ""


def _shape(name: str, shape: object) -> tuple[int, ...]:
    extents = tuple(shape) if isinstance(shape, Sequence) else (shape,)
    for extent in extents:
        if isinstance(extent, bool) or not hasattr(extent, "__index__") or extent < 1:
            raise error("QS331", f"the shape of `{name}` must be positive integers, got {shape!r}")
    return tuple(map(int, extents))


# --- what counts as a circuit -----------------------------------------------------------------

Converted = QuantumCircuit | Func


def _from_own(item: object) -> Converted | None:
    if isinstance(item, Module):
        return item.main
    return item if isinstance(item, Converted) else None


def _from_text(item: object) -> Converted | None:
    """A program in any language, or the name of a file with one."""
    if not isinstance(item, str):
        return None
    if names_a_file(item):
        return first_of(read_program(item))
    return first_of(read_text_program(item, "<circuit>"))


def _from_path(item: object) -> Converted | None:
    return first_of(read_program(item)) if isinstance(item, Path) else None


def _when_needed(module: str, function: str) -> Callable[[object], Converted | None]:
    """A converter whose module, and with it another library, is imported by its first use."""

    def convert(item: object) -> Converted | None:
        found: Converted | None = getattr(import_module(module), function)(item)
        return found

    return convert


_CONVERTERS: Final[dict[str, Callable[[object], Converted | None]]] = {
    "q_store": _from_own,
    "builtins": _from_text,
    "pathlib": _from_path,
    "qiskit": _when_needed("q_store.frontends.qiskit", "convert"),
    "cirq": _when_needed("q_store.frontends.cirq", "convert"),
    "pennylane": _when_needed("q_store.frontends.pennylane", "convert"),
}
"""By the package a type or a base of it comes from; a converter gives `None` for what is no
circuit."""


def _converted(item: object) -> Converted | None:
    for package in packages_of(item):
        if package in _CONVERTERS:
            return _CONVERTERS[package](item)
    return None


def as_func(item: object) -> Func:
    """The IR of anything that is a circuit already. Raises `QS332` for anything else."""
    found = _converted(item)
    if found is None:
        kind = type(item)
        raise error(
            "QS332",
            f"a circuit of type {kind.__module__}.{kind.__name__} is not understood: expected "
            "a QuantumCircuit, a Func or Module, IR text, or a circuit of another library",
        )
    return found if isinstance(found, Func) else found.to_ir()
