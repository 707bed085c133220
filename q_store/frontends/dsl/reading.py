"""Text of the language to an IR function."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from q_store.frontends.dsl.evaluator import Evaluator
from q_store.frontends.dsl.lowering import Lowering
from q_store.frontends.dsl.parser import parse
from q_store.frontends.dsl.syntax import Block, Circuit, Const
from q_store.frontends.lowering import lower
from q_store.qir import dialects
from q_store.qir.diagnostics import QStoreError, did_you_mean, error
from q_store.qir.func import Func
from q_store.qir.location import SourceText
from q_store.qir.observables import Sample
from q_store.qir.ops import Op
from q_store.qir.values import Value

SUFFIXES: Final = (".qst", ".qs")
"""Endings of file names."""

Defines = Mapping[str, int | float | str]
"""Values for settings and constants of a program; text is read as an expression."""

_FIRST_WORD: Final = re.compile(r"(?:[\s;]++|#[^\n]*+|//[^\n]*+)*+([^\W\d]\w*+)")
_STARTERS: Final = frozenset(("circuit", "qubits", "input", "weight", "const", "derived", "gate"))
"""What a program begins with: nothing can be done before qubits are declared."""


def from_dsl(text: str, *, defines: Defines | None = None, file: str = "<dsl>") -> Func:
    """The function of a program; its arguments are the inputs and weights in the order declared.

    `defines` gives values to settings of `circuit name(n=4)` and to constants outside of blocks.
    Raises `QStoreError` with every problem found: `QS120` for syntax, `QS121` to `QS138` and
    `QS308` for meaning, `QS323` and `QS324` for modifiers that a gate cannot have.
    """
    if not isinstance(text, str):
        raise error("QS120", f"a program is text, got {type(text).__name__}")
    source = SourceText(text, file)
    tree = parse(source)
    lowering = Lowering(source, _values(tree, defines or {}))
    lowering.run(tree)
    observations = list(lowering.observations)
    if lowering.measured:
        observations.append((Sample(tuple(lowering.measured)), ""))
    func = lower(
        lowering.name,
        lowering.n_qubits,
        lowering.steps,
        lowering.parameters,
        [made for made, _ in observations],
    )
    return _with_names(func, [name for _, name in observations])


def load_dsl(path: str | Path, *, defines: Defines | None = None) -> Func:
    """The function of a file, UTF-8. Raises `QS341` when it cannot be read, and as `from_dsl`."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise error("QS341", f"cannot use the file {path}: {reason}") from problem
    return from_dsl(text, defines=defines, file=str(path))


def is_dsl(text: str) -> bool:
    """Whether a text starts like a program of this language, and not like IR or OpenQASM."""
    first = _FIRST_WORD.match(text)
    return first is not None and first[1] in _STARTERS


def _values(tree: Block, defines: Defines) -> dict[str, int | float]:
    """Defined values as numbers. Raises `QS137` for one that the program does not have."""
    known = {
        token.text
        for statement in tree.statements
        for token in (
            [setting.name for setting in statement.settings]
            if isinstance(statement, Circuit)
            else [statement.name]
            if isinstance(statement, Const)
            else []
        )
    }
    for name in defines:
        if name not in known:
            raise error(
                "QS137",
                f"the program has no setting or constant `{name}`",
                notes=[f"it has: {', '.join(sorted(known)) or 'none'}"],
                help=did_you_mean(str(name), known),
            )
    return {name: _defined(name, value) for name, value in defines.items()}


def number_of(name: str, text: str) -> int | float:
    """The number that a text such as `2*pi` is. Raises `QS137`."""
    try:
        return _expression(text)
    except QStoreError as problem:
        why = problem.diagnostics[0].message
        raise error("QS137", f"`{name}={text}` is no number: {why}") from None


def _defined(name: str, value: object) -> int | float:
    if isinstance(value, str):
        return number_of(name, value)
    if isinstance(value, bool) or not (
        isinstance(value, int | float) or hasattr(value, "__index__")
    ):
        raise error("QS137", f"`{name}` must be a number, got {value!r}")
    number = float(value) if isinstance(value, float) else value.__index__()
    if not math.isfinite(number) or abs(number) > 2**53:
        raise error("QS137", f"`{name}` must be a number of a usable size, got {value!r}")
    return number


def _expression(text: str) -> int | float:
    source = SourceText(f"const value = {text}", "-D")
    statements = parse(source).statements
    if len(statements) != 1 or not isinstance(statements[0], Const):
        raise error("QS120", "it is more than an expression")
    return Evaluator(source).constant(statements[0].value, "it")


def _with_names(func: Func, names: list[str]) -> Func:
    """The function with names for some of its results."""
    last = func.observe
    if last is None or not any(names):
        return func
    results = tuple(
        [
            Value(value.type, name) if name else value
            for value, name in zip(func.results, names, strict=True)
        ]
    )
    end = Op(dialects.OBSERVE, last.operands, (), results, observations=last.observations)
    return func.replace(ops=(*func.ops[:-1], end), results=results)
