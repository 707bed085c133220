"""Classical declarations and assignments, inputs, and arguments of subroutines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from q_store.frontends.expr import Expr, Ref, as_number
from q_store.frontends.parameters import Parameter, ParameterTable
from q_store.frontends.qasm.limits import MAX_BITS, MAX_ELEMENTS, too_much
from q_store.frontends.qasm.scope import MAX_WIDTH, Bits, Cell, Qubits, Variable
from q_store.frontends.symbols import check_name, parse_symbol

if TYPE_CHECKING:
    from openqasm3 import ast

    from q_store.frontends.qasm.state import State

_KINDS: Final = {
    "IntType": "int",
    "UintType": "uint",
    "FloatType": "float",
    "AngleType": "angle",
    "BoolType": "bool",
    "BitType": "bit",
    "ArrayType": "array",
    "ArrayReferenceType": "array",
}


def kind_of(state: State, node: Any) -> tuple[str, int | None]:
    """The kind of a type, and the bits of a sized integer. Raises `QS374`."""
    kind = _KINDS.get(type(node).__name__)
    if kind is None:
        what = type(node).__name__.removesuffix("Type").lower()
        raise state.source.error("QS374", f"the type {what} is not supported", node)
    if kind not in ("int", "uint") or node.size is None:
        return kind, None
    return kind, state.size_of(node.size, MAX_WIDTH)


def value_of(state: State, node: Any) -> Any:
    """The value of an expression, or the bits of a measurement."""
    if type(node).__name__ == "QuantumMeasurement":
        qubits = state.evaluate.qubits(node.qubit)
        return Bits(state.measure(qubits, node), qubits.whole)
    return state.evaluate.any(node)


def declare(state: State, node: Any, init: Any, constant: bool = False) -> None:
    """A declaration, with its first value if it has one."""
    name, (kind, width) = node.identifier.name, kind_of(state, node.type)
    if kind == "bit":
        _declare_bits(state, node, init)
        return
    shape = _shape(state, node.type) if kind == "array" else ()
    if init is not None:
        value = _fitting(state, value_of(state, init), kind, init)
        if kind == "array":
            _check_shape(state, value, shape, init)
    else:
        value = _filled(list(shape), 0) if kind == "array" else None
    variable = Variable(None, kind, width, constant, state.level)
    variable.value = variable.fitted(value)
    state.declare(name, variable, node)


def _declare_bits(state: State, node: Any, init: Any) -> None:
    whole = node.type.size is not None
    size = state.size_of(node.type.size, MAX_BITS)
    cells: list[Cell] = [0] * size
    if init is not None:
        cells = _cells(state, value_of(state, init), size, init)
    state.declare_bits(node.identifier.name, cells, whole, node)


def _cells(state: State, value: Any, size: int, node: ast.QASMNode) -> list[Cell]:
    """A value as this many bits."""
    if isinstance(value, bool | int) and 0 <= value < 1 << min(size, 64):
        return [(int(value) >> place) & 1 if place < 64 else 0 for place in range(size)]
    if not isinstance(value, Bits) or len(value.cells) != size:
        raise state.source.error("QS377", f"expected {size} bits here", node)
    return list(value.cells)


def _shape(state: State, node: Any) -> tuple[int, ...]:
    dimensions = node.dimensions if isinstance(node.dimensions, list) else []
    shape = tuple([state.size_of(extent, MAX_ELEMENTS) for extent in dimensions])
    total = 1
    for extent in shape:
        total *= extent
    if total > MAX_ELEMENTS:
        span = state.source.span_of(node)
        raise too_much(f"an array of {total} elements", MAX_ELEMENTS, span)
    return shape


def _filled(shape: list[int], value: Any) -> Any:
    if not shape:
        return value
    return [_filled(shape[1:], value) for _ in range(shape[0])]


def _check_shape(state: State, value: Any, shape: tuple[int, ...], node: ast.QASMNode) -> None:
    if not shape:
        if isinstance(value, list):
            raise state.source.error("QS377", "the array has too many dimensions", node)
        return
    if not isinstance(value, list) or len(value) != shape[0]:
        raise state.source.error("QS377", f"expected {shape[0]} elements here", node)
    for part in value:
        _check_shape(state, part, shape[1:], node)


def _fitting(state: State, value: Any, kind: str, node: ast.QASMNode) -> Any:
    """A value as a variable of a kind keeps it."""
    if kind == "array":
        if not isinstance(value, list):
            raise state.source.error("QS377", "expected an array here", node)
        return _copied(value)
    if isinstance(value, Bits):
        value = state.evaluate.unsigned(value, node)
    if isinstance(value, Expr) and kind in ("float", "angle"):
        return value
    if isinstance(value, int | float):
        if kind in ("float", "angle"):
            return float(value)
        if kind == "bool":
            return bool(value)
        if isinstance(value, int):
            return int(value)
    raise state.source.error("QS377", f"this value cannot be kept as {kind}", node)


def _copied(value: Any) -> Any:
    return [_copied(part) for part in value] if isinstance(value, list) else value


# --- inputs -----------------------------------------------------------------------------------


def declare_input(state: State, node: Any) -> None:
    """A parameter of the circuit, or a value given when the program is read."""
    name = node.identifier.name
    kind, width = kind_of(state, node.type)
    if name in state.constants:
        _declare_given(state, node, kind, width)
        return
    if kind not in ("float", "angle", "array"):
        raise state.source.error(
            "QS374",
            f"the input `{name}` is no number of radians",
            node,
            "give it a value: from_qasm(..., constants={...})",
        )
    shape = _shape(state, node.type) if kind == "array" else ()
    if kind == "array" and type(node.type.base_type).__name__ not in ("FloatType", "AngleType"):
        raise state.source.error("QS374", "an input array is of floats or angles", node)
    value = _input_value(state, state.renamed.get(name, name), shape)
    state.declare(name, Variable(value, kind, None, True), node)


def _input_value(state: State, name: str, shape: tuple[int, ...]) -> Any:
    if "[" in name and not shape:
        element = parse_symbol(name)
        table = ParameterTable([Parameter(*item) for item in state.parameters.items()])
        table.note([element])
        state.parameters |= {entry.name: entry.shape for entry in table}
        return element
    check_name(name)
    if name in state.vectors:
        vector, place, size = state.vectors[name]
        state.parameters[vector] = (size,)
        return Expr.of(Ref(vector, (place,), (size,)))
    state.parameters[name] = shape
    return _elements(name, shape, ())


def _elements(name: str, shape: tuple[int, ...], index: tuple[int, ...]) -> Any:
    depth = len(index)
    if depth == len(shape):
        return Expr.of(Ref(name, index, shape or None))
    return [_elements(name, shape, (*index, place)) for place in range(shape[depth])]


def _declare_given(state: State, node: Any, kind: str, width: int | None) -> None:
    name = node.identifier.name
    value = state.constants[name]
    number = int(value) if isinstance(value, bool | int) else as_number(value)
    if number is None:
        raise state.source.error("QS377", f"the value of `{name}` must be a number", node)
    if kind == "bit":
        size = state.size_of(node.type.size, MAX_BITS)
        cells = _cells(state, number, size, node)
        state.declare_bits(name, cells, node.type.size is not None, node)
        return
    variable = Variable(None, kind, width, True)
    variable.value = variable.fitted(_fitting(state, number, kind, node))
    state.declare(name, variable, node)


# --- assignment -------------------------------------------------------------------------------


def assign(state: State, node: Any) -> None:
    """`=` and its relatives on variables, array elements and bits."""
    target = getattr(node.lvalue, "name", "")
    name = target if isinstance(target, str) else target.name
    found = state.scopes.find(name)
    operator = node.op.name
    if isinstance(found, Bits) and operator == "=":
        value = value_of(state, node.rvalue)
        store_bits(state, node.lvalue, value, node)
        return
    if not isinstance(found, Variable):
        what = "not declared" if found is None else "no variable"
        raise state.source.error("QS372", f"`{name}` is {what}", node)
    if found.constant:
        raise state.source.error("QS377", f"`{name}` cannot be changed", node)
    if state.level > found.level:
        raise state.source.error(
            "QS379", f"`{name}` would depend on measured bits when this is carried out", node
        )
    value = value_of(state, node.rvalue)
    if operator != "=":
        left = state.evaluate.number(node.lvalue)
        right = state.evaluate.number(node.rvalue)
        value = state.evaluate.combine(operator[:-1], left, right, node)
    _store(state, found, node, value)


def _store(state: State, variable: Variable, node: Any, value: Any) -> None:
    indices = getattr(node.lvalue, "indices", [])
    if not indices:
        variable.value = variable.fitted(_fitting(state, value, variable.kind, node))
        return
    places = [item for index in indices for item in _plain_indices(state, index, node)]
    place: Any = variable.value
    for item in places[:-1]:
        place = place[state.evaluate.place(item, place, node)] if isinstance(place, list) else None
    if not isinstance(place, list) or isinstance(value, list | Qubits | Bits):
        raise state.source.error("QS374", "only single elements of arrays are assigned to", node)
    at = state.evaluate.place(places[-1], place, node)
    if isinstance(place[at], list):
        raise state.source.error("QS374", "only single elements of arrays are assigned to", node)
    place[at] = value


def _plain_indices(state: State, index: Any, node: ast.QASMNode) -> list[int]:
    if not isinstance(index, list) or any(
        type(item).__name__ == "RangeDefinition" for item in index
    ):
        raise state.source.error("QS374", "only single elements of arrays are assigned to", node)
    return [state.evaluate.integer(item) for item in index]


def _places(state: State, target: Any) -> tuple[str, Bits, list[Any]]:
    """The register an assignment to bits goes to, its name, and the places in it."""
    name = target.name if isinstance(target.name, str) else target.name.name
    found = state.scopes.find(name)
    if not isinstance(found, Bits):
        what = "not declared" if found is None else "no bit register"
        raise state.source.error("QS372", f"`{name}` is {what}", target)
    places = Bits(list(range(len(found.cells))), found.whole)
    for index in getattr(target, "indices", []):
        places = state.evaluate.indexed(places, index, target)
    return name, found, places.cells


def bit_names(state: State, target: Any) -> list[str]:
    """Names for the outcomes that go to a target: `c_0` for c[0], `flag` for a single bit."""
    name, found, places = _places(state, target)
    return [f"{name}_{place}" if found.whole else name for place in places]


def store_bits(state: State, target: Any, value: Any, node: ast.QASMNode) -> None:
    """Bits into a register, a part of it, or a single bit."""
    _, found, places = _places(state, target)
    cells = value if isinstance(value, list) else _cells(state, value, len(places), node)
    if len(cells) != len(places):
        raise state.source.error("QS375", f"{len(cells)} bits are put into {len(places)}", node)
    for place, cell in zip(places, cells, strict=True):
        found.cells[place] = cell


def argument(state: State, wanted: Any, node: ast.QASMNode) -> Any:
    """What an argument of a subroutine stands for in its body."""
    if type(wanted).__name__ == "QuantumArgument":
        qubits = state.evaluate.qubits(node)
        size = state.size_of(wanted.size, MAX_BITS)
        if len(qubits.wires) != size:
            raise state.source.error(
                "QS375", f"expected {size} qubits, got {len(qubits.wires)}", node
            )
        return Qubits(qubits.wires, wanted.size is not None)
    kind, width = kind_of(state, wanted.type)
    value = state.evaluate.any(node)
    if kind == "bit":
        size = state.size_of(wanted.type.size, MAX_BITS)
        return Bits(_cells(state, value, size, node), wanted.type.size is not None)
    by_reference = kind == "array" and "mutable" in str(getattr(wanted, "access", "")).lower()
    variable = Variable(None, kind, width, False, state.level)
    kept = value if by_reference else _fitting(state, value, kind, node)
    variable.value = variable.fitted(kept)
    return variable
