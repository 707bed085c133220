"""Native programs that start in |0> and are measured, which need not be the same operator."""

from __future__ import annotations

from typing import Final, Literal

from q_store.passes.ionq_native import Device, IonqNative
from q_store.passes.manager import run_pipeline
from q_store.passes.pipeline import format_pass
from q_store.qir.func import Func, Module

LEVELS: Final[tuple[Literal["0", "1", "2", "3"], ...]] = ("0", "1", "2", "3")
"""How hard to compile, as `ionq-native` spells it."""
_KNOWN: Final = "fresh-wires,light-cone"
_FOLDED: Final = "canonicalize,fixpoint(cancel,merge-rotations),fold-conjugations"


def compile_measured(func: Func, device: Device, level: int = 3, weight: float = 8.0) -> Func:
    """The function in native gates; from level 2 on only what is observed stays the same.

    `weight` is what an entangler costs, counted in pulses. CX RZ CX is folded before fresh wires
    are looked at: on a qubit in |0> it is one Z rotation, but its first CX by itself entangles.
    """
    text = format_pass(IonqNative(device, LEVELS[level], weight))
    if level >= 2:
        text = f"{_KNOWN},{_FOLDED},{_KNOWN},{text},light-cone"
    return run_pipeline(text, Module((func,))).main
