"""Numbers in the place of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from q_store.qir.angle import Angle, Ref
from q_store.qir.func import Func, element_refs
from q_store.qir.ops import Op, Region


def bind_elements(func: Func, numbers: Mapping[Ref, float]) -> Func:
    """The function with finite numbers for elements of its parameters.

    An argument all of whose elements have numbers is an argument no longer; all else stays.
    """
    kept = [
        place
        for place, arg in enumerate(func.args)
        if arg.type.kind != "f64" or not all(ref in numbers for ref in element_refs(arg))
    ]
    return func.replace(
        args=tuple([func.args[place] for place in kept]),
        roles=tuple([func.roles[place] for place in kept]),
        ops=_bound(func.ops, numbers),
    )


def _bound(ops: Sequence[Op], numbers: Mapping[Ref, float]) -> tuple[Op, ...]:
    def image(ref: Ref) -> Angle:
        return Angle(numbers[ref]) if ref in numbers else Angle.of(ref[0], *ref[1])

    return tuple(
        [
            op.replace(
                angles=tuple([angle.map_refs(image) for angle in op.angles]),
                regions=tuple(
                    [Region(r.args, _bound(r.ops, numbers), r.results) for r in op.regions]
                ),
            )
            for op in ops
        ]
    )
