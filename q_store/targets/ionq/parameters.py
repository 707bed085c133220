"""Values for the parameters of an executable, and the angles they give, for many rows at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from q_store.qir.diagnostics import counted, did_you_mean, error
from q_store.qir.dialects import Scalar
from q_store.qir.registry import op_def
from q_store.targets.executable import Executable
from q_store.targets.ionq.binding import slot_values

if TYPE_CHECKING:
    Floats = NDArray[np.float64]


def angles_of(executable: Executable, values: object = None) -> Floats:
    """Angles in radians of every gate, shape (B, S), one row for each row of values.

    `values` is `None` for a program without parameters, a mapping from parameters (or elements,
    `x[0]`) to numbers or to B rows of them, a list of B mappings, or an array (B, P) of rows
    [inputs | weights]. Raises `QS730` for parameters without a value, names that are none, shapes
    that do not fit, and angles that are not finite.
    """
    rows = _rows(executable, values)
    derived = len(executable.classical.opcode)
    full = np.concatenate([rows, np.zeros((len(rows), derived))], axis=1)
    _derive(executable, full, rows.shape[1])
    angles = slot_values(executable, full)
    if not np.all(np.isfinite(angles)):
        raise error("QS730", "at these values of the parameters an angle is not finite")
    return angles


def _derive(executable: Executable, full: Floats, first: int) -> None:
    """Fill in the parameters that the classical program computes, in its order."""
    program = executable.classical
    for k, code in enumerate(program.opcode):
        row = op_def(f"f.{program.op_names[code]}")
        assert isinstance(row, Scalar)
        args = [_affine(program, full, r) for r in range(*program.arg_ptr[k : k + 2])]
        with np.errstate(all="ignore"):
            full[:, first + k] = getattr(np, row.numpy)(*args)


def _affine(program: Any, full: Floats, row: int) -> Floats:
    part = slice(*program.indptr[row : row + 2])
    made: Floats = full[:, program.indices[part]] @ program.data[part] + program.const[row]
    return made


def _rows(executable: Executable, values: object) -> Floats:
    names = (*executable.input_names, *executable.weight_names)
    if values is None or isinstance(values, Mapping):
        return _from_mapping(names, values or {})
    if isinstance(values, Sequence) and values and all(isinstance(v, Mapping) for v in values):
        return np.concatenate([_from_mapping(names, row) for row in values])
    try:
        rows = np.atleast_2d(np.asarray(values, np.float64))
    except (TypeError, ValueError):
        raise error("QS730", "values must be a mapping by name, or rows of numbers") from None
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise error(
            "QS730",
            f"values have shape {rows.shape}, expected one column for each of the "
            f"{len(names)} elements of parameters",
        )
    return rows


def _from_mapping(names: tuple[str, ...], values: Mapping[Any, object]) -> Floats:
    """Shape (B, P); B is 1 where no parameter has rows of values, others are the same in each."""
    given: dict[str, Floats] = {}
    longest, most = "", 1
    for name, value in values.items():
        own, rows = _elements(str(name), value, names)
        given |= zip(own, rows.T, strict=True)
        if len(rows) != 1 and most not in (1, len(rows)):
            raise error("QS730", f"`{longest}` has {most} rows of values, `{name}` {len(rows)}")
        if len(rows) != 1:
            longest, most = str(name), len(rows)
    missing = [name for name in names if name not in given]
    if missing:
        shown = ", ".join(f"`{name}`" for name in missing[:6]) + ", …" * (len(missing) > 6)
        first = missing[0].partition("[")[0]
        raise error(
            "QS730",
            f"no value for {shown}",
            help=f"give numbers: values={{{first!r}: 0.1}}, or --bind {first}=0.1",
        )
    made = np.empty((most, len(names)))
    for place, name in enumerate(names):
        made[:, place] = given[name]
    return made


def _elements(name: str, value: object, names: tuple[str, ...]) -> tuple[list[str], Floats]:
    """The elements a value is for, and rows (B, k) of their values.

    Array parameters are known by the names of their elements.
    """
    own = [known for known in names if known == name or known.startswith(f"{name}[")]
    if not own:
        near = did_you_mean(name, names) or f"parameters: {', '.join(names) or 'none'}"
        raise error("QS730", f"the circuit has no parameter `{name}`", help=near)
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise error("QS730", f"the value of `{name}` is no number: {value!r}") from None
    if numbers.size == len(own):
        return own, numbers.reshape(1, -1)
    if numbers.ndim == 0 or numbers.size == 0 or numbers[0].size != len(own):
        wanted = counted(len(own), "value")
        raise error("QS730", f"`{name}` takes {wanted}, or rows of them, got {_got(numbers)}")
    return own, numbers.reshape(len(numbers), -1)


def _got(numbers: Floats) -> str:
    return str(numbers.size) if numbers.ndim < 2 else f"shape {numbers.shape}"
