"""One call for several gates: `circuit.h(range(4))`, `circuit.cx(0, [1, 2, 3])`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from q_store.frontends.expr import Expr
from q_store.frontends.instruction import failure
from q_store.qir.location import Location
from q_store.qir.ops import OpDef

Turn = tuple[tuple[object, ...], tuple[object, ...]]


def is_several(item: object) -> bool:
    """Whether an argument stands for one value a gate: a list, tuple, range or 1-d array."""
    if isinstance(item, list | tuple | range):
        return True
    shape = None if isinstance(item, Expr) else getattr(item, "shape", None)
    return isinstance(shape, tuple) and len(shape) == 1


def turns(
    row: OpDef, wires: Sequence[object], angles: Sequence[object], loc: Location | None
) -> list[Turn] | None:
    """Wires and angles of each gate of a call, in order; `None` for a call that means one gate.

    Sequences among the wires give a gate for each of their items; the other arguments are sequences
    as long, or one for all. Raises `QS305` for sequences of different lengths and for empty ones.
    """
    if not any(map(is_several, wires)):
        return None
    sizes = {len(_items(item)) for item in (*wires, *angles) if is_several(item)}
    if len(sizes) != 1 or 0 in sizes:
        shown = ", ".join(map(str, sorted(sizes)))
        raise failure(
            loc,
            "QS305",
            f"`{row.mnemonic}` got sequences of {shown} items",
            "sequences of wires and angles have one item for each gate, so one length from 1 up",
        )
    (size,) = sizes
    spread = [_items(item) if is_several(item) else [item] * size for item in (*wires, *angles)]
    split = len(wires)
    return [(tuple(turn[:split]), tuple(turn[split:])) for turn in zip(*spread, strict=True)]


def _items(item: Any) -> list[Any]:
    """The items of a sequence; numbers of an array as Python's own."""
    return item.tolist() if hasattr(item, "tolist") else list(item)
