"""`docs/gates.md`, generated from the gate table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import pi
from types import ModuleType

from q_store.qir.gates import (
    controlled,
    exchange,
    ionq,
    many_qubit,
    one_qubit,
    rotations,
    two_qubit,
)
from q_store.qir.gates.relations import RELATIONS
from q_store.qir.ops import Gate, Steps, Trait

_FAMILIES: tuple[tuple[str, ModuleType], ...] = (
    ("One qubit, no angle", one_qubit),
    ("One qubit with angles, and the global phase", rotations),
    ("One control", controlled),
    ("Two qubits", two_qubit),
    ("Exchange and excitations", exchange),
    ("Three and more qubits", many_qubit),
    ("IonQ native", ionq),
)

_INTRODUCTION = """\
# Gates

<!-- Written by `qstorec gates --markdown`; edit the gate table in q_store/qir/gates/ instead. -->

Angles are radians. The first wire is the most significant bit of a matrix index, and wire 0 of a
circuit is the most significant bit of a state index. Every equation here holds with its global
phase. To add a gate, add a row to a family in `q_store/qir/gates/`; tests check every field of it.

* **becomes** is the decomposition in time order; a gate without one is a primitive.
* **frequencies** are those of an expectation value as a function of the angle. One frequency 1
  means the two-term parameter-shift rule.
* **elsewhere** is the one counterpart in another library that is equal to the phase. Cirq and
  PennyLane are given as Python expressions of the angles. A gate that has no counterpart there is
  written with its decomposition.
"""


class _Symbol:
    """An angle as text, closed under what rules do."""

    def __init__(self, terms: dict[str, float], const: float = 0.0) -> None:
        self.terms, self.const = terms, const

    def __add__(self, other: _Symbol | float) -> _Symbol:
        if not isinstance(other, _Symbol):
            return _Symbol(self.terms, self.const + other)
        names = dict.fromkeys((*self.terms, *other.terms))
        merged = {name: self.terms.get(name, 0.0) + other.terms.get(name, 0.0) for name in names}
        return _Symbol({n: c for n, c in merged.items() if c}, self.const + other.const)

    def __sub__(self, other: _Symbol | float) -> _Symbol:
        return self + (-other)

    def __mul__(self, factor: float) -> _Symbol:
        terms = {name: coef * factor for name, coef in self.terms.items() if factor}
        return _Symbol(terms, self.const * factor)

    def __neg__(self) -> _Symbol:
        return self * -1.0

    def __str__(self) -> str:
        parts = [_scaled(coef, name) for name, coef in self.terms.items()]
        if self.const or not parts:
            parts.append(_number(self.const))
        return " + ".join(parts).replace("+ -", "- ")


def _scaled(coef: float, name: str) -> str:
    sign, size = ("-" if coef < 0 else ""), abs(coef)
    if size == 1.0:
        return sign + name
    if size < 1.0 and (1.0 / size).is_integer():
        return f"{sign}{name}/{1.0 / size:g}"
    return f"{sign}{size:g} {name}"


def _number(value: float) -> str:
    """A multiple of pi where it is a simple one."""
    for divisor in (1, 2, 4, 8, 16, 32):
        times = value / pi * divisor
        if value and abs(times - round(times)) < 1e-12:
            return _scaled(round(times) / divisor, "pi").replace(" ", "*")
    return f"{value:g}"


def _step_text(steps: Steps) -> str:
    parts = []
    for name, wires, angles in steps:
        arguments = ", ".join(str(a) if isinstance(a, _Symbol) else _number(a) for a in angles)
        parts.append(f"{name}{f'({arguments})' if angles else ''} {' '.join(map(str, wires))}")
    return "; ".join(part.strip() for part in parts)


def _symbols(names: Iterable[str]) -> list[_Symbol]:
    return [_Symbol({name: 1.0}) for name in names]


def _facts(row: Gate) -> Iterator[tuple[str, str]]:
    yield "inverse", f"`{_step_text(row.inverse(*_symbols(row.angle_names)))}`"
    if row.decompose is not None:
        yield "becomes", f"`{_step_text(row.decompose(*_symbols(row.angle_names)))}`"
    if row.angle_names:
        yield "frequencies", _frequencies(row)
    traits = [str(trait.name).lower() for trait in Trait if trait and trait in row.traits]
    if traits:
        yield "traits", ", ".join(traits)
    if row.base is not None:
        plural = "s" if row.controls > 1 else ""
        yield "control", f"`{row.base}` with {row.controls} control{plural}"
    if row.aliases:
        yield "also", ", ".join(f"`{alias}`" for alias in row.aliases)
    if row.names:
        spellings = [f"{sdk} `{name}`" for sdk, name in sorted(row.names.items())]
        yield "elsewhere", ", ".join(spellings)


def _frequencies(row: Gate) -> str:
    pairs = zip(row.angle_names, row.frequencies, strict=True)
    listed = [(name, ", ".join(f"{f:g}" for f in values) or "none") for name, values in pairs]
    return "; ".join(f"{name}: {values}" for name, values in listed)


def _entry(row: Gate) -> Iterator[str]:
    angles = f"({', '.join(row.angle_names)})" if row.angle_names else ""
    width = "no wire" if not row.wires else f"{row.wires} wire{'s' if row.wires > 1 else ''}"
    yield f"### `{row.mnemonic}{angles}`"
    yield ""
    dialect = "" if row.dialect == "q" else f", dialect `{row.dialect}`"
    text = row.doc.replace("*", "\\*")
    yield f"{text} *{width}{dialect}*"
    yield ""
    yield from (f"* {label}: {text}" for label, text in _facts(row))
    yield ""


def gate_entry(row: Gate) -> str:
    """The part of the documentation about one gate."""
    return "\n".join(_entry(row)).rstrip() + "\n"


def _relations() -> Iterator[str]:
    yield "## Gates of other libraries without a row"
    yield ""
    yield "| library | gate | written as |"
    yield "|---|---|---|"
    for relation in RELATIONS:
        steps = _step_text(relation.steps(*_symbols(relation.angle_names)))
        yield f"| {relation.sdk} | `{relation.expression}` | `{steps}` |"


def render_markdown() -> str:
    """The text of `docs/gates.md`: every row by family, then relations to other libraries."""
    lines = [_INTRODUCTION]
    for title, module in _FAMILIES:
        lines += [f"## {title}", ""]
        for row in module.ROWS:
            lines += _entry(row)
    lines += _relations()
    return "\n".join(lines) + "\n"
