"""`GradientConfig`: how to differentiate circuits."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from q_store.qir.diagnostics import did_you_mean, error

OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "auto": (),
    "adjoint": (),
    "parameter_shift": (),
    "finite_diff": ("epsilon", "scheme", "order"),
    "spsa": ("epsilon", "samples"),
    "hadamard": (),
    "natural": ("metric", "regularization"),
}
"""Every method with the options it has."""

EXACT: Final = ("adjoint", "parameter_shift", "hadamard")
"""Methods that give the gradient itself wherever expectation values are exact."""

PURE: Final = ("hadamard", "natural")
"""Methods for circuits of gates alone."""

_CHOICES: Final = {
    "scheme": ("central", "forward", "backward"),
    "metric": ("block_diagonal", "full", "diagonal"),
}

_MOST_ORDER: Final = 12
"""Beyond it, coefficients of changing signs lose what the order wins."""


@dataclass(frozen=True, slots=True)
class GradientConfig:
    """How to differentiate; give it to layers and circuit functions as `gradient=`.

    Args:
        method: `adjoint`, `parameter_shift`, `finite_diff`, `spsa`, `hadamard`, `natural`, or
            `auto`: adjoint where values are exact and the backend has it, parameter shift
            otherwise; see docs/gradients.md.
        epsilon: Of `finite_diff` and `spsa`: by how much parameters are moved. Default: for
            `spsa` 0.01 and for `finite_diff` what loses least in the precision of the circuit,
            but 0.1 with shots.
        scheme: Of `finite_diff`: `central` (the default), `forward` or `backward`.
        samples: Of `spsa`: how many random directions are averaged; default 1.
        metric: Of `natural`: `block_diagonal` (the default), `full` or `diagonal`.
        regularization: Of `natural`: what is added to the diagonal of the metric; default 0.001.
        order: Of `finite_diff`: the power of epsilon with which its error falls. Default: 2 for
            `central`, where it is even, and 1 for the others; at most 12.

    Raises:
        QStoreError: `QS640` unusable value, `QS641` an option that the method does not have.
    """

    method: str = "auto"
    epsilon: float | None = None
    scheme: str | None = None
    samples: int | None = None
    metric: str | None = None
    regularization: float | None = None
    order: int | None = None

    def __post_init__(self) -> None:
        if self.method not in OPTIONS:
            raise _unusable("method", _listed(OPTIONS), self.method, tuple(OPTIONS))
        for name, value in self._given().items():
            if name not in OPTIONS[self.method]:
                raise _without_effect(name, self.method)
            _check(name, value)
        if self.order and self.order % 2 and self.scheme in (None, "central"):
            raise _unusable("order", "even for central differences", self.order)

    @classmethod
    def of(cls, gradient: GradientLike) -> GradientConfig:
        """The config of what is taken as `gradient`: a method, a config, or its `to_dict`."""
        if isinstance(gradient, GradientConfig):
            return gradient
        if isinstance(gradient, str):
            return cls(gradient)
        if isinstance(gradient, Mapping):
            known = [field.name for field in fields(cls)]
            for key in gradient:
                if key not in known:
                    suggestion = did_you_mean(str(key), known)
                    raise error("QS640", f"GradientConfig has no option {key!r}", help=suggestion)
            return cls(**gradient)
        raise _unusable("gradient", "a method or a GradientConfig", gradient)

    def to_dict(self) -> dict[str, Any]:
        """The method and the options given; `of` makes the config again."""
        return {"method": self.method, **self._given()}

    @property
    def swept(self) -> bool:
        """Whether a backend's own gradient is meant."""
        return self.method in ("auto", "adjoint")

    @property
    def plain(self) -> str | dict[str, Any]:
        """The method alone where there are no options, else `to_dict`: what JSON can hold."""
        return self.to_dict() if self._given() else self.method

    @property
    def text(self) -> str:
        """One line of JSON; `parse` reads it."""
        return json.dumps(self.plain)

    @classmethod
    def parse(cls, text: str) -> GradientConfig:
        """The config of a `text`."""
        return cls.of(json.loads(text))

    def _given(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: v for name, v in values.items() if name != "method" and v is not None}


GradientLike = str | GradientConfig | Mapping[str, Any]
"""What is given as `gradient`: a method, a config, or its `to_dict`."""


def _check(name: str, value: Any) -> None:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise _unusable(name, _listed(_CHOICES[name]), value, _CHOICES[name])
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name == "samples":
        if not (number and isinstance(value, int) and value >= 1):
            raise _unusable(name, "an integer of at least 1", value)
    elif name == "order":
        if not (number and isinstance(value, int) and 1 <= value <= _MOST_ORDER):
            raise _unusable(name, f"an integer from 1 to {_MOST_ORDER}", value)
    elif name == "epsilon":
        if not (number and math.isfinite(value) and value > 0):
            raise _unusable(name, "a positive number", value)
    elif not (number and math.isfinite(value) and value >= 0):
        raise _unusable(name, "a number from 0 up", value)


def _listed(names: Any) -> str:
    return "one of " + ", ".join(map(repr, names))


def _unusable(name: str, wanted: str, got: object, known: tuple[str, ...] = ()) -> Exception:
    return error(
        "QS640", f"{name} must be {wanted}, got {got!r}", help=did_you_mean(str(got), known)
    )


def _without_effect(name: str, method: str) -> Exception:
    who = [other for other, options in OPTIONS.items() if name in options]
    return error(
        "QS641",
        f"gradient method {method!r} has no option {name!r}",
        help=f"methods that have it: {', '.join(who)}",
    )
