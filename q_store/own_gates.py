"""Gates of your own: `register_gate`, which `q_store.plugins` hands on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from keyword import iskeyword
from typing import Any, Final

from q_store.frontends.circuit import QuantumCircuit
from q_store.qir import dialects
from q_store.qir.diagnostics import error
from q_store.qir.gates.custom import custom_gate, fingerprint
from q_store.qir.gates.template import Shape, Template, ask, template_of, unusable
from q_store.qir.ops import Gate
from q_store.qir.registry import add_gate, all_gates, all_ops, custom_gates, find_gate, remove_gate
from q_store.targets.qasm_text import RESERVED

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*\Z")
_MAX_WIRES: Final = 8
_WORDS: Final = frozenset(
    ("circuit", "qubits", "input", "weight", "const", "derived", "gate", "noise", "expect")
)
"""Words of the text language."""


def register_gate(
    name: str,
    decomposition: QuantumCircuit | Callable[..., object],
    *,
    wires: int | None = None,
    angles: Iterable[str] | None = None,
    inverse: Callable[..., object] | None = None,
    properties: Iterable[str] = (),
    doc: str = "",
) -> Gate:
    """Add a gate to the table of this process: from now on it is one like any other.

    `decomposition` is a circuit, whose wires and parameters, in order, are those of the gate, or a
    function of the angles, in radians, which returns steps `(name, wires, angles)` in time order,
    such as `("rx", 0, t)`; wire 0 is the most significant bit of the gate's matrix, and
    `("phase", (), t)` the global phase. The function is called once, with symbols that can be
    added, subtracted and multiplied by numbers. `wires` (1 to 8) and `angles` (names) are read off
    where they are not given: the highest wire, and the arguments of the function.

    `inverse` is such a function as well, and may use the gate itself; without one, it is found out
    whether the gate with some angles negated is its inverse, and else its steps are undone.
    `properties` ("diagonal", "self-inverse", "symmetric") are checked; the gate has those that its
    matrix shows in any case.

    The same gate may be registered again. Raises `QS418` for what cannot be a gate: a name that is
    taken or reserved, steps that are wrong, a property or an inverse that the matrix refutes.
    """
    if isinstance(decomposition, QuantumCircuit):
        shape, template = _of_circuit(name, decomposition, wires, angles)
    elif callable(decomposition):
        shape = _shape(name, decomposition, wires, angles)
        template = ask(decomposition, shape)
    else:
        kind = type(decomposition).__name__
        raise unusable(str(name), f"a decomposition is a circuit or a function, got {kind}")
    row = custom_gate(shape, template, inverse=inverse, doc=doc, expected=properties)
    before = {known.mnemonic: known for known in custom_gates()}.get(shape.name)
    if before is None:
        add_gate(row)
        return row
    if fingerprint(before) != fingerprint(row):
        raise unusable(
            shape.name,
            "another gate of that name is registered",
            f"`unregister_gate({shape.name!r})` forgets it",
        )
    return before


def unregister_gate(name: str) -> None:
    """Forget a gate that `register_gate` added; circuits that use it can be used no more.

    Raises `QS103` for any other name.
    """
    if not remove_gate(name):
        raise error("QS103", f"no gate `{name}` has been registered")


def _check_name(name: object) -> str:
    if not isinstance(name, str) or not _NAME.match(name) or iskeyword(name):
        raise unusable(
            str(name),
            "a name is small letters, digits and underscores, and begins with a letter",
        )
    own = {row.mnemonic for row in custom_gates()}
    channels = {row.mnemonic for row in dialects.CHANNELS}
    if name not in own:
        taken = find_gate(name) is not None or f"q.{name}" in all_ops() or name in channels
        if taken or hasattr(QuantumCircuit, name):
            what = "a gate" if name in all_gates() or find_gate(name) else "a word of circuits"
            raise unusable(name, f"the name is taken: it is {what} already")
        if name in RESERVED or name in _WORDS:
            raise unusable(name, "the name is a word of OpenQASM or of the text language")
    return name


def _of_circuit(
    name: object, circuit: QuantumCircuit, wires: int | None, angles: Iterable[str] | None
) -> tuple[Shape, Template]:
    """A circuit of gates only, whose parameters are scalars."""
    name = _check_name(name)
    if circuit.observations:
        raise unusable(name, f"the circuit ends with {circuit.observations[0]!r}")
    names = tuple(circuit.parameters)
    for other, given in (("wires", wires), ("angles", angles)):
        if given is not None:
            raise unusable(name, f"`{other}` are those of the circuit", "leave them out")
    arrays = [key for key, extents in circuit.parameter_shapes.items() if extents]
    if arrays:
        raise unusable(name, f"`{arrays[0]}` of the circuit is an array", "angles are scalars")
    func = circuit.to_ir()
    place: dict[Any, int] = {}
    steps = []
    for op in func.ops:
        if op.defn is dialects.ALLOC:
            place |= {value: number for number, value in enumerate(op.results)}
        elif isinstance(op.defn, Gate):
            at = tuple([place[value] for value in op.operands])
            steps.append((op.defn.mnemonic, at, op.angles))
            place |= dict(zip(op.results, at, strict=True))
        elif op.defn is not dialects.BARRIER:
            why = "is no unitary gate" if op.operands else "makes an angle that is not affine"
            raise unusable(name, f"`{op.defn.name}` in the circuit {why}")
        else:
            place |= {after: place[b] for b, after in zip(op.operands, op.results, strict=True)}
    shape = Shape(name, _count(name, circuit.n_qubits), names)
    return shape, template_of(steps, func.args, shape)


def _shape(
    name: object, rule: Callable[..., object], wires: int | None, angles: Iterable[str] | None
) -> Shape:
    name = _check_name(name)
    names = _arguments(name, rule) if angles is None else tuple(angles)
    for angle in names:
        if not isinstance(angle, str) or not _NAME.match(angle) or iskeyword(angle):
            raise unusable(name, f"{angle!r} cannot be the name of an angle")
    if len(set(names)) < len(names):
        raise unusable(name, "two of its angles have the same name")
    if wires is not None:
        return Shape(name, _count(name, wires), names)
    # With as many wires as there may be, to see which of them it uses.
    wide = ask(rule, Shape(name, _MAX_WIRES, names))
    used = [wire for _, at, _ in wide.steps for wire in at]
    return Shape(name, _count(name, 1 + max(used, default=-1)), names)


def _arguments(name: str, rule: Callable[..., object]) -> tuple[str, ...]:
    import inspect

    parameters = inspect.signature(rule).parameters.values()
    if any(p.kind is not p.POSITIONAL_OR_KEYWORD for p in parameters):
        raise unusable(name, "the arguments of its rule are not one for each angle", "angles=(…)")
    return tuple([p.name for p in parameters])


def _count(name: str, wires: object) -> int:
    whole = isinstance(wires, int) and not isinstance(wires, bool)
    if not whole or not 1 <= int(str(wires)) <= _MAX_WIRES:
        raise unusable(name, f"it must have 1 to {_MAX_WIRES} wires, got {wires!r}")
    return int(str(wires))
