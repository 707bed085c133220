"""The parameters of a circuit: names, shapes, roles, in order of first appearance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

from q_store.frontends.expr import Expr, Ref
from q_store.qir.diagnostics import QStoreError, did_you_mean, error
from q_store.qir.func import Role

InputParams = str | Sequence[Any]
"""Which parameters are data: a prefix of names, or a list of names or of symbols with a `name`,
those of other libraries included."""

_DATA: Final = re.compile(r"(x|in|inputs?|data|features?)_?\d*\Z")
_NUMBERED: Final = re.compile(r"(.*?)(\d+)\Z")


class Parameter(NamedTuple):
    """One parameter of a circuit."""

    name: str
    shape: tuple[int, ...]
    """`()` for a scalar."""
    fixed: bool = False
    """Whether the shape was declared; else it is the smallest that holds what was used."""
    role: Role | None = None
    """Where it was declared."""

    def with_ref(self, ref: Ref) -> Parameter:
        """The parameter after one more use. Raises `QS314` or `QS315`."""
        if len(ref.indices) != len(self.shape):
            raise error(
                "QS314",
                f"`{self.name}` is used as {_kind(len(ref.indices))} in `{ref!r}`, and elsewhere "
                f"as {_kind(len(self.shape))}",
                help="give the two different names",
            )
        if ref.shape is not None and (ref.shape != self.shape or not self.fixed):
            return self.declared(ref.shape)
        if all(i < extent for i, extent in zip(ref.indices, self.shape, strict=True)):
            return self
        if self.fixed:
            raise error("QS315", f"`{ref!r}` is out of range: `{self.name}` has shape {self.shape}")
        grown = tuple([max(i + 1, n) for i, n in zip(ref.indices, self.shape, strict=True)])
        return self._replace(shape=grown)

    def declared(self, shape: tuple[int, ...]) -> Parameter:
        """The parameter with its shape known. Raises `QS314` when that contradicts its uses."""
        fits = len(shape) == len(self.shape) and all(
            used <= extent for used, extent in zip(self.shape, shape, strict=True)
        )
        if not fits or (self.fixed and shape != self.shape):
            raise error(
                "QS314",
                f"`{self.name}` has shape {shape} in one place and {self.shape} in another",
                help="give the two different names",
            )
        return self._replace(shape=shape, fixed=True)


def _kind(dimensions: int) -> str:
    return ("a scalar", "a vector", "a matrix")[dimensions] if dimensions < 3 else "an array"


class ParameterTable:
    """Parameters by name. Every change either succeeds or leaves the table as it was."""

    def __init__(self, entries: Iterable[Parameter] = ()) -> None:
        self._entries: dict[str, Parameter] = {entry.name: entry for entry in entries}

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._entries.values())

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, name: str) -> Parameter:
        return self._entries[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def copy(self) -> ParameterTable:
        return ParameterTable(self)

    def note(self, angles: Iterable[Expr | float]) -> None:
        """Add everything these angles depend on."""
        updates: dict[str, Parameter] = {}
        for angle in angles:
            if isinstance(angle, Expr):
                for ref in angle.refs():
                    known = updates.get(ref.name) or self._entries.get(ref.name)
                    updates[ref.name] = known.with_ref(ref) if known else _first(ref)
        self._entries.update(updates)

    def declare(self, name: str, shape: tuple[int, ...], role: Role | None = None) -> None:
        """Fix the shape, and the role if given, of a parameter that is used already or will be."""
        known = self._entries.get(name) or Parameter(name, shape, True)
        self._entries[name] = known.declared(shape)._replace(role=role or known.role)

    def merge(self, other: ParameterTable) -> None:
        """Add the parameters of another circuit. Raises `QS314` where the two disagree."""
        updates = {}
        for entry in other:
            known = self._entries.get(entry.name)
            updates[entry.name] = _merged(known, entry) if known else entry
        self._entries.update(updates)


def _first(ref: Ref) -> Parameter:
    if ref.shape is not None:
        return Parameter(ref.name, ref.shape, fixed=True)
    return Parameter(ref.name, tuple([i + 1 for i in ref.indices]))


def _merged(known: Parameter, new: Parameter) -> Parameter:
    if new.fixed:
        return known.declared(new.shape)
    last = Ref(new.name, tuple([extent - 1 for extent in new.shape]))
    return known.with_ref(last)


def with_roles(
    parameters: Sequence[Parameter], input_params: InputParams | None
) -> list[Parameter]:
    """The parameters with roles, in order.

    `input_params` names the data, all else are weights. With `None`, roles given at declaration
    stay, and names such as `x`, `x3`, `in_0`, `inputs`, `data`, `feature2` are data. Scalars of
    data are put in the order listed, or of their numbers (`x10` after `x9`), in the places data had
    before. Raises `QS338` when `input_params` names nothing that is there.
    """
    data = _data_names(parameters, input_params)
    roles: list[Parameter] = []
    for entry in parameters:
        role: Role = "input" if entry.name in data else "weight"
        if input_params is None and entry.role:
            role = entry.role
        roles.append(entry._replace(role=role))
    scalars = [entry for entry in roles if entry.role == "input" and not entry.shape]
    by_number = isinstance(input_params, str | None)
    scalars.sort(key=lambda e: _number(e.name) if by_number else data.index(e.name))
    ordered = iter(scalars)
    return [
        next(ordered) if entry.role == "input" and not entry.shape else entry for entry in roles
    ]


def _data_names(parameters: Sequence[Parameter], input_params: InputParams | None) -> list[str]:
    names = [entry.name for entry in parameters]
    if input_params is None:
        return [name for name in names if _DATA.match(name)]
    if isinstance(input_params, str):
        found = [name for name in names if name.startswith(input_params)]
        if not found:
            raise _no_parameter(input_params, names)
        return found
    if not isinstance(input_params, Sequence):
        input_params = [input_params]  # A vector of symbols, such as Qiskit's.
    listed = list(map(_listed_name, input_params))
    shapes = {entry.name: entry.shape for entry in parameters}
    owners = {name: name if name in shapes else _array_of(name, shapes) for name in listed}
    for name in dict.fromkeys(owners.values()):
        _check_whole(name, shapes[name], [part for part in owners if owners[part] == name])
    return list(dict.fromkeys(owners.values()))


def _listed_name(item: object) -> str:
    name = str(item) if isinstance(item, Expr) else getattr(item, "name", item)
    if not isinstance(name, str):
        raise error(
            "QS338", f"`input_params` must be a prefix of names, names or symbols, got {item!r}"
        )
    return name


def _array_of(element: str, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """The array a name such as `x[0]` is an element of. Raises `QS338`."""
    root = element.partition("[")[0]
    if not shapes.get(root):
        raise _no_parameter(element, list(shapes))
    return root


def _check_whole(name: str, shape: tuple[int, ...], parts: Sequence[str]) -> None:
    """Raises `QS338` for elements that are not there, or are not all that are there."""
    if name in parts:
        return
    elements = {repr(Ref(name, index)) for index in product(*map(range, shape))}
    for part in parts:
        if part not in elements:
            raise _no_parameter(part, [name])
    if len(parts) < len(elements):
        raise error(
            "QS338",
            f"`input_params` names {len(parts)} of the {len(elements)} elements of `{name}`",
            help=f"an array is data or weights as a whole: name `{name}`, or use two",
        )


def _no_parameter(name: str, names: Sequence[str]) -> QStoreError:
    return error(
        "QS338",
        f"`input_params` names {name!r}, which is no parameter of the circuit",
        notes=[f"parameters: {', '.join(names) or 'none'}"],
        help=did_you_mean(name, names),
    )


def _number(name: str) -> int:
    match = _NUMBERED.match(name)
    return int(match[2]) if match else -1
