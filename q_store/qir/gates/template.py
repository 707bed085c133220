"""Rules as data: steps whose angles are affine in the angles of the rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from q_store.qir.angle import Angle
from q_store.qir.diagnostics import QStoreError, counted, did_you_mean, error
from q_store.qir.ops import Gate, Step, Steps
from q_store.qir.types import F64
from q_store.qir.values import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Affine = tuple[float, tuple[tuple[int, float], ...]]
"""A constant, and coefficients of angles by their position."""

_MAX_STEPS: Final = 10_000
_RAISED: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Template:
    """A rule that was asked once: it gives the same steps for ever, for numbers and for symbols.

    Rows whose `decompose` is one of these come from outside the gate table. Executables hold what
    they decompose into, so whatever runs circuits needs to know nothing of them.
    """

    steps: tuple[tuple[str, tuple[int, ...], tuple[Affine, ...]], ...]

    def __call__(self, *angles: Any) -> Steps:
        """The steps in time order."""
        return tuple(
            [
                (name, wires, tuple([_filled(affine, angles) for affine in own]))
                for name, wires, own in self.steps
            ]
        )

    def matrix(self, wires: int, *angles: Any) -> NDArray[np.complex128]:
        """The unitary, complex128 of shape (..., 2**wires, 2**wires) for angles of shape (...)."""
        import numpy as np

        return self.on(np.eye(2**wires, dtype=np.complex128), *angles)

    def on(self, columns: NDArray[np.complex128], *angles: Any) -> NDArray[np.complex128]:
        """The unitary times columns (2**wires, s), complex128 of shape (..., 2**wires, s)."""
        import numpy as np

        from q_store.qir.registry import all_gates

        shape = np.broadcast_shapes(*[np.shape(angle) for angle in angles])
        flat = [np.broadcast_to(angle, shape).reshape(-1) for angle in angles]
        batch, size = int(np.prod(shape)), len(columns)
        wires = size.bit_length() - 1
        tensor = np.repeat(columns[None], batch, axis=0).reshape(batch, *(2,) * wires, -1)
        for name, at, own in self(*flat):
            gate = all_gates()[name].matrix(*own)
            axes, places = [p + 1 for p in at], range(1, len(at) + 1)
            moved = np.moveaxis(tensor, axes, places)
            product = gate @ moved.reshape(batch, 2 ** len(at), -1)
            tensor = np.moveaxis(product.reshape(moved.shape), places, axes)
        return tensor.reshape(*shape, *columns.shape)


def _filled(affine: Affine, angles: Sequence[Any]) -> Any:
    const, terms = affine
    total: Any = None
    for position, coef in terms:
        part = angles[position] if coef == 1.0 else angles[position] * coef
        total = part if total is None else total + part
    if total is None:
        return const
    return total + const if const else total


@dataclass(frozen=True, slots=True)
class Shape:
    """What a gate looks like from outside."""

    name: str
    wires: int
    angle_names: tuple[str, ...]


def ask(rule: Callable[..., object], shape: Shape, *, own: bool = False) -> Template:
    """The template of a rule, a function of the angles of the gate.

    The rule is called once, with symbolic angles. It returns steps `(name, wires, angles)` in time
    order; the angles of a gate without any may be left out, and one wire or angle needs no tuple.
    With `own`, steps may be the gate itself. Raises `QS418`.
    """
    symbols = [Value(F64, name) for name in shape.angle_names]
    try:
        steps: Any = rule(*map(Angle.of, symbols))
        listed = list(steps)
    except _RAISED as problem:
        raise unusable(
            shape.name,
            f"its rule raised {type(problem).__name__}: {problem}",
            "a rule takes one argument for each angle, which it can add, subtract and multiply by "
            "numbers, and returns steps such as ('rx', 0, t)",
        ) from problem
    return template_of(listed, symbols, shape, own=own)


def template_of(
    steps: Sequence[Any], symbols: Sequence[Value], shape: Shape, *, own: bool = False
) -> Template:
    """The template of steps whose angles are affine in the symbols. Raises `QS418`."""
    reader = _Reader(shape, {(value, ()): k for k, value in enumerate(symbols)}, own)
    made = tuple([part for k, step in enumerate(steps) for part in reader.step(k, step)])
    if len(made) > _MAX_STEPS:
        raise unusable(shape.name, f"it is {len(made)} steps, and {_MAX_STEPS} are the most")
    return Template(made)


def unusable(name: str, why: str, help: str = "") -> QStoreError:
    """The error that something cannot be a gate."""
    return error("QS418", f"`{name}` cannot be a gate: {why}", help=help)


class _Reader:
    def __init__(self, shape: Shape, positions: dict[Any, int], own: bool) -> None:
        self.shape, self.positions, self.own = shape, positions, own

    def fail(self, number: int, why: str, help: str = "") -> QStoreError:
        return unusable(self.shape.name, f"step {number + 1} of its rule {why}", help)

    def step(self, number: int, step: Any) -> Iterator[tuple[str, tuple[int, ...], Any]]:
        """A step, checked; gates from outside are written with their own steps."""
        if not isinstance(step, tuple | list) or not 2 <= len(step) <= 3:
            raise self.fail(number, f"must be (name, wires, angles), got {step!r}")
        name, wires, angles = (*step, ())[:3]
        row = self.row(number, name)
        if row is None:
            name, count, angle_names = self.shape.name, self.shape.wires, self.shape.angle_names
        else:
            name, count, angle_names = row.mnemonic, row.wires or 0, row.angle_names
        at = self.wires(number, name, wires, count)
        own = self.angles(number, name, angles, len(angle_names))
        inner = row.decompose if row is not None else None
        if not isinstance(inner, Template):
            yield name, at, tuple(map(self.affine, own))
            return
        for part, places, part_angles in inner(*own):
            yield (
                part,
                tuple([at[p] for p in places]),
                tuple([self.affine(a if isinstance(a, Angle) else Angle(a)) for a in part_angles]),
            )

    def row(self, number: int, name: Any) -> Gate | None:
        """The row of a step, `None` for the gate itself."""
        from q_store.qir.registry import all_gates, find_gate

        if self.own and name == self.shape.name:
            return None
        row = find_gate(name) if isinstance(name, str) else None
        if row is None:
            near = did_you_mean(name, all_gates()) if isinstance(name, str) else ""
            raise self.fail(number, f"names an unknown gate {name!r}", near)
        return row

    def wires(self, number: int, name: str, wires: Any, count: int) -> tuple[int, ...]:
        at = tuple(wires) if isinstance(wires, tuple | list | range) else (wires,)
        if len(at) != count:
            raise self.fail(number, f"puts `{name}` on {counted(len(at), 'wire')}, not {count}")
        whole = all(isinstance(p, int) and not isinstance(p, bool) for p in at)
        if not whole or not all(0 <= p < self.shape.wires for p in at) or len(set(at)) < count:
            raise self.fail(
                number,
                f"puts `{name}` on {list(at)}",
                f"wires are different integers from 0 to {self.shape.wires - 1}",
            )
        return at

    def angles(self, number: int, name: str, angles: Any, count: int) -> tuple[Angle, ...]:
        given = tuple(angles) if isinstance(angles, tuple | list) else (angles,)
        if len(given) != count:
            raise self.fail(number, f"gives `{name}` {counted(len(given), 'angle')}, not {count}")
        made = []
        for angle in given:
            if isinstance(angle, bool) or not isinstance(angle, Angle | int | float):
                raise self.fail(number, f"gives `{name}` the angle {angle!r}, which is no angle")
            made.append(angle if isinstance(angle, Angle) else Angle(float(angle)))
            if not all(map(isfinite, (made[-1].const, *(c for _, c in made[-1].terms)))):
                raise self.fail(number, f"gives `{name}` an angle that is not finite")
        return tuple(made)

    def affine(self, angle: Angle) -> Affine:
        terms = tuple([(self.positions[ref], coef) for ref, coef in angle.terms])
        return angle.const, terms


def replaced(steps: Steps, name: str, template: Template) -> Steps:
    """The steps with those of one name written by its template."""
    result: list[Step] = []
    for step, wires, angles in steps:
        if step != name:
            result.append((step, wires, angles))
            continue
        for part, at, own in template(*angles):
            result.append((part, tuple([wires[p] for p in at]), own))
    return tuple(result)
