"""`--bind NAME=VALUE`: parameters of an executable from text and files."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.command.numbers import read_numbers
from q_store.frontends.files import read_text, unreadable
from q_store.qir.diagnostics import did_you_mean, error
from q_store.targets.executable import Executable

Vector = NDArray[np.float64]

_ELEMENT: Final = re.compile(r"(.+)\[([0-9,]+)\]\Z")


def bind(executable: Executable, texts: Sequence[str]) -> tuple[Vector, Vector]:
    """The input vector (F,) and the weight vector (P,) from texts such as `w=[0.1,0.2]`.

    Raises `QS711` when parameters are left without a value, `QS712` for one the circuit has not,
    `QS713` for a value that is no finite number or list and `QS714` for one of another shape.
    """
    names = (*executable.input_names, *executable.weight_names)
    given = read_elements(texts, names)
    missing = [name for name in names if name not in given]
    if missing:
        raise _unbound(executable, missing)
    inputs = [given[name] for name in executable.input_names]
    return np.array(inputs), np.array([given[name] for name in executable.weight_names])


def parameter_shapes(names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Shapes of parameters from names of elements: `w[0]` and `w[1]` are `w` of shape (2,)."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name in names:
        if element := _ELEMENT.match(name):
            index = tuple(int(i) + 1 for i in element[2].split(","))
            shapes[element[1]] = tuple(map(max, shapes.get(element[1], index), index))
        else:
            shapes[name] = ()
    return shapes


def _elements(
    name: str, value: Vector, names: Sequence[str], given: dict[str, float]
) -> dict[str, float]:
    """The elements a value stands for: a whole parameter, or one element named as `w[0]`."""
    shapes = parameter_shapes(names)
    if name in names:
        shape: tuple[int, ...] = ()
        elements = [name]
    elif name in shapes:
        shape = shapes[name]
        elements = [f"{name}[{','.join(map(str, index))}]" for index in np.ndindex(shape)]
    else:
        listed = ", ".join(shapes) or "none"
        near = did_you_mean(name, dict.fromkeys((*shapes, *names))) or f"its parameters: {listed}"
        raise error("QS712", f"the circuit has no parameter `{name}`", help=near)
    if value.shape != shape:
        raise error("QS714", f"`{name}` has {_shape(shape)}, got {_shape(value.shape)}")
    if not given.keys().isdisjoint(elements):
        raise error("QS713", f"`{name}` is given twice")
    return dict(zip(elements, value.ravel().tolist(), strict=True))


def _shape(shape: tuple[int, ...]) -> str:
    return f"shape ({', '.join(map(str, shape))})" if shape else "a single number"


def read_elements(texts: Sequence[str], names: Sequence[str]) -> dict[str, float]:
    """Numbers for elements from texts such as `w=[0.1,0.2]` or `w[1]=pi`; `names` are those of all
    elements. Raises `QS712` to `QS714`."""
    given: dict[str, float] = {}
    for text in texts:
        name, value = _split(text)
        given |= _elements(name, read_value(name, value), names, given)
    return given


def read_values(texts: Sequence[str]) -> dict[str, Any]:
    """Numbers and nested lists by name. Raises `QS713`."""
    found: dict[str, Any] = {}
    for name, value in map(_split, texts):
        if name in found:
            raise error("QS713", f"`{name}` is given twice")
        found[name] = read_value(name, value).tolist()
    return found


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise error("QS713", f"--bind {text}: expected NAME=VALUE")
    return name.strip(), value.strip()


def read_value(name: str, text: str) -> Vector:
    """A number, a nested list or the content of a file as an array. Raises `QS713`."""
    try:
        value = np.asarray(_load(text[1:]) if text.startswith("@") else read_numbers(text))
        number = value.dtype.kind in "iuf" or value.size == 0
    except (ValueError, EOFError, RecursionError):
        number = False
    if not number:
        raise error(
            "QS713",
            f"`{name}` cannot be {text[:60]}",
            help="write a number such as 0.3 or pi/2, a list such as [0.1,pi], @FILE.json or "
            "@FILE.npy",
        )
    array = value.astype(np.float64)
    if not np.all(np.isfinite(array)):
        raise error("QS713", f"`{name}` has a value that is not finite")
    return array


def _load(file: str) -> Any:
    if not file.endswith(".npy"):
        return json.loads(read_text(file))
    try:
        return np.load(Path(file), allow_pickle=False)
    except OSError as problem:
        raise unreadable(file, problem) from None


def _unbound(executable: Executable, missing: list[str]) -> Exception:
    """Whole parameters where nothing of them is bound, else the elements that are missing."""
    roles = dict.fromkeys(executable.input_names, "input")
    shapes = parameter_shapes((*executable.input_names, *executable.weight_names))
    notes = []
    for name, shape in shapes.items():
        own = [m for m in missing if m == name or m.startswith(f"{name}[")]
        kind = f"f64[{','.join(map(str, shape))}]" if shape else "f64"
        if own and len(own) == math.prod(shape):
            notes.append(f"{name}: {kind} {roles.get(own[0], 'weight')}")
        else:
            notes += [f"{element} of {name}: {kind}" for element in own]
    first = missing[0].partition("[")[0]
    example = "[…]" if shapes.get(first) else "0.1"
    count = "a parameter has" if len(notes) == 1 else f"{len(notes)} parameters have"
    return error("QS711", f"{count} no value", notes=notes, help=f"--bind {first}={example}")
