"""Rows that follow from a decomposition: matrix, inverse, traits and frequencies are found out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from q_store.qir.angle import Angle
from q_store.qir.gates.rules import undo
from q_store.qir.gates.template import Shape, Template, ask, replaced, template_of, unusable
from q_store.qir.ops import Gate, Trait
from q_store.qir.registry import all_gates
from q_store.qir.types import F64
from q_store.qir.values import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.complex128]

CHECKED: Final = {
    "diagonal": Trait.DIAGONAL,
    "self-inverse": Trait.HERMITIAN,
    "symmetric": Trait.SYMMETRIC,
}
"""Traits by the names people give them; every one of them is found out from the matrix."""

_SAMPLES: Final = 3
"""Sets of generic angles; entries are analytic in them, so what holds at one holds for all."""
_TOLERANCE: Final = 1e-9
_MAX_SIGNS: Final = 5
"""Angles up to which every pattern of signs is tried for the inverse."""
_MAX_FREQUENCIES: Final = 200


def custom_gate(
    shape: Shape,
    template: Template,
    *,
    inverse: Callable[..., object] | None = None,
    doc: str = "",
    expected: Iterable[str] = (),
) -> Gate:
    """The row of a gate that is its template.

    `inverse` is a rule that may use the gate itself; without one, the inverse is the gate with
    some angles negated where that is so, else the steps undone. `expected` names traits that the
    gate must turn out to have. Raises `QS418`.
    """
    matrices = _Matrices(shape, template)
    traits = matrices.traits()
    for name in expected:
        if name not in CHECKED:
            known = ", ".join(map(repr, CHECKED))
            raise unusable(shape.name, f"{name!r} is no property", f"properties are {known}")
        if CHECKED[name] not in traits:
            raise unusable(shape.name, f"its matrix is not {name}, as it is said to be")
    return Gate(
        name=f"q.{shape.name}",
        doc=doc or "Registered from outside the gate table.",
        wires=shape.wires,
        angle_names=shape.angle_names,
        traits=traits,
        matrix=partial(template.matrix, shape.wires),
        inverse=_inverse(shape, template, inverse, matrices),
        decompose=template,
        frequencies=tuple([matrices.frequencies(k) for k in range(len(shape.angle_names))]),
    )


def fingerprint(row: Gate) -> str:
    """SHA-256 of all that a row from outside is; equal rows do the same."""
    parts = (row.name, row.wires, row.angle_names, row.decompose, row.inverse, row.doc)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _inverse(
    shape: Shape,
    template: Template,
    rule: Callable[..., object] | None,
    matrices: _Matrices,
) -> Template:
    if rule is not None:
        given = ask(rule, shape, own=True)
        if not matrices.undone_by(given):
            raise unusable(shape.name, "the steps of its inverse do not undo it")
        return given
    for signs in matrices.signs():
        own = tuple([(0.0, ((k, sign),)) for k, sign in enumerate(signs)])
        negated = Template(((shape.name, tuple(range(shape.wires)), own),))
        if matrices.undone_by(negated):
            return negated
    symbols = [Value(F64, name) for name in shape.angle_names]
    return template_of(undo(template(*map(Angle.of, symbols))), symbols, shape)


class _Matrices:
    """The gate at a few generic angles."""

    def __init__(self, shape: Shape, template: Template) -> None:
        import numpy as np

        self.shape, self.template = shape, template
        self.random = np.random.default_rng(20240)
        self.angles = self.random.uniform(0.3, 3.0, (len(shape.angle_names), _SAMPLES))
        once = [*self.angles] if shape.angle_names else []
        self.values = self.template.matrix(shape.wires, *once).reshape(-1, self.size, self.size)

    @property
    def size(self) -> int:
        return 1 << self.shape.wires

    def signs(self) -> Iterable[tuple[float, ...]]:
        """Patterns of signs, few negations first, as people would write them."""
        count = len(self.shape.angle_names)
        if count > _MAX_SIGNS:
            return [(1.0,) * count, (-1.0,) * count]
        return sorted(product((1.0, -1.0), repeat=count), key=lambda signs: signs.count(-1.0))

    def undone_by(self, inverse: Template) -> bool:
        """Whether steps, which may use the gate itself, are the inverse at all generic angles."""
        import numpy as np

        symbols = [Value(F64) for _ in self.shape.angle_names]
        steps = inverse(*map(Angle.of, symbols))
        whole = template_of(replaced(steps, self.shape.name, self.template), symbols, self.shape)
        columns = self.complex(self.size, 2)
        for numbers, value in zip(self.angles.T, self.values, strict=False):
            if np.abs(whole.on(value @ columns, *numbers) - columns).max() > _TOLERANCE:
                return False
        return True

    def traits(self) -> Trait:
        import numpy as np

        values, eye = self.values, np.eye(self.size)
        traits = Trait.NONE
        if np.abs(values * (1 - eye)).max() < _TOLERANCE:
            traits |= Trait.DIAGONAL
        if np.abs(values @ values - eye).max() < _TOLERANCE:
            traits |= Trait.HERMITIAN
        if self.shape.wires > 1 and all(map(self.exchangeable, range(self.shape.wires - 1))):
            traits |= Trait.SYMMETRIC
        return traits

    def exchangeable(self, wire: int) -> bool:
        """Whether a wire and the next one may be exchanged."""
        import numpy as np

        n = self.shape.wires
        order = list(range(1, 2 * n + 1))
        for at in (wire, n + wire):
            order[at], order[at + 1] = order[at + 1], order[at]
        tensor = self.values.reshape(-1, *(2,) * (2 * n))
        return bool(np.abs(tensor - tensor.transpose(0, *order)).max() < _TOLERANCE)

    def frequencies(self, position: int) -> tuple[float, ...]:
        """The frequencies of expectation values in one angle: sums and differences of those of the
        steps, less those that no generic expectation value has."""
        found = {0.0}
        for name, _, own in self.template.steps:
            rows = all_gates()[name].frequencies
            for k, (_, terms) in enumerate(own):
                coef = dict(terms).get(position, 0.0)
                turns = [f * coef * sign for f in rows[k] for sign in (1, -1)] if coef else []
                found |= {round(s + turn, 9) for s in found for turn in turns}
                if len(found) > _MAX_FREQUENCIES:
                    raise unusable(
                        self.shape.name,
                        f"expectation values have more than {_MAX_FREQUENCIES} frequencies in "
                        f"the angle `{self.shape.angle_names[position]}`",
                        "give the parts of the gate angles of their own",
                    )
        return self.present(position, sorted(f for f in found if f > 0))

    def present(self, position: int, candidates: list[float]) -> tuple[float, ...]:
        """The frequencies with a part in a generic expectation value, by least squares."""
        import numpy as np

        if not candidates:
            return ()
        count = 4 * len(candidates) + 8
        moved: list[Any] = [np.full(count, numbers[0]) for numbers in self.angles]
        moved[position] = self.random.uniform(0.0, 8 * np.pi / min(candidates), count)
        states = self.template.on(self.complex(self.size, 2), *moved)
        seen = self.complex(self.size, self.size)
        hermitian = seen + seen.conj().T
        values = np.einsum("bis,ij,bjs->bs", states.conj(), hermitian, states).real
        waves = np.outer(moved[position], candidates)
        columns = np.hstack([np.ones((count, 1)), np.cos(waves), np.sin(waves)])
        parts = np.linalg.lstsq(columns, values, rcond=None)[0]
        size = np.abs(parts[1:]).reshape(2, len(candidates), -1).max(axis=(0, 2))
        keep = size > 1e-7 * np.abs(values).max()
        return tuple([f for f, kept in zip(candidates, keep, strict=True) if kept])

    def complex(self, *shape: int) -> Matrix:
        """Random complex numbers of this shape."""
        return self.random.normal(size=shape) + 1j * self.random.normal(size=shape)
