"""Every entangling gate with as few two-qubit rotations as are known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import pi
from typing import TYPE_CHECKING, Any, ClassVar, Final

from q_store.passes.analysis import all_ops
from q_store.passes.base import FuncPass
from q_store.passes.bases import Rule, ways
from q_store.passes.decompose import Expansion
from q_store.passes.phases import collect_phases
from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates, built_in_gates, table_cache

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func

ENTANGLERS: Final = ("rxx", "ryy", "rzz", "rzx", "swap", "ms", "zz")
"""What is left on two wires. A swap costs nothing where it can be relabelled."""


def _cp(wires: tuple[int, int], angle: Any) -> Any:
    return ("cp", wires, (angle,))


def _ccp(theta: Any) -> Any:
    """Five entanglers (Barenco et al., 1995, arXiv:quant-ph/9503016, lemma 6.1)."""
    half = theta * 0.5
    cx = ("cx", (0, 1), ())
    return (_cp((1, 2), half), cx, _cp((1, 2), -half), cx, _cp((0, 2), half))


def _cccp(theta: Any) -> Any:
    """Thirteen: the Toffoli gates around a diagonal one may have relative phases, for these are
    undone by its mirror image (Maslov, 2016, arXiv:1508.03273)."""
    half = theta * 0.5
    rccx = ("rccx", (0, 1, 2), ())
    mirror = all_gates()["rccx"].inverse()
    return (
        _cp((2, 3), half),
        rccx,
        _cp((2, 3), -half),
        *mirror,
        *[(name, tuple([(0, 1, 3)[p] for p in at]), a) for name, at, a in _ccp(half)],
    )


def _on_target(rule: Rule, angle: float, wire: int) -> Rule:
    """The controlled phase between Hadamards on the last wire."""
    h = ("h", (wire,), ())
    return lambda: (h, *rule(angle), h)


def _exchange() -> Any:
    turns = [(name, (0, 1), (pi / 2,)) for name in ("rxx", "ryy", "rzz")]
    return (*turns, ("phase", (), (pi / 4,)))


BETTER: Final[dict[str, Rule]] = {
    "cs": lambda: (_cp((0, 1), pi / 2),),
    "csdg": lambda: (_cp((0, 1), -pi / 2),),
    "csx": _on_target(lambda t: (_cp((0, 1), t),), pi / 2, 1),
    "csxdg": _on_target(lambda t: (_cp((0, 1), t),), -pi / 2, 1),
    "ccp": _ccp,
    "ccz": lambda: _ccp(pi),
    "ccx": _on_target(_ccp, pi, 2),
    "c3z": lambda: _cccp(pi),
    "c3x": _on_target(_cccp, pi, 3),
    "c3sx": _on_target(_cccp, pi / 2, 3),
    "swap": _exchange,
}
"""Ways with fewer entanglers than the gate table's, whose aim is few full CX."""


@cache
def _basis(placed: bool) -> frozenset[str]:
    single = [name for name, row in built_in_gates().items() if (row.wires or 0) <= 1]
    return frozenset((*single, *ENTANGLERS)) - (frozenset(("swap",)) if placed else frozenset())


@table_cache
def _ways(placed: bool) -> dict[str, Rule]:
    basis = _basis(placed)
    better = {name: rule for name, rule in BETTER.items() if name not in basis}
    return {**ways(basis), **better}


@dataclass(frozen=True, slots=True)
class ExpandEntanglers(FuncPass):
    """Writes gates on two and more wires with the rotations `rxx ryy rzz rzx` and `swap`.

    A controlled rotation, a controlled phase or a CX is one rotation of any angle. One-qubit gates
    stay as they are.
    """

    name: ClassVar[str] = "expand-entanglers"

    placed: bool = False
    """Whether qubits have places on the machine, so that swaps are three rotations as well."""

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One sweep; exact, the global phase included."""
        basis = _basis(self.placed)
        if all(not isinstance(op.defn, Gate) or op.defn.mnemonic in basis for op in _ops(func)):
            return func
        expansion = Expansion(basis, _ways(self.placed))
        ops = expansion.block(func.ops)
        results = expansion.resolve(func.results)
        return collect_phases(func.replace(ops=ops, results=results))


def _ops(func: Func) -> Any:
    return all_ops(func.ops)
