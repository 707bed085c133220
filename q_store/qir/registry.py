"""Where an op name becomes its row: one dictionary over all op tables.

`op_def("q.rx")` takes full names, as IR text has them. `gate("rx")` takes what people type: a
mnemonic or an alias of a gate. Unknown names are diagnostics with near matches.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final, ParamSpec, TypeVar, cast

from q_store.qir.diagnostics import Span, did_you_mean, error
from q_store.qir.installed import load_installed
from q_store.qir.ops import Gate, OpDef

_P = ParamSpec("_P")
_R = TypeVar("_R")

_CUSTOM: Final[dict[str, Gate]] = {}
"""Rows from outside the table, by mnemonic."""
_FORGET: Final[list[Callable[[], None]]] = []


def table_cache(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Remember answers, by arguments that hash, until the gates change."""
    remembering = cache(function)
    _FORGET.append(remembering.cache_clear)
    return cast(Callable[_P, _R], remembering)


def custom_gates() -> tuple[Gate, ...]:
    """The rows from outside the table, in order of registration."""
    return tuple(_CUSTOM.values())


def add_gate(row: Gate) -> None:
    """Make a row from outside known by its mnemonic, which nothing else has."""
    _CUSTOM[row.mnemonic] = row
    for forget in _FORGET:
        forget()


def remove_gate(mnemonic: str) -> bool:
    """Forget a row from outside; whether there was one."""
    found = _CUSTOM.pop(mnemonic, None)
    for forget in _FORGET if found else ():
        forget()
    return found is not None


@table_cache
def all_ops() -> dict[str, OpDef]:
    """Every row by full name, in table order, rows from outside last."""
    from q_store.qir import dialects, gates

    return {row.name: row for row in (*gates.ROWS, *dialects.ROWS, *_CUSTOM.values())}


@table_cache
def all_gates() -> dict[str, Gate]:
    """Every gate row by mnemonic, in table order, rows from outside last."""
    return built_in_gates() | _CUSTOM


@cache
def built_in_gates() -> dict[str, Gate]:
    """Every gate row of the table by mnemonic, in table order."""
    from q_store.qir import gates

    return {row.mnemonic: row for row in gates.ROWS}


@table_cache
def all_gates_by_name() -> dict[str, Gate]:
    """Every gate row by full name."""
    return {row.name: row for row in all_gates().values()}


@table_cache
def _gate_spellings() -> dict[str, Gate]:
    spellings = {alias: row for row in all_gates().values() for alias in row.aliases}
    return spellings | all_gates_by_name() | all_gates()


def op_def(name: str, span: Span | None = None) -> OpDef:
    """The row with this full name. Raises `QS102` for an unknown op."""
    row = all_ops().get(name)
    if row is None and load_installed():
        row = all_ops().get(name)
    if row is None:
        help = _near_op(name) or did_you_mean(name, all_ops())
        raise error("QS102", f"unknown op `{name}`", span=span, help=help)
    return row


def _near_op(name: str) -> str:
    """Help for an op without its dialect, and for another library's name of a gate."""
    known = [f"{dialect}.{name}" for dialect in "qnfm" if f"{dialect}.{name}" in all_ops()]
    row = _gate_spellings().get(name.removeprefix("q.").lower())
    known += [row.name] if row else []
    return f"did you mean `{known[0]}`?" if known else ""


def gate(name: str) -> Gate:
    """The gate with this mnemonic, alias or full name. Raises `QS103` for an unknown gate."""
    row = find_gate(name)
    if row is None and load_installed():
        row = find_gate(name)
    if row is None:
        near = did_you_mean(name, _gate_spellings())
        raise error("QS103", f"unknown gate `{name}`", help=near or "`qstorec gates` lists them")
    return row


def find_gate(name: str) -> Gate | None:
    """The gate as `gate` finds it, of those that are known already."""
    return _gate_spellings().get(name) or _gate_spellings().get(name.lower())


def registered(mnemonic: str) -> Gate | None:
    """The row from outside with this mnemonic, if there is one in an installed distribution too."""
    if mnemonic not in _CUSTOM:
        load_installed()
    return _CUSTOM.get(mnemonic)


def find_controlled(base: str, controls: int) -> Gate | None:
    """The row that is `base` with this many more controls on leading wires, if there is one."""
    row = all_gates()[base]
    root, total = row.base or row.mnemonic, row.controls + controls
    for candidate in all_gates().values():
        if candidate.base == root and candidate.controls == total:
            return candidate
    return None
