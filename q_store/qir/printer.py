"""IR to text: one statement per line, byte-exact after reading it back.

Wires stay readable because every value is printed as its name hint with a version:
`%q0`, `%q0.1`, `%q0.2`. Floats are printed by `repr`, the shortest text that reads back equal.
"""

from __future__ import annotations

import json
import re
from typing import Final

from q_store.qir.angle import Angle, format_angle
from q_store.qir.func import Func, Module
from q_store.qir.ops import Op, Region
from q_store.qir.values import Value

HEADER: Final = "qir 1"
_HINT: Final = re.compile(r"[^\W\d]\w*\Z")


class Names:
    """Gives each value its text, in order of first appearance."""

    def __init__(self, *, canonical: bool = False, before: Names | None = None) -> None:
        """`canonical` ignores the hints of everything but function arguments. Values that `before`
        has named keep their texts, and others get none of those."""
        self._canonical = canonical
        self._given = before._text if before else {}
        self._text: dict[Value, str] = {}
        self._versions: dict[str, int] = dict(before._versions) if before else {}
        self._order: dict[Value, int] = {}

    def define(self, value: Value, *, keep_hint: bool = False) -> str:
        text = self._given.get(value) or self._fresh(value, keep_hint)
        self._text[value] = text
        self._order[value] = len(self._order)
        return text

    def _fresh(self, value: Value, keep_hint: bool) -> str:
        hint = "v" if self._canonical and not keep_hint else value.name
        if not _HINT.match(hint):
            hint = "v"
        version = self._versions.get(hint, 0)
        self._versions[hint] = version + 1
        return f"%{hint}.{version}" if version else f"%{hint}"

    def order(self, value: Value) -> int:
        """Position of the definition; an undefined value comes last."""
        return self._order.get(value, len(self._order))

    def __call__(self, value: Value) -> str:
        """The text of a value; one that was never defined is shown as `%?hint`."""
        return self._text.get(value) or f"%?{value.name}"


def print_module(module: Module) -> str:
    """The module as IR text, ending in a newline."""
    return join_funcs([print_func(func) for func in module.funcs])


def join_funcs(funcs: list[str]) -> str:
    """Module text from the texts of its functions."""
    return "\n".join([HEADER, *funcs]) if funcs else f"{HEADER}\n"


def print_func(func: Func, *, canonical: bool = False, names: Names | None = None) -> str:
    """One function as IR text, ending in a newline.

    With `canonical`, hints of wires and intermediate values do not matter, so two functions that
    differ in nothing else print alike. `names` gives the values their texts; they stay in it.
    """
    names = names or Names(canonical=canonical)
    params = ", ".join(
        f"{names.define(arg, keep_hint=True)}: {arg.type}" + (f" {role}" if role else "")
        for arg, role in zip(func.args, func.roles, strict=True)
    )
    types = ", ".join(repr(value.type) for value in func.results)
    head = f"func @{_symbol(func.name)}({params})" + (f" -> ({types})" if types else "")
    attrs = ", ".join(f"{key} = {json.dumps(value)}" for key, value in func.attrs.items())
    lines = [head + (f" attrs {{{attrs}}}" if attrs else "") + " {"]
    for op in func.ops:
        _print_op(op, names, "  ", lines)
    lines.append(("  return " + ", ".join(map(names, func.results))).rstrip())
    lines.append("}\n")
    return "\n".join(lines)


def _symbol(name: str) -> str:
    """A function's name as text can have it: Python names some functions `<lambda>`."""
    word = re.sub(r"\W", "_", name)
    return word if _HINT.match(word) else f"f{word}"


def print_op(op: Op) -> str:
    """One op alone, for messages; operands are shown by their hints."""
    names = Names()
    for value in op.operands:
        names.define(value)
    lines: list[str] = []
    _print_op(op, names, "", lines)
    return lines[0]


def _print_op(op: Op, names: Names, indent: str, lines: list[str]) -> None:
    operands = [names(value) for value in op.operands]
    angles = [_angle_text(angle, names) for angle in op.angles]
    results = [names.define(value) for value in op.results]
    text = indent
    if results:
        text += ", ".join(results) + " = "
    text += op.defn.name
    if angles:
        text += f"({', '.join(angles)})"
    if operands:
        text += " " + ", ".join(operands)
    elif op.defn.name == "q.alloc":
        text += f" {len(results)}"
    if op.observations:
        text += f" [{', '.join(map(repr, op.observations))}]"
    lines.append(text)
    for position, region in enumerate(op.regions):
        _print_region(region, position, names, indent, lines)


def _print_region(
    region: Region, position: int, names: Names, indent: str, lines: list[str]
) -> None:
    if position == 0:
        lines[-1] += " {"
    else:
        lines[-1] += " else {"
    args = ", ".join(names.define(arg) for arg in region.args)
    lines.append(f"{indent}  ({args})")
    for op in region.ops:
        _print_op(op, names, indent + "  ", lines)
    lines.append((f"{indent}  yield " + ", ".join(map(names, region.results))).rstrip())
    lines.append(indent + "}")


def _angle_text(angle: Angle, names: Names) -> str:
    """Terms go in the order their values are defined, which is the order reading back gives."""
    if len(angle.terms) > 1:
        ordered = sorted(angle.terms, key=lambda term: (names.order(term[0][0]), term[0][1]))
        angle = Angle(angle.const, tuple(ordered))
    return format_angle(angle, names)
