"""Swaps become a new order of the wires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from q_store.passes.base import FuncPass
from q_store.passes.ionq.emission import Emission, rewritten
from q_store.qir.ops import Op

if TYPE_CHECKING:
    from q_store.passes.bases import Rule
    from q_store.passes.context import Context
    from q_store.qir.func import Func

_SWAP: Final = ("swap", (0, 1), ())
_CZ: Final = ("cz", (0, 1), ())


def _pswap(phi: Any) -> Any:
    return (_SWAP, ("rzz", (0, 1), (phi,)), ("phase", (), (phi * 0.5,)))


EXCHANGES: Final[dict[str, Rule]] = {
    "swap": lambda: (_SWAP,),
    "iswap": lambda: (_SWAP, _CZ, ("s", (0,), ()), ("s", (1,), ())),
    "iswapdg": lambda: (_SWAP, _CZ, ("sdg", (0,), ()), ("sdg", (1,), ())),
    "dcx": lambda: (_SWAP, ("cx", (0, 1), ())),
    "cxswap": lambda: (("cx", (0, 1), ()), _SWAP),
    "czswap": lambda: (_CZ, _SWAP),
    "pswap": _pswap,
}
"""Gates that are a swap and at most one entangling gate."""


@dataclass(frozen=True, slots=True)
class RelabelSwaps(FuncPass):
    """Removes every swap, alone or inside `iswap`, `dcx` and the like, by exchanging its wires.

    For machines on which every pair of qubits can interact.
    """

    name: ClassVar[str] = "relabel-swaps"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One sweep; the order in which wires are observed or returned follows."""
        return rewritten(func, _Emission())


class _Emission(Emission):
    def take(self, op: Op) -> None:
        rule = EXCHANGES.get(op.defn.mnemonic) if op.is_gate else None
        if rule is None:
            self.keep(op)
            return
        wires = [self.wire(value) for value in op.operands]
        for name, at, angles in rule(*op.angles):
            if name == "swap":
                wires.reverse()
                continue
            for place, wire in zip(
                at, self.gate(name, [wires[place] for place in at], angles, op.loc), strict=True
            ):
                wires[place] = wire
        self.now.update(zip(op.results, wires, strict=True))
