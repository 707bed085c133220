"""Gate bases, and how every gate is best written in one.

The gate table decomposes towards few primitives; the detours below lead from those primitives to
other bases. For a given basis, the cheapest way of each gate is found by relaxing costs over both
until nothing improves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf, pi
from types import MappingProxyType
from typing import Any, Final

from q_store.qir.angle import Angle
from q_store.qir.diagnostics import QStoreError, did_you_mean, error
from q_store.qir.ops import Steps
from q_store.qir.registry import all_gates, gate, table_cache
from q_store.qir.types import F64
from q_store.qir.values import Value

Rule = Callable[..., Steps]

BASES: Final[dict[str, tuple[str, ...]]] = {
    "rotations-cx": ("rx", "ry", "rz", "cx"),
    "rotations-cz": ("rx", "ry", "rz", "cz"),
    "rotations-rxx": ("rx", "ry", "rz", "rxx"),
    "rotations-rzz": ("rx", "ry", "rz", "rzz"),
    "sx-cx": ("rz", "sx", "x", "cx"),
    "sx-cz": ("rz", "sx", "x", "cz"),
    "u-cx": ("u", "cx"),
    "clifford-t": ("x", "y", "z", "h", "s", "sdg", "t", "tdg", "cx"),
}

_H, _HALF, _QUARTER = ("h", (0,), ()), pi / 2, pi / 4


def _phase(angle: Any) -> tuple[str, tuple[int, ...], tuple[Any, ...]]:
    return ("phase", (), (angle,))


def _turn(axis: str, angle: float) -> Rule:
    """A fixed gate as a rotation by `angle` and the phase that half of it leaves."""
    return lambda: ((axis, (0,), (angle,)), _phase(angle / 2))


def _conjugated(axis: str, before: tuple[str, float], after: tuple[str, float]) -> Rule:
    """A rotation as one about another axis between two fixed rotations."""
    return lambda t: (
        (before[0], (0,), (before[1],)),
        (axis, (0,), (t,)),
        (after[0], (0,), (after[1],)),
    )


DETOURS: Final[dict[str, tuple[Rule, ...]]] = {
    "id": (lambda: (),),
    "x": (_turn("rx", pi), lambda: (("sx", (0,), ()), ("sx", (0,), ()))),
    "y": (_turn("ry", pi),),
    "z": (_turn("rz", pi),),
    "s": (_turn("rz", _HALF),),
    "sdg": (_turn("rz", -_HALF),),
    "t": (_turn("rz", _QUARTER),),
    "tdg": (_turn("rz", -_QUARTER),),
    "sx": (_turn("rx", _HALF),),
    "sxdg": (
        _turn("rx", -_HALF),
        lambda: (("rz", (0,), (-pi,)), ("sx", (0,), ()), ("rz", (0,), (pi,)), _phase(-_HALF)),
    ),
    "h": (
        lambda: (("rz", (0,), (pi,)), ("ry", (0,), (_HALF,)), _phase(_HALF)),
        lambda: (
            ("rz", (0,), (_HALF,)),
            ("sx", (0,), ()),
            ("rz", (0,), (_HALF,)),
            _phase(_QUARTER),
        ),
    ),
    "rx": (
        lambda t: (("u", (0,), (t, -_HALF, _HALF)),),
        lambda t: (("r", (0,), (t, 0.0)),),
        _conjugated("ry", ("rz", _HALF), ("rz", -_HALF)),
        lambda t: (_H, ("rz", (0,), (t,)), _H),
    ),
    "ry": (
        lambda t: (("u", (0,), (t, 0.0, 0.0)),),
        lambda t: (("r", (0,), (t, _HALF)),),
        _conjugated("rx", ("rz", -_HALF), ("rz", _HALF)),
        lambda t: (("sx", (0,), ()), ("rz", (0,), (t,)), ("sxdg", (0,), ())),
    ),
    "rz": (
        lambda t: (("p", (0,), (t,)), _phase(t * -0.5)),
        lambda t: (("u", (0,), (0.0, t, 0.0)), _phase(t * -0.5)),
        _conjugated("ry", ("rx", -_HALF), ("rx", _HALF)),
        lambda t: (_H, ("rx", (0,), (t,)), _H),
    ),
    "cx": (
        lambda: (("h", (1,), ()), ("cz", (0, 1), ()), ("h", (1,), ())),
        lambda: (
            ("rz", (0,), (_HALF,)),
            ("rx", (1,), (_HALF,)),
            ("rzx", (0, 1), (-_HALF,)),
            _phase(_QUARTER),
        ),
    ),
    "rzx": (lambda t: (("h", (1,), ()), ("rzz", (0, 1), (t,)), ("h", (1,), ())),),
    "rzz": (
        lambda t: (
            ("h", (0,), ()),
            ("h", (1,), ()),
            ("rxx", (0, 1), (t,)),
            ("h", (0,), ()),
            ("h", (1,), ()),
        ),
    ),
    "rxx": (
        lambda t: (
            ("h", (0,), ()),
            ("h", (1,), ()),
            ("rzz", (0, 1), (t,)),
            ("h", (0,), ()),
            ("h", (1,), ()),
        ),
    ),
}
"""More ways to write primitives, exact to the global phase."""

_MULTI_WIRE_COST: Final = 10.0
"""What a gate on two and more wires costs, counted in one-wire gates."""


def read_basis(names: tuple[str, ...]) -> frozenset[str]:
    """Mnemonics from names of bases and gates. Raises `QS409` for a name that is neither."""
    found: set[str] = set()
    for name in names:
        if name in BASES:
            found.update(BASES[name])
            continue
        try:
            found.add(gate(name).mnemonic)
        except QStoreError:
            near = did_you_mean(name, (*BASES, *all_gates()))
            known = "named bases are " + ", ".join(BASES)
            raise error(
                "QS409", f"`{name}` is neither a basis nor a gate", help=near or known
            ) from None
    return frozenset(found | {"phase"})


def _alternatives(name: str) -> Iterator[Rule]:
    rule = all_gates()[name].decompose
    if rule is not None:
        yield rule
    yield from DETOURS.get(name, ())


@table_cache
def _shapes() -> tuple[tuple[str, Rule, tuple[str, ...]], ...]:
    """Every way to write every gate, with the mnemonics it uses."""
    found = []
    for name, row in all_gates().items():
        symbols = [Angle.of(Value(F64)) for _ in row.angle_names]
        found += [
            (name, rule, tuple([step for step, _, _ in rule(*symbols)]))
            for rule in _alternatives(name)
        ]
    return tuple(found)


@table_cache
def ways(basis: frozenset[str]) -> MappingProxyType[str, Rule]:
    """For each gate outside the basis that can be written in it, its first step on the cheapest
    way. Gates that cannot are absent."""
    cost = dict.fromkeys(all_gates(), inf)
    for name in basis:
        wires = all_gates()[name].wires or 0
        cost[name] = 0.0 if wires == 0 else 1.0 if wires == 1 else _MULTI_WIRE_COST
    best: dict[str, Rule] = {}
    improved = True
    while improved:
        improved = False
        for name, rule, steps in _shapes():
            total = sum([cost[step] for step in steps])
            if total < cost[name] and name not in basis:
                cost[name], best[name], improved = total, rule, True
    return MappingProxyType(best)


def missing(basis: frozenset[str], name: str) -> list[str]:
    """Gates that would make `name` expressible if one of them were added to the basis."""
    candidates = ("rx", "ry", "rz", "h", "sx", "u", "cx", "cz", "rxx", "rzz")
    return [c for c in candidates if c == name or (c not in basis and name in ways(basis | {c}))]
