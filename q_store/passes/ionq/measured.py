"""Native programs that start in |0> and are measured, which need not be the same operator."""

from __future__ import annotations

from typing import Final, Literal

from q_store.passes.ionq_native import Device, IonqNative
from q_store.passes.manager import run_pipeline
from q_store.passes.pipeline import format_pass
from q_store.passes.route import Route
from q_store.qir.func import Func, Module

LEVELS: Final[tuple[Literal["0", "1", "2", "3"], ...]] = ("0", "1", "2", "3")
"""How hard to compile, as `ionq-native` spells it."""
_KNOWN: Final = "fresh-wires,light-cone"
_FOLDED: Final = "canonicalize,fixpoint(cancel,merge-rotations),fold-conjugations"


_TOGETHER: Final = "expand-entanglers,relabel-swaps,fixpoint(cancel,merge-rotations)"
_FEWER: Final = "resynthesize-pairs,relabel-swaps,fixpoint(cancel,merge-rotations)"
_SHARED: Final = "share-gadgets,fixpoint(cancel,merge-rotations)"
_BEFORE_PLACES: Final = (
    "expand-entanglers,relabel-swaps",
    _TOGETHER,
    f"{_TOGETHER},{_FEWER}",
    f"{_TOGETHER},{_SHARED},{_FEWER}",
)
"""By level: two-qubit gates that only then get places, because afterwards they keep their pairs."""


def compile_measured(
    func: Func,
    device: Device,
    level: int = 3,
    weight: float = 8.0,
    coupling: tuple[str, ...] = (),
) -> Func:
    """The function in native gates; from level 2 on only what is observed stays the same.

    `weight` is what an entangler costs, counted in pulses, `coupling` that of `route`, without
    which all pairs are coupled. CX RZ CX is folded before fresh wires are looked at: on a qubit in
    |0> it is one Z rotation, but its first CX by itself entangles.
    """
    native = format_pass(IonqNative(device, LEVELS[level], weight, placed=bool(coupling)))
    steps = [_BEFORE_PLACES[level], format_pass(Route(coupling))] if coupling else []
    steps.append(native)
    if level >= 2:
        steps = [_KNOWN, _FOLDED, _KNOWN, *steps, "light-cone"]
    return run_pipeline(",".join(steps), Module((func,))).main
